"""The register of what runs where: `processes.toml`, as data.

Interface: `Program`; `PROGRAMS`, in the order of their start; `nodes(computes)` are the names of a cloud's nodes,
`on(node)` is what runs on one, `units(computes)`
is all of both; `place(url)`, `address(url)` are of an API's URL.
Upstream: the tables of the installation guides (https://docs.openstack.org/install-guide/).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

KINDS = ("controller", "network", "storage", "compute")
"""The kinds of nodes; of the last there are several, with a number behind the name."""


@dataclass(frozen=True)
class Program:
    """A process of a cloud, the kind of its node, and its API if it has one."""

    name: str
    node: str
    api: str = ""
    port: int = 0

    @property
    def service(self) -> str:
        """Whose process it is: also its module in this room, and its exchange on the bus."""
        return self.name.partition("-")[0]


PROGRAMS = [Program(**one) for one in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["process"]]
PORTS = {program.api: program.port for program in PROGRAMS if program.api}
"""The usual port of each API, by its path."""


def nodes(computes: int) -> list[str]:
    """The nodes of a cloud with so many compute hosts.

    >>> nodes(2)
    ['controller', 'network', 'storage', 'compute1', 'compute2']
    """
    return [*KINDS[:-1], *(f"compute{number}" for number in range(1, computes + 1))]


def units(computes: int) -> list[tuple[Program, str]]:
    """Every process of such a cloud with its node; Keystone first, which each other one asks.

    >>> units(1)[0][0].name, len(units(1)), len(units(3))
    ('keystone', 21, 25)
    """
    return [(program, node) for node in nodes(computes) for program in on(node)]


def place(url: str) -> str:
    """The first part of the path: which API it is.

    >>> place("http://127.0.0.1:9292/image/v2/images"), place("/image")
    ('image', 'image')
    """
    return urlsplit(url).path.lstrip("/").partition("/")[0]


def address(url: str) -> tuple[str, int]:
    """The host and the port of an API.

    >>> address("http://127.0.0.1:9292/image")
    ('127.0.0.1', 9292)
    """
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


def on(node: str) -> list[Program]:
    """What runs on a node. Raises LookupError for a node of no kind.

    >>> [program.name for program in on("compute1")]
    ['nova-compute', 'neutron-openvswitch-agent']
    """
    kind = node.rstrip("0123456789") if node.startswith("compute") else node
    if kind not in KINDS or (kind == "compute") != (node != kind):
        raise LookupError(f"{node} is no node: one is {', '.join(KINDS[:-1])}, compute1, compute2 and so on")
    return [program for program in PROGRAMS if program.node == kind]
