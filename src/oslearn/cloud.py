"""The composition root: the only place that wires. It reads from top to bottom like a boot order.

Interface: `Cloud`, a whole cloud in one process; `Cloud.connect(user)` gives a client's connection.
Invariants: a process is handed only what it may touch: nova-compute has no database; without a trace nothing is
wrapped; `Cloud(seed=7)` twice does the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import requests
from keystoneauth1.adapter import Adapter
from keystoneauth1.session import Session

from oslearn.cinder import api as cinder_api
from oslearn.cinder import models as cinder_models
from oslearn.config import Config
from oslearn.glance import api as glance_api
from oslearn.glance import models as glance_models
from oslearn.keystone import api as keystone_api
from oslearn.keystone import models as keystone_models
from oslearn.keystone.bootstrap import SERVICE_USERS, bootstrap
from oslearn.keystonemiddleware.auth_token import AuthProtocol
from oslearn.neutron import api as neutron_api
from oslearn.neutron import models as neutron_models
from oslearn.nova.api import servers as nova_api
from oslearn.nova.compute import api as compute_api
from oslearn.nova.compute.manager import ComputeManager
from oslearn.nova.compute.rpcapi import ComputeAPI
from oslearn.nova.compute.rpcapi import target as compute_target
from oslearn.nova.conductor import rpcapi as conductor_rpc
from oslearn.nova.conductor.manager import ConductorManager
from oslearn.nova.db import models as nova_models
from oslearn.nova.db.api import NovaDB
from oslearn.nova.image.glance import ImageAPI
from oslearn.nova.network.neutron import NetworkAPI
from oslearn.nova.scheduler import rpcapi as scheduler_rpc
from oslearn.nova.scheduler.host_manager import HostManager
from oslearn.nova.scheduler.manager import SchedulerManager
from oslearn.nova.virt.fake import FakeConnection
from oslearn.nova.virt.libvirt import LibvirtDriver
from oslearn.nova.volume.cinder import VolumeAPI
from oslearn.oslo import adapter, messaging
from oslearn.oslo.clock import Clock, Ids, SteppedClock
from oslearn.oslo.db import Database, Handle
from oslearn.oslo.probe import Probe, Tracer
from oslearn.trace.views import RunTrace

FLAVORS = (("0", "m1.nano", 64, 1, 1), ("1", "m1.tiny", 512, 1, 1), ("2", "m1.small", 2048, 1, 20),
           ("3", "m1.medium", 4096, 2, 40), ("4", "m1.large", 8192, 4, 80))  # fmt: skip
"""id, name, memory in MiB, vCPUs, disk in GiB."""


class Cloud:
    """Keystone, Glance, Neutron, Cinder and Nova in one process, with no thread and no socket.

    `seed` makes ids and time repeat; `trace=False` wraps nothing; `probes` are put around the seams as well;
    `passwords` by user name stand in for generated ones.
    Attributes: `trace`, `bus`, `clock`, `config`, `passwords` (by user name), `hypervisors` (by host).
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        seed: int | None = None,
        trace: bool = True,
        probes: Sequence[Probe] = (),
        passwords: Mapping[str, str] | None = None,
    ) -> None:
        self.config = config or Config()
        self.ids = Ids(seed)
        self.clock = Clock() if seed is None else SteppedClock()
        self.trace = RunTrace()
        self.router = adapter.Router()
        self.probes: list[Probe] = [*probes]
        if trace:
            self.probes.append(Tracer(self.trace, self.clock, self.router.process))
        self.passwords = {user: self.ids.password(20) for user in ("admin", "demo", *SERVICE_USERS)}
        self.passwords |= passwords or {}
        self.bus = messaging.Bus(self.clock)
        for probe in self.probes:
            self.bus = probe.bus(self.bus)
        self._processes: dict[str, tuple[messaging.Target, Any]] = {}
        self._start_keystone()
        self._start_services()
        self._start_nova()
        self.trace.clear()

    def connect(self, user: str, password: str | None = None, project: str | None = None) -> Connection:
        """A client's connection: `compute`, `image`, `network`, `volume` and `identity`, each a keystoneauth1 adapter.

        The token is fetched with the first request. After each request, the casts that it caused are delivered.
        """
        session = self._session(
            "client", user, password=password, project=project or (user if user in ("admin", "demo") else "demo")
        )
        return Connection(session, self.config)

    def stop(self, process: str) -> None:
        """Stop a process: an API refuses connections, an RPC server leaves its messages in the queue.

        Names as in the trace; a compute host's is `nova-compute@compute1`.
        """
        if process in self._processes:
            self.bus.unlisten(self._processes[process][0])
        self.router.stop(process)

    def start(self, process: str) -> None:
        """Start a process again."""
        self.router.start(process)
        if process in self._processes:
            target, endpoint = self._processes[process]
            self.bus.listen(target, process.partition("@")[0], endpoint)

    def _start_keystone(self) -> None:
        handle = self._database("keystone", keystone_models.Base)("keystone")
        app, api = keystone_api.build(handle, self.ids, self.clock, self.config)
        bootstrap(api, self.config, self.passwords)
        self.router.mount("identity", "keystone", app)
        self.service_project = api.identity.find("project", "service")[0].id

    def _start_services(self) -> None:
        glance_db = self._database("glance", glance_models.Base)("glance-api")
        neutron_db = self._database("neutron", neutron_models.Base)("neutron-server")
        cinder_db = self._database("cinder", cinder_models.Base)("cinder-api")
        shared = self.ids, self.clock, self.config
        self.router.mount("image", "glance-api", glance_api.build(glance_db, *shared, [self._auth("glance-api")]))
        self.router.mount(
            "networking", "neutron-server", neutron_api.build(neutron_db, *shared, [self._auth("neutron-server")])
        )
        self.router.mount("volume", "cinder-api", cinder_api.build(cinder_db, *shared, [self._auth("cinder-api")]))

    def _start_nova(self) -> None:
        database = self._database("nova", nova_models.Base)
        self._listen(
            "nova-conductor", conductor_rpc.TARGET, ConductorManager(self._nova_db(database, "nova-conductor"))
        )
        scheduler_db = self._nova_db(database, "nova-scheduler")
        hosts = HostManager(scheduler_db, lambda host: self.bus.is_up(compute_target(host)), self.config)
        compute = ComputeAPI(self.bus.client("nova-scheduler"))
        self._listen("nova-scheduler", scheduler_rpc.TARGET, SchedulerManager(scheduler_db, hosts, compute))
        self._start_compute_hosts(self._nova_db(database, "nova-conductor"))
        self._start_nova_api(self._nova_db(database, "nova-api"))

    def _start_compute_hosts(self, db: NovaDB) -> None:
        """One nova-compute a host; its session, clients and conductor stub are the same for all, its driver is not."""
        session, client = self._session("nova-compute", "nova"), self.bus.client("nova-compute")
        conductor = conductor_rpc.ConductorAPI(client)
        apis = self._clients(session)
        self.hypervisors: dict[str, FakeConnection] = {}
        nodes = []
        for host in (f"compute{number}" for number in range(1, self.config.hosts + 1)):
            connection: Any = FakeConnection()
            self.hypervisors[host] = connection
            for probe in self.probes:
                connection = probe.driver("nova-compute", host, connection)
            driver = LibvirtDriver(host, connection, self.config)
            manager = ComputeManager(host, conductor, *apis, driver, self.clock)
            self._listen(f"nova-compute@{host}", compute_target(host), manager)
            capacity = driver.get_available_resource()
            reserved = self.config.reserved_host_memory_mb
            nodes.append(
                capacity
                | {
                    "host": host,
                    "memory_mb_used": reserved,
                    "free_ram_mb": int(capacity["memory_mb"] * self.config.ram_allocation_ratio) - reserved,
                    "availability_zone": self.config.availability_zone,
                }
            )
        for binary, topic in (("nova-conductor", "conductor"), ("nova-scheduler", "scheduler")):
            db.service_create(binary, "controller", topic)
        db.compute_nodes_create(nodes)

    def _start_nova_api(self, db: NovaDB) -> None:
        client = self.bus.client("nova-api")
        for flavor_id, name, memory_mb, vcpus, root_gb in FLAVORS:
            db.flavor_create(
                {"flavorid": flavor_id, "name": name, "memory_mb": memory_mb, "vcpus": vcpus, "root_gb": root_gb}
            )
        compute = compute_api.API(
            db,
            scheduler_rpc.SchedulerAPI(client),
            ComputeAPI(client),
            *self._clients(self._session("nova-api", "nova")),
            self.bus,
            self.config,
        )
        app = nova_api.build(db, compute, self._is_up, self.ids, self.config, [self._auth("nova-api")])
        self.router.mount("compute", "nova-api", app)

    def _database(self, service: str, base: Any) -> Any:
        """The service's database; what is returned makes a process's handle."""
        database = Database(f"{service}-db", base, self.config.databases.get(service, "sqlite://"))

        def handle(process: str) -> Handle:
            made = database.handle(process)
            for probe in self.probes:
                made = probe.database(made)
            return made

        return handle

    def _nova_db(self, database: Any, process: str) -> NovaDB:
        return NovaDB(database(process), self.ids, self.clock, self.config)

    def _listen(self, process: str, target: messaging.Target, endpoint: Any) -> None:
        self._processes[process] = (target, endpoint)
        self.bus.listen(target, process.partition("@")[0], endpoint)

    def _is_up(self, topic: str, host: str) -> bool:
        return self.bus.is_up(messaging.Target(topic, host if topic == "compute" else None))

    def _auth(self, process: str) -> AuthProtocol:
        user = process.partition("-")[0]
        open_paths = ("/", "/v2.1") if process == "nova-api" else ("/",)
        return AuthProtocol(self._session(process, user), self.config.endpoint("identity"), open_paths)

    def _clients(self, session: Session) -> tuple[ImageAPI, NetworkAPI, VolumeAPI]:
        """Nova's REST clients over one process's session."""
        client = partial(adapter.Client, session)
        return (
            ImageAPI(client(self.config.endpoint("image"))),
            NetworkAPI(client(self.config.endpoint("networking"))),
            VolumeAPI(client(self.config.endpoint("volume")), self.service_project),
        )

    def _session(self, process: str, user: str, password: str | None = None, project: str = "service") -> Session:
        """A process's keystoneauth1 session, which logs in as `user` when it needs a token of its own."""
        transport: Any = adapter.WSGITransport(self.router)
        for probe in self.probes:
            transport = probe.transport(process, transport)
        if process == "client":
            transport = DrainingTransport(self.bus, transport)
        auth = adapter.Password(
            self.clock,
            f"{self.config.endpoint('identity')}/v3",
            username=user,
            password=password if password is not None else self.passwords.get(user, ""),
            user_domain_name="Default",
            project_name=project,
            project_domain_name="Default",
        )
        return adapter.session(transport, auth)


class DrainingTransport(requests.adapters.BaseAdapter):
    """A client's transport: once a request is answered, the casts that it caused are delivered.

    So a client that polls makes progress, and the next request finds the work done.
    """

    def __init__(self, bus: messaging.Bus, inner: requests.adapters.BaseAdapter) -> None:
        super().__init__()
        self.bus, self.inner = bus, inner

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Answer the request, then deliver what it caused."""
        response = self.inner.send(request, *args, **options)
        self.bus.drain()
        return response

    def close(self) -> None:
        """Nothing is open."""


class Connection:
    """What a client has: one keystoneauth1 adapter for each API."""

    def __init__(self, session: Session, config: Config) -> None:
        self.session = session
        paths = {
            "compute": "compute/v2.1",
            "image": "image/v2",
            "network": "networking/v2.0",
            "volume": "volume/v3",
            "identity": "identity/v3",
        }
        for kind, path in paths.items():
            setattr(self, kind, Adapter(session, kind, endpoint_override=config.endpoint(path)))

    compute: Adapter
    image: Adapter
    network: Adapter
    volume: Adapter
    identity: Adapter

    @property
    def project_id(self) -> str:
        """The project that the token is for; Cinder's paths name it."""
        return str(self.session.get_project_id())
