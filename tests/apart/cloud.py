"""A cloud apart for tests: `oslearn up` in a folder, its clients, and how one kills what it consists of.

Interface: `Apart(folder, database)`: `admin`, `demo`; `names()`, `kill(name)`, `start(name)`, `close()`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from keystoneauth1.adapter import Adapter
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from oslearn.port import settings
from oslearn.port.owner import Owner

PATHS = {"compute": ("compute", "/v2.1"), "image": ("image", "/v2"), "network": ("networking", "/v2.0"),
         "volume": ("volume", "/v3"), "placement": ("placement", ""), "object_store": ("object-store", "/v1"),
         "identity": ("identity", "/v3")}  # fmt: skip
COMMAND = "oslearn up --nodes 2"
PATIENCE = 120
"""Seconds for a start."""


class User:
    """A client's connection: each API at its own port."""

    def __init__(self, clouds: settings.Settings, endpoints: dict[str, str], name: str) -> None:
        self.session = Session(Password(**clouds["clouds"][f"oslearn-{name}"]["auth"]))
        self.project_id = str(self.session.get_project_id())
        for kind, (api, version) in PATHS.items():
            setattr(self, kind, Adapter(self.session, kind, endpoint_override=endpoints[api] + version))

    compute: Adapter
    image: Adapter
    network: Adapter
    volume: Adapter
    placement: Adapter
    object_store: Adapter
    identity: Adapter


class Apart:
    """Raises RuntimeError if it does not start."""

    def __init__(self, folder: Path, database: str) -> None:
        self.database = database
        self.folder, self.data, clouds = folder, folder / "oslearn-apart", folder / "clouds.yaml"
        words = ["-m", *COMMAND.split(), *(["--database", database] if database != "postgresql" else [])]
        with (folder / "up.log").open("wb") as log:
            self.process = subprocess.Popen([sys.executable, *words], cwd=folder, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while "Ready" not in (said := (folder / "up.log").read_text()):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(said)
            time.sleep(0.1)
        self.ready = said
        written = json.loads((self.data / "cloud.json").read_text())
        self.bus, endpoints = written["bus"], written["endpoints"]
        known = settings.read(clouds)
        self.owner = Owner(clouds)
        self.admin, self.demo = User(known, endpoints, "admin"), User(known, endpoints, "demo")

    def names(self) -> list[str]:
        """What runs."""
        return [process.name for process in self.owner.processes() if process.up]

    def kill(self, name: str) -> None:
        """SIGKILL, with all that it has started; returns when it is gone."""
        for pid in self.pids(name):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            while Path(f"/proc/{pid}").exists() and "Z" not in state(pid):
                time.sleep(0.01)

    def pids(self, name: str) -> list[int]:
        """The leaders of the sessions of a process, or of a server."""
        files = [self.data / name / "server.pid", *self.data.glob(f"{name}@*.pid"), self.data / f"{name}.pid"]
        return [int(file.read_text()) for file in files if file.exists()]

    def start(self, name: str) -> None:
        """As the owner does."""
        self.owner.start(name)

    def close(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def state(pid: int) -> str:
    """What the system says of a process, in a letter; of none that it is a corpse."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"
