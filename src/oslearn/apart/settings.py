"""What every process of a cloud apart reads at its start: where the others are, and the passwords.

Interface: `Settings`; `write(path, settings)`, `read(path)`; `Settings.config()`.
Invariants: only the owner can read the file; no password stands in a command line or in the environment, unless
its owner gives one there (`up --bus`).
Upstream: /etc/nova/nova.conf and its like, one a service.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from oslearn.core.config import Config
from oslearn.port.settings import private

NAMES = ("keystone", "glance", "placement", "neutron", "cinder", "swift", "trove", "nova_api", "nova_cell0",
         "nova_cell1", "nova")  # fmt: skip
"""The databases of a cloud, as a server names them."""
PERIODIC_INTERVAL = 20
"""Seconds between two looks at what a killed process left half done; upstream's tasks run each 60 or more."""
TEMPLATE = "{database}"
"""What of a database server's URL stands for a database's name."""


@dataclass(frozen=True)
class Settings:
    """`bus` and `database` are URLs, the latter with `{database}` in it; `endpoints` are the root URLs of APIs by their
    paths; `passwords` those of people and services; `trace_key` signs who caused a request; `options` is what of
    `Config` is not its default.
    """

    bus: str
    database: str
    endpoints: dict[str, str]
    passwords: dict[str, str]
    trace_key: str
    options: dict[str, Any] = field(default_factory=dict)

    def config(self) -> Config:
        """The configuration of each process."""
        databases = {name: self.database.replace(TEMPLATE, name) for name in NAMES}
        chosen: dict[str, Any] = {"network_host": "network", "periodic_interval": PERIODIC_INTERVAL} | self.options
        return Config(endpoints=self.endpoints, databases=databases, **chosen)


def write(path: Path, settings: Settings) -> None:
    """Write the file in the place of an earlier one. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    private(new, json.dumps(asdict(settings), indent=2) + "\n")
    new.replace(path)


def read(path: Path) -> Settings:
    """Raises OSError, ValueError for a file that is not whole."""
    try:
        return Settings(**json.loads(path.read_text("utf-8")))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is not what `oslearn up` writes: {error}") from None
