"""The composition root. It reads from top to bottom like a boot order; `oslearn.deploy` has a module a service.

Interface: `Cloud`, a whole cloud in one process; `Cloud.connect(user)` gives a client's connection.
Invariants: a process is handed only what it may touch: nova-compute has no database; without a trace nothing is
wrapped; `Cloud(seed=7)` twice does the same, byte for byte.
"""

from __future__ import annotations

from typing import Any

from keystoneauth1.adapter import Adapter
from keystoneauth1.session import Session

from oslearn.core.config import Config
from oslearn.deploy import cinder, glance, keystone, neutron, nova, placement, swift, trove
from oslearn.deploy.base import Deployment

PATHS = {"identity": "identity/v3", "image": "image/v2", "placement": "placement", "network": "networking/v2.0",
         "compute": "compute/v2.1", "volume": "volume/v3", "object_store": "object-store/v1",
         "database": "database/v1.0"}  # fmt: skip
"""Where each API answers, below the one port, with its version."""


class Cloud(Deployment):
    """Every service in one process, with no thread and no socket.

    `seed` makes ids and time repeat; `trace=False` wraps nothing; `probes` are put around the seams as well;
    `passwords` by user name stand in for generated ones; `extensions=False` is the core alone, which boots a server on
    the databases of a whole cloud, and can do little else.
    Attributes: those of `Deployment`, and `hypervisors` by host.
    """

    def __init__(self, config: Config | None = None, **options: Any) -> None:
        super().__init__(config, **options)
        self.service_project = keystone.start(self)
        glance.start(self)
        neutron.start(self)
        cinder.start(self)
        if self.extended:
            swift.start(self)
        placement.start(self)
        self.hypervisors = nova.start(self, self.service_project)
        if self.extended:
            trove.start(self)
        if not all(database.private for database in self.databases.values()):  # another process may have been here
            self.init_host()
        self.bus.pace = self.config.pace
        self.trace.clear()

    def connect(self, user: str, password: str | None = None, project: str | None = None) -> Connection:
        """A client's connection: one keystoneauth1 adapter for each API.

        The token is fetched with the first request. After each request, the casts that it caused are delivered.
        """
        own = user if user in ("admin", "demo") else "demo"
        return Connection(self.session("client", user, password=password, project=project or own), self.config)


class Connection:
    """What a client has: one keystoneauth1 adapter for each API."""

    def __init__(self, session: Session, config: Config) -> None:
        self.session = session
        for kind, path in PATHS.items():
            setattr(self, kind, Adapter(session, kind, endpoint_override=config.endpoint(path)))

    compute: Adapter
    image: Adapter
    network: Adapter
    volume: Adapter
    identity: Adapter
    placement: Adapter
    object_store: Adapter
    database: Adapter

    @property
    def project_id(self) -> str:
        """The project that the token is for; Cinder's paths name it."""
        return str(self.session.get_project_id())
