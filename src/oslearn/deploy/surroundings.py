"""Where the processes of a cloud meet: HTTP, messages, databases.

Interface: `Surroundings`, what a deployment asks for on behalf of each process.
Invariants: a process reaches another one only through what it is given here.
Upstream: keystoneauth1's sessions, oslo.messaging's `get_transport`, oslo.db's enginefacade, each by a process's own
configuration file.
"""

from __future__ import annotations

from requests.adapters import BaseAdapter

from oslearn.core.config import Config
from oslearn.core.oslo.adapter import Router, WSGITransport
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.db import Database
from oslearn.core.oslo.messaging import Bus
from oslearn.extensions.oslo.database import open_database


class Surroundings:
    """All processes are in this one, without a socket or a queue server, and share one bus and one port.

    Who starts processes of their own overrides how each is reached.
    """

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config, self.router, self._bus = config, Router(), Bus(clock)
        self._databases: dict[str, Database] = {}

    def transport(self, process: str) -> BaseAdapter:
        """How the process reaches the APIs: by a call of the application that serves the path."""
        return WSGITransport(self.router)

    def bus(self, process: str) -> Bus:
        """What carries its messages."""
        return self._bus

    def database(self, name: str, process: str) -> Database:
        """The database `name`, as the process reaches it. Asked again, the same one."""
        if name not in self._databases:
            self._databases[name] = open_database(name, self.config)
        return self._databases[name]
