"""Nova: nova-api, nova-conductor, nova-scheduler, and one nova-compute a host.

Invariants: starting on databases that hold a cloud already makes nothing twice; its domains run again.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from keystoneauth1.session import Session

from oslearn.core.nova.api import app as nova_api
from oslearn.core.nova.api import versions
from oslearn.core.nova.api.common import ServerReader
from oslearn.core.nova.api.external_events import ExternalEvents
from oslearn.core.nova.api.servers import Boots
from oslearn.core.nova.compute.api import API, Deletion
from oslearn.core.nova.compute.api_classic import ClassicAPI
from oslearn.core.nova.compute.api_create import BootChecks
from oslearn.core.nova.compute.api_devices import DeviceChecks
from oslearn.core.nova.compute.api_hosts import HostAPI
from oslearn.core.nova.compute.manager import ComputeManager
from oslearn.core.nova.compute.resource_tracker import ResourceTracker
from oslearn.core.nova.compute.rpcapi import ALT, ComputeAPI
from oslearn.core.nova.compute.rpcapi import target as compute_target
from oslearn.core.nova.conductor import rpcapi as conductor_rpc
from oslearn.core.nova.conductor.manager import ConductorManager
from oslearn.core.nova.conductor.unfinished import Unfinished
from oslearn.core.nova.db import models
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.databases import CELL0, CELL1, Databases
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.classic import ClassicNetworkAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.scheduler import rpcapi as scheduler_rpc
from oslearn.core.nova.scheduler.host_manager import HostManager
from oslearn.core.nova.scheduler.manager import SchedulerManager
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.virt.fake import FakeConnection
from oslearn.core.nova.virt.libvirt import LibvirtDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo import adapter
from oslearn.deploy.base import Deployment
from oslearn.deploy.placement import register
from oslearn.extensions.nova import wiring
from oslearn.extensions.nova.db.api import ExtendedDB

FLAVORS = (("0", "m1.nano", 64, 1, 1), ("1", "m1.tiny", 512, 1, 1), ("2", "m1.small", 2048, 1, 20),
           ("3", "m1.medium", 4096, 2, 40), ("4", "m1.large", 8192, 4, 80))  # fmt: skip
"""id, name, memory in MiB, vCPUs, disk in GiB."""


def start(cloud: Deployment, service_project: str) -> dict[str, FakeConnection]:
    """Start the processes in order; returns the hypervisor of each host."""
    start_conductor(cloud, service_project)
    start_scheduler(cloud)
    hypervisors = start_compute_hosts(cloud, service_project)
    start_api(cloud, service_project)
    return hypervisors


def start_conductor(cloud: Deployment, service_project: str) -> None:
    """nova-conductor."""
    db, client = nova_db(cloud, "nova-conductor"), cloud.client("nova-conductor")
    if cloud.config.flow != "classic":
        db.cells.create()
    image_api, network_api, volume_api = clients(cloud, "nova-conductor", service_project)
    manager = ConductorManager(
        db,
        scheduler_rpc.SchedulerAPI(client),
        ComputeAPI(client),
        placement(cloud, "nova-conductor"),
        network_api,
        volume_api,
        cloud.config,
    )
    cloud.listen("nova-conductor", conductor_rpc.TARGET, manager)
    unfinished = Unfinished(manager, image_api, cloud.bus, cloud.clock.now)
    cloud.manage("nova-conductor", unfinished.init_host, unfinished.periodic_tasks)


def start_scheduler(cloud: Deployment) -> None:
    """nova-scheduler."""
    db = nova_db(cloud, "nova-scheduler")
    hosts = HostManager(db, lambda host: cloud.bus.is_up(compute_target(host)), cloud.config)
    compute = ComputeAPI(cloud.client("nova-scheduler"))
    manager = SchedulerManager(db, hosts, compute, placement(cloud, "nova-scheduler"), cloud.config)
    cloud.listen("nova-scheduler", scheduler_rpc.TARGET, manager)


def start_compute_hosts(cloud: Deployment, service_project: str) -> dict[str, FakeConnection]:
    """One nova-compute a host; its session, clients and stubs are the same for all, its driver is not."""
    client, report = cloud.client("nova-compute"), placement(cloud, "nova-compute")
    conductor = conductor_rpc.ConductorAPI(client, cloud.config.flow)
    stubs = (conductor, conductor_rpc.ComputeTaskAPI(client), scheduler_rpc.SchedulerAPI(client))
    apis = clients(cloud, "nova-compute", service_project)
    hypervisors = {f"compute{number}": FakeConnection() for number in range(1, cloud.config.hosts + 1)}
    drivers = {host: driver(cloud, host, connection) for host, connection in hypervisors.items()}
    nodes, busy = register_hosts(cloud, drivers)
    for host, virt in drivers.items():
        tracker = ResourceTracker(host, nodes[host], conductor, report)
        manager = ComputeManager(*stubs, *apis, tracker, virt, cloud.bus, cloud.clock, cloud.config)
        for topic in ("compute", ALT):
            cloud.listen(f"nova-compute@{host}", compute_target(host, topic), manager)
        if host in busy:
            cloud.manage(f"nova-compute@{host}", manager.init_host)
    return hypervisors


def driver(cloud: Deployment, host: str, connection: Any) -> LibvirtDriver:
    """A host's driver, with the probes around its connection."""
    for probe in cloud.probes:
        connection = probe.driver("nova-compute", host, connection)
    return LibvirtDriver(host, connection, cloud.config, cloud.clock)


