"""A whole cloud apart on this machine: its servers, its tables, its processes, and who answers its owner.

Interface: `Wanted`; `Up(folder, wanted, clouds_yaml, stack)`: `prepare(say)`, `start(say)`, `run()`; what was started
is ended by the stack.
Invariants: the folder is for its owner only, and two cannot use it at a time.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from oslearn.apart import servers
from oslearn.apart.collector import Collector
from oslearn.apart.desk import Desk
from oslearn.apart.fleet import Fleet
from oslearn.apart.local import HOST, free_port
from oslearn.apart.settings import TEMPLATE, Settings, read, write
from oslearn.apart.sync import sync
from oslearn.cloud import Connection
from oslearn.core.keystone.bootstrap import SERVICE_USERS
from oslearn.core.oslo.clock import Ids
from oslearn.course.fill import furnish
from oslearn.deploy.processes import PORTS, PROGRAMS, nodes, units
from oslearn.port import settings as clouds
from oslearn.port.folder import held
from oslearn.port.listen import listen
from oslearn.port.panel import Panel
from oslearn.port.welcome import answer, refusal

SETTINGS = "cloud.json"
OWN: dict[str, type[servers.Server]] = {"postgresql": servers.PostgreSQL, "mariadb": servers.MariaDB}


@dataclass(frozen=True)
class Wanted:
    """What a cloud is to be made of. `bus` is a URL, or empty; `database` is one with `{database}` in it, or a kind of
    server, to be started here; `addresses` are those of nodes that are not this machine.
    """

    computes: int = 3
    bus: str = ""
    database: str = "postgresql"
    addresses: Mapping[str, str] = field(default_factory=dict)


class Up:
    """What was started is ended by the stack."""

    def __init__(self, folder: Path, wanted: Wanted, clouds_yaml: Path, stack: ExitStack) -> None:
        """Raises ValueError for a database or a node that there is not, FolderError if another one has the folder."""
        if wanted.database not in OWN and TEMPLATE not in wanted.database:
            raise ValueError(f"--database is {', '.join(OWN)} or a URL with {TEMPLATE} in it")
        if unknown := wanted.addresses.keys() - {*nodes(wanted.computes)}:
            raise ValueError(f"there is no node {', '.join(sorted(unknown))}: {', '.join(nodes(wanted.computes))}")
        self.folder, self.wanted, self.clouds_yaml, self.stack = folder.resolve(), wanted, clouds_yaml, stack
        self._servers = list[servers.Server]()
        clouds.writable(clouds_yaml)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        if (lock := held(self.folder)) is not None:
            stack.callback(os.close, lock)

    def prepare(self, say: Callable[[str], object]) -> None:
        """Servers, tables, settings, clouds.yaml: what there has to be before a process starts.

        Raises NotInstalledError, StartError, SQLAlchemyError, OSError.
        """
        kind = OWN.get(self.wanted.database)
        own: list[servers.Server] = [] if self.wanted.bus else [servers.RabbitMQ(self.folder)]
        own += [kind(self.folder)] if kind else []
        for server in own:
            say(f"Starting {server.program} in {server.folder}")
            self._servers.append(server)
            self.stack.callback(server.stop)
        with ThreadPoolExecutor() as pool:
            urls = [*pool.map(lambda server: server.start(), own)]
        bus = next((url for url in urls if url.startswith("amqp")), self.wanted.bus)
        database = next((url for url in urls if TEMPLATE in url), self.wanted.database)
        self.settings = self._settings(bus, database)
        sync(self.settings)
        write(self.folder / SETTINGS, self.settings)
        self._tell("", "")

    def start(self, say: Callable[[str], object]) -> None:
        """All processes, and the owner's port. Raises ChildProcessError, TimeoutError, OSError."""
        self.fleet = Fleet(self.folder, self.settings, units(self.wanted.computes), self._servers)
        self.stack.callback(self.fleet.close)
        say(f"Starting {len(self.fleet.children)} processes")
        self.fleet.start_all()
        self._furnish()
        collector = Collector(self.settings.bus)
        self.stack.callback(collector.close)
        key = secrets.token_urlsafe(16)
        self._server = listen(front(Panel(Desk(self.fleet, collector), key)), 0)
        self.stack.callback(self._server.close)
        self._tell(f"http://{HOST}:{self._server.effective_port}", key)

    def _furnish(self) -> None:
        """What a course begins with: an image, and a network to the world."""
        config = self.settings.config()
        auth = Password(
            f"{config.endpoint('identity')}/v3", username="admin", password=self.settings.passwords["admin"],
            project_name="admin", user_domain_name="Default", project_domain_name="Default",
        )  # fmt: skip
        furnish(Connection(Session(auth), config))

    def _tell(self, panel: str, key: str) -> None:
        """Write clouds.yaml; without a panel nobody answers `oslearn`, but the client finds the cloud."""
        url = self.settings.endpoints["identity"].removesuffix("/identity")
        content = clouds.content(url, self.settings.config().region, self.settings.passwords, key)
        content["oslearn"]["url"] = panel or url
        clouds.write(self.clouds_yaml, content)

    def _settings(self, bus: str, database: str) -> Settings:
        """Those of an earlier start, with the addresses of this one."""
        where = {program.api: self.wanted.addresses.get(program.node, HOST) for program in PROGRAMS if program.api}
        ports = {api: chosen(port) if where[api] == HOST else port for api, port in PORTS.items()}
        endpoints = {api: f"http://{where[api]}:{port}/{api}" for api, port in ports.items()}
        ids = Ids()
        passwords = {user: ids.password(20) for user in ("admin", "demo", *SERVICE_USERS)}
        if (self.folder / SETTINGS).exists():
            passwords |= read(self.folder / SETTINGS).passwords
        options = {"hosts": self.wanted.computes, "image_dir": f"{self.folder}/images",
                   "object_dir": f"{self.folder}/objects"}  # fmt: skip
        return Settings(bus, database, endpoints, passwords, secrets.token_urlsafe(24), options)

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


def chosen(port: int) -> int:
    """A port if it is free, else another one."""
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, port))
        except OSError:
            return free_port()
    return port
