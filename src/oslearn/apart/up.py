"""A whole cloud apart on this machine: its servers, its tables, its processes, and who answers its owner.

Interface: `Up(folder, computes, bus, database, clouds_yaml, stack)`: `start(say)`, `table()`, `run()`; what was started
is ended by the stack.
Invariants: the folder is for its owner only, and two cannot use it at a time.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslearn.apart import servers
from oslearn.apart.collector import Collector
from oslearn.apart.desk import Desk
from oslearn.apart.fleet import Fleet
from oslearn.apart.settings import TEMPLATE, Settings, read, write
from oslearn.apart.sync import sync
from oslearn.core.keystone.bootstrap import SERVICE_USERS
from oslearn.core.oslo.clock import Ids
from oslearn.deploy.processes import PORTS
from oslearn.port import settings as clouds
from oslearn.port.listen import listen
from oslearn.port.panel import Panel
from oslearn.port.welcome import answer, refusal

SETTINGS = "cloud.json"
HOST = "127.0.0.1"
OWN: dict[str, type[servers.Server]] = {"postgresql": servers.PostgreSQL, "mariadb": servers.MariaDB}


class Up:
    """`bus` and `database` are URLs, or say which server is to be started."""

    def __init__(
        self, folder: Path, computes: int, bus: str | None, database: str, clouds_yaml: Path, stack: ExitStack
    ) -> None:
        """Raises ValueError for a database that is neither, OSError if another one has the folder."""
        if database not in OWN and TEMPLATE not in database:
            raise ValueError(f"--database is {', '.join(OWN)} or a URL with {TEMPLATE} in it, not {database}")
        self.folder, self.computes, self.clouds_yaml, self.stack = folder.resolve(), computes, clouds_yaml, stack
        self.bus, self.database, self._servers = bus, database, list[servers.Server]()
        clouds.writable(clouds_yaml)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        stack.callback(os.close, held(self.folder))

    def start(self, say: Callable[[str], object]) -> None:
        """Start all. Raises NotInstalledError, StartError, ChildProcessError, TimeoutError, OSError."""
        bus = self.bus or self._own(servers.RabbitMQ(self.folder), say)
        kind = OWN.get(self.database)
        database = self._own(kind(self.folder), say) if kind else self.database
        settings = self._settings(bus, database)
        sync(settings)
        write(self.folder / SETTINGS, settings)
        self.fleet = Fleet(self.folder, settings, self.computes, self._servers)
        self.stack.callback(self.fleet.close)
        collector = Collector(bus)
        self.stack.callback(collector.close)
        say(f"Starting {len(self.fleet.children)} processes")
        self.fleet.start_all()
        key = secrets.token_urlsafe(16)
        self._server = listen(front(Panel(Desk(self.fleet, collector), key)), 0)
        self.stack.callback(self._server.close)
        url = settings.endpoints["identity"].removesuffix("/identity")
        content = clouds.content(url, settings.config().region, settings.passwords, key)
        content["oslearn"]["url"] = f"http://{HOST}:{self._server.effective_port}"
        clouds.write(self.clouds_yaml, content)

    def _own(self, server: servers.Server, say: Callable[[str], object]) -> str:
        say(f"Starting {server.program} in {server.folder}")
        self._servers.append(server)
        self.stack.callback(server.stop)
        return server.start()

    def _settings(self, bus: str, database: str) -> Settings:
        """Those of an earlier start, with the addresses of this one."""
        endpoints = {api: f"http://{HOST}:{chosen(port)}/{api}" for api, port in PORTS.items()}
        ids = Ids()
        passwords = {user: ids.password(20) for user in ("admin", "demo", *SERVICE_USERS)}
        if (self.folder / SETTINGS).exists():
            passwords |= read(self.folder / SETTINGS).passwords
        options = {"hosts": self.computes, "image_dir": f"{self.folder}/images", "object_dir": f"{self.folder}/objects"}
        return Settings(bus, database, endpoints, passwords, secrets.token_urlsafe(24), options)

    def table(self) -> str:
        """What runs: process, node, address, process id, state."""
        rows = [("process", "node", "address", "pid", "state")]
        for child in self.fleet.children:
            endpoint = self.fleet.settings.endpoints.get(child.program.api, "")
            pid = str(child.running.pid) if child.running else ""
            rows.append((child.program.name, child.node, endpoint, pid, "up" if child.up else "stopped"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def run(self) -> None:
        """Answer the owner until interrupted."""
        self._server.run()


def front(panel: WSGIApplication) -> WSGIApplication:
    """The owner's port: only by a name of this machine."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if why := refusal(environ, ()):
            return answer(environ, start_response, 403, {"message": why})
        return panel(environ, start_response)

    return app


def held(folder: Path) -> int:
    """Keep the folder for this process until it ends, however it ends. Raises OSError."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise OSError(f"{folder} is in use by another `oslearn up`") from None
    return lock


def chosen(port: int) -> int:
    """A port if it is free, else another one."""
    with socket.socket() as made:
        try:
            made.bind((HOST, port))
        except OSError:
            return servers.free_port()
    return port
