"""Where the processes of a cloud meet: HTTP, messages, databases.

Interface: `Surroundings`, what a deployment asks for on behalf of each process; `OneProcess` keeps all three in this
process: no socket, no queue server, SQLite.
Invariants: a process reaches another one only through what it is given here.
Upstream: keystoneauth1's sessions, oslo.messaging's `get_transport`, oslo.db's enginefacade, each by a process's own
configuration file.
"""

from __future__ import annotations

from typing import Protocol

from requests.adapters import BaseAdapter

from oslearn.core.config import Config
from oslearn.core.oslo.adapter import Router, WSGITransport
from oslearn.core.oslo.bus import Bus
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.db import Database


class Surroundings(Protocol):
    """What a process is surrounded by. Another implementation reaches other processes and machines."""

    router: Router
    """The applications that are mounted in this process."""

    def transport(self, process: str) -> BaseAdapter:
        """How the process reaches the APIs."""

    def bus(self, process: str) -> Bus:
        """What carries its messages."""

    def database(self, name: str, process: str) -> Database:
        """The database `name`, as the process reaches it. Asked again, the same one."""


class OneProcess:
    """Everything in this process: all processes share one bus, one port, and one database a name."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config, self.router, self._bus = config, Router(), Bus(clock)
        self._databases: dict[str, Database] = {}

    def transport(self, process: str) -> BaseAdapter:
        """A call of the application that serves the path."""
        return WSGITransport(self.router)

    def bus(self, process: str) -> Bus:
        """The queues of this process."""
        return self._bus

    def database(self, name: str, process: str) -> Database:
        """In memory, or in a file, or where the configuration says."""
        if name not in self._databases:
            url, file = self.config.database_url(name), self.config.database_file(name)
            self._databases[name] = Database(f"{name}-db", url, file)
        return self._databases[name]
