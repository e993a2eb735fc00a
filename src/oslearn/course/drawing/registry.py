"""The register of services: what each is, what it provides to which.

Interface: `load()` reads `services.toml` beside it. The drawing, the pages and the tests read this one list.
Invariants: keys are unique; what is provided goes to a service in the register or to the instance.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from oslearn.core.oslo.context import Body

INSTANCE = "instance"


@dataclass(frozen=True)
class Provides:
    """One thing that a service gives, and to which."""

    to: str
    what: str


@dataclass(frozen=True)
class Service:
    """One service or client. `type` is that of the catalog; a client has none. `queue`: its processes talk over it.

    `roles` says of each process what it does; `brief` is `what` where there is little room.
    """

    key: str
    name: str
    project: str
    what: str
    place: str
    brief: str = ""
    type: str = ""
    queue: bool = False
    processes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    provides: tuple[Provides, ...] = ()


def load(path: Path | None = None) -> list[Service]:
    """The services in the file's order. Raises ValueError on a key twice or a receiver that nobody knows."""
    path = path or Path(__file__).with_name("services.toml")
    services = [_service(entry) for entry in tomllib.loads(path.read_text("utf-8"))["service"]]
    keys = [service.key for service in services]
    if len(set(keys)) < len(keys):
        raise ValueError(f"{path.name} has a key twice: {keys}")
    for service in services:
        for given in service.provides:
            if given.to not in (*keys, INSTANCE):
                raise ValueError(f"{path.name}: {service.key} provides {given.what!r} to unknown {given.to!r}")
    return services


def _service(entry: Body) -> Service:
    provides = tuple(Provides(**given) for given in entry.get("provides", ()))
    lists = {name: tuple(entry.get(name, ())) for name in ("processes", "roles")}
    return Service(**{**entry, **lists, "provides": provides})