def register_hosts(cloud: Deployment, drivers: dict[str, LibvirtDriver]) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Make processes, hosts and their providers known, all hosts at once; their rows' ids, and who has instances."""
    db, reserved = nova_db(cloud, "nova-conductor"), cloud.config.reserved_host_memory_mb
    db.services.create((f"nova-{topic}", "controller", topic) for topic in ("conductor", "scheduler"))
    rows = []
    for host, virt in drivers.items():
        capacity = virt.get_available_resource()
        free = int(capacity["memory_mb"] * cloud.config.ram_allocation_ratio) - reserved
        used = {"memory_mb_used": reserved, "free_ram_mb": free, "availability_zone": cloud.config.availability_zone}
        rows.append(capacity | used | {"host": host})
    nodes = {node.host: {"id": node.id, "uuid": node.uuid} for node in db.hosts.create(rows)}
    db.services.create(("nova-compute", host, "compute") for host in drivers)
    if cloud.config.flow != "classic":
        db.cells.add_hosts(drivers)
        register(cloud, ({**nodes[host], "name": host} | virt.update_provider_tree() for host, virt in drivers.items()))
    return nodes, {host for _, host in db.instances.hosts()}


def start_api(cloud: Deployment, service_project: str) -> None:
    """nova-api."""
    db, client = nova_db(cloud, "nova-api"), cloud.client("nova-api")
    for flavor_id, name, memory_mb, vcpus, root_gb in (
        FLAVORS if cloud.config.flavors and not db.flavors.get_all() else ()
    ):
        db.flavors.create(
            {"flavorid": flavor_id, "name": name, "memory_mb": memory_mb, "vcpus": vcpus, "root_gb": root_gb}
        )
    classic, session = cloud.config.flow == "classic", cloud.session("nova-api", "nova")
    image_api, network_api, volume_api = clients(cloud, "nova-api", service_project, session)
    hosts = HostAPI(db, lambda *which: cloud.is_up(*server(*which)))
    compute, conductor = ComputeAPI(client), conductor_rpc.ComputeTaskAPI(client)
    checks = BootChecks(db, DeviceChecks(image_api, volume_api), image_api, network_api, cloud.ids)
    claims = [] if classic else [placement(cloud, "nova-api").delete_allocation_for_instance]
    deletion = Deletion(db, hosts, compute, volume_api, network_api, claims)
    api: Boots = API(db, checks, conductor, volume_api, deletion)
    if classic:
        api = ClassicAPI(db, checks, scheduler_rpc.SchedulerAPI(client), deletion)
    reader, events = ServerReader(db), ExternalEvents(db, compute)
    auth = cloud.auth("nova-api", open_paths=versions.OPEN_PATHS)
    app = nova_api.build(db, api, reader, events, cloud.ids, [auth])
    if isinstance(db, ExtendedDB):
        rest = {
            service: adapter.Client(session, cloud.config.endpoint(service), send_service_token=asks and not classic)
            for service, asks in {"image": True, "networking": True, "identity": False, "placement": False}.items()
        }
        core = wiring.Core(
            db, api, reader, checks, deletion, events, hosts, cloud.config.availability_zone, compute, conductor,
            image_api, volume_api, cloud.ids, cloud.clock,
        )  # fmt: skip
        wiring.extend_api(app, core, wiring.Rest(**rest))
    cloud.mount("compute", "nova-api", app)


def server(topic: str, host: str) -> tuple[str, str | None]:
    """Where a process listens: of nova-compute there is one a host, of the others one for all."""
    return topic, host if topic == "compute" else None


def nova_db(cloud: Deployment, process: str) -> NovaDB:
    """A process's queries: over one database as in 2013, or over the API's and those of two cells."""
    if cloud.config.flow == "classic":
        api = cloud.database("nova", models.ApiBase, process)
        cells = {CELL1: cloud.database("nova", models.Base, process)}
    else:
        api = cloud.database("nova_api", models.ApiBase, process)
        cell0, cell1 = (cloud.database(name, models.Base, process) for name in ("nova_cell0", "nova_cell1"))
        cells = {CELL1: cell1, CELL0: cell0}
    databases = Databases(api, cells[CELL1], cells, cloud.ids, cloud.clock, cloud.config)
    return ExtendedDB(databases) if cloud.extended else NovaDB(databases)


def placement(cloud: Deployment, process: str) -> SchedulerReportClient:
    """A process's client of Placement."""
    return SchedulerReportClient(cloud.rest(process, "nova", "placement"))


def clients(
    cloud: Deployment, process: str, service_project: str, session: Session | None = None
) -> tuple[ImageAPI, NetworkAPI, VolumeAPI]:
    """Nova's REST clients over one process's sessions: its own, and one as Neutron's user, who may bind ports."""
    current, networking = cloud.config.flow != "classic", cloud.config.endpoint("networking")
    client = partial(adapter.Client, session or cloud.session(process, "nova"), send_service_token=current)
    admin = cloud.session(process, "neutron" if current else "nova")
    return (
        ImageAPI(client(cloud.config.endpoint("image")), schema=current),
        (NetworkAPI if current else ClassicNetworkAPI)(client(networking), adapter.Client(admin, networking)),
        VolumeAPI(client(cloud.config.endpoint("volume")), service_project),
    )
