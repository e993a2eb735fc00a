"""One process of a cloud apart.

Interface: `Part(settings, program, node)`: `serve()` returns when it is ready, `run()` ends with the process.
Invariants: it has the databases of its service only, and nova-compute has none; what the one before it left half done
is settled before it serves; it is ready when it consumes its queues and its port answers.
Upstream: nova/cmd/*.py and its like, oslo.service.
"""

from __future__ import annotations

import importlib
import os
import socket
import threading
from contextlib import suppress
from functools import cached_property, partial

from requests.adapters import BaseAdapter

from oslearn.apart.amqp import AmqpBus
from oslearn.apart.settings import Settings
from oslearn.apart.wire import Wire, answered
from oslearn.core.config import Config
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.db import Database
from oslearn.core.oslo.messaging import Bus
from oslearn.deploy.base import Deployment, Surroundings
from oslearn.deploy.processes import Program
from oslearn.extensions.oslo.database import ServedDatabase
from oslearn.port.door import door
from oslearn.port.listen import Listening, listen

PATIENCE = 60
"""Seconds that a process waits for another one that it needs at its start."""
THREADS = 12
"""Requests that an API answers at a time; each may hold a connection to the database."""
IDENTITY = "identity"
NEEDS = {"nova-compute": ("placement",)}
"""Whom a process asks at its start, besides Keystone."""


class Apart(Surroundings):
    """Each process has its own connection to the broker and to the database server; APIs are reached over sockets."""

    def __init__(self, config: Config, clock: Clock, *, url: str, exchange: str, node: str) -> None:
        super().__init__(config, clock)
        self._bus = AmqpBus(url, clock, exchange, node)
        self.wire = Wire()

    def transport(self, process: str) -> BaseAdapter:
        """By a socket."""
        return self.wire

    def bus(self, process: str) -> Bus:
        """The broker's."""
        return self._bus

    def database(self, name: str, process: str) -> Database:
        """A server's database; `oslearn up` has made its tables."""
        if name not in self._databases:
            self._databases[name] = ServedDatabase(f"{name}-db", self.config.databases[name])
        return self._databases[name]


class Part(Deployment):
    """What one process has of a cloud."""

    def __init__(self, settings: Settings, program: Program, node: str) -> None:
        surroundings = partial(Apart, url=settings.bus, exchange=program.service, node=node)
        super().__init__(settings.config(), trace=False, passwords=settings.passwords, surroundings=surroundings)
        self.program, self.host = program, node
        self._stopped, self.server = threading.Event(), None

    server: Listening | None

    @cached_property
    def service_project(self) -> str:  # type: ignore[override]
        """The id of the project `service`, which Keystone tells."""
        return str(self.session(self.program.name, self.program.service).get_project_id())

    def serve(self) -> None:
        """Begin. Raises TimeoutError if another process that it needs does not answer."""
        program = self.program
        for api in (() if program.name == "keystone" else (IDENTITY,)) + NEEDS.get(program.name, ()):
            if not answered(self.config.endpoint(api), PATIENCE):
                raise TimeoutError(f"{program.name} needs {api}, which does not answer at {self.config.endpoint(api)}")
        service = importlib.import_module(f"oslearn.deploy.{program.service}")
        service.PROCESSES[program.name](self)
        self.init_host()
        if program.api:
            self._serve()
        threading.Thread(target=self._periodic, name="periodic", daemon=True).start()
        notify(f"READY=1\nX_PROCESS={program.name}@{self.host}")

    def _serve(self) -> None:
        port = int(self.config.endpoint(self.program.api).rpartition(":")[2].partition("/")[0])
        self.server = listen(door(self), port, threads=THREADS)
        threading.Thread(target=self.server.run, name="http", daemon=True).start()

    def _periodic(self) -> None:
        """As oslo.service does: the tasks of the process, each so many seconds."""
        while not self._stopped.wait(self.config.periodic_interval):
            self.run_periodic_tasks()

    def run(self) -> None:
        """Until it is stopped."""
        self._stopped.wait()

    def stopped(self) -> None:
        """Have `run` return."""
        self._stopped.set()

    def close(self) -> None:
        """Answer what was asked and end what is begun."""
        if self.server:
            self.server.close()
        bus = self.surroundings.bus(self.program.name)
        assert isinstance(bus, AmqpBus)
        bus.close()


def notify(text: str) -> None:
    """Tell who started this process, if it asked for it: systemd's protocol (sd_notify)."""
    place = os.environ.get("NOTIFY_SOCKET")
    if place:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.sendto(text.encode(), f"\0{place[1:]}" if place.startswith("@") else place)
