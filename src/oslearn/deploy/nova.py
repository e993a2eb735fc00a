"""Nova: nova-api, nova-conductor, nova-scheduler, and one nova-compute a host.

Invariants: starting on databases that hold a cloud already makes nothing twice; its domains run again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from keystoneauth1.session import Session

from oslearn.core.nova.api import app as nova_api
from oslearn.core.nova.api import versions
from oslearn.core.nova.api.common import ServerReader
from oslearn.core.nova.api.external_events import ExternalEvents as EventsDoor
from oslearn.core.nova.api.servers import Boots
from oslearn.core.nova.compute.api import API
from oslearn.core.nova.compute.api_classic import ClassicAPI
from oslearn.core.nova.compute.api_create import BootChecks
from oslearn.core.nova.compute.api_devices import DeviceChecks
from oslearn.core.nova.compute.build import Builder
from oslearn.core.nova.compute.classic import ClassicComputeManager
from oslearn.core.nova.compute.events import ExternalEvents, InfoCache, InstanceEvents
from oslearn.core.nova.compute.journal import Journal
from oslearn.core.nova.compute.manager import Calls, Domains
from oslearn.core.nova.compute.resource_tracker import ResourceTracker
from oslearn.core.nova.compute.rpcapi import ALT, ComputeAPI
from oslearn.core.nova.compute.rpcapi import target as compute_target
from oslearn.core.nova.conductor import rpcapi as conductor_rpc
from oslearn.core.nova.conductor.classic import ClassicConductorManager
from oslearn.core.nova.conductor.manager import ConductorManager, ObjectActions
from oslearn.core.nova.conductor.rpcapi import ClassicConductorAPI
from oslearn.core.nova.conductor.tasks import ComputeTaskManager, Holdings
from oslearn.core.nova.db import models
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.databases import CELL0, CELL1, Databases
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.classic import ClassicNetworkAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import Instance, Node
from oslearn.core.nova.scheduler import rpcapi as scheduler_rpc
from oslearn.core.nova.scheduler.classic import ClassicHostManager, ClassicSchedulerManager
from oslearn.core.nova.scheduler.filters import ENABLED
from oslearn.core.nova.scheduler.host_manager import HostManager, InstanceInfo
from oslearn.core.nova.scheduler.manager import SchedulerManager
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.virt.fake import FakeConnection
from oslearn.core.nova.virt.libvirt import LibvirtDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo import adapter
from oslearn.core.oslo.context import RequestContext, Task
from oslearn.deploy.base import Deployment
from oslearn.extensions.nova import wiring
from oslearn.extensions.nova.api.versions import choices
from oslearn.extensions.nova.compute.deletion import Deletion, HostAPI
from oslearn.extensions.nova.compute.manager_moves import Evacuated
from oslearn.extensions.nova.compute.new_volumes import NewVolumes
from oslearn.extensions.nova.compute.registration import Offer, Registration
from oslearn.extensions.nova.compute.wiring import extend_host
from oslearn.extensions.nova.conductor.rpcapi import OBJECTS as MORE_OBJECTS
from oslearn.extensions.nova.conductor.rpcapi import MoveTaskAPI, RowsAPI
from oslearn.extensions.nova.conductor.wiring import extend_conductor
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.scheduler.classic import ClassicDestinations
from oslearn.extensions.nova.scheduler.filters import FILTERS
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.virt.fake import ExtendedConnection
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI
from oslearn.extensions.oslo.webob import Front
from oslearn.trace.views import unseen

OBJECTS = conductor_rpc.OBJECTS | MORE_OBJECTS
"""What a host may have done with rows, by the name of the method."""
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
    """nova-conductor: the way to the database, the tasks of builds, and who ends what was left undone."""
    name = "nova-conductor"
    db, client, report = nova_db(cloud, name), cloud.client(name), placement(cloud, name)
    image_api, network_api, volume_api, admin = clients(cloud, name, service_project)
    scheduler, compute = scheduler_rpc.SchedulerAPI(client), ComputeAPI(client)
    classic = cloud.config.flow == "classic"
    holdings = Holdings(db, None if classic else report, network_api, volume_api)
    tasks, endpoints = None, list[object]()
    if classic:
        endpoints.append(ClassicConductorManager(db))
    else:
        db.cells.create()
        tasks = ComputeTaskManager(db, scheduler, compute, report, volume_api, holdings, cloud.config)
        endpoints += [ConductorManager(db), tasks]
    db.services.create((f"nova-{topic}", "controller", topic) for topic in ("conductor", "scheduler"))
    if isinstance(db, ExtendedDB):
        calls = scheduler, compute, report, holdings, image_api, volume_api, admin
        more, unfinished = extend_conductor(db, tasks, *calls, cloud.bus, cloud.config)
        endpoints += more
        cloud.manage(name, unfinished.init_host, unfinished.periodic_tasks)
    cloud.listen(name, conductor_rpc.TARGET, ObjectActions(endpoints, OBJECTS), *endpoints)


def start_scheduler(cloud: Deployment) -> None:
    """The process nova-scheduler, which asks Placement and the database."""
    name = "nova-scheduler"
    db, compute = nova_db(cloud, name), ComputeAPI(cloud.client(name))
    known = db, partial(is_up, cloud), cloud.config, ENABLED | (FILTERS if cloud.extended else {})
    hosts = HostManager(*known)
    endpoints: list[object] = [InstanceInfo(hosts)]
    if cloud.config.flow == "classic":
        classic_hosts = ClassicHostManager(*known)
        endpoints.append(ClassicSchedulerManager(db, classic_hosts, compute))
        if cloud.extended:
            endpoints.append(ClassicDestinations(db, classic_hosts))
    else:
        endpoints.append(SchedulerManager(db, hosts, placement(cloud, name), cloud.config))
    cloud.listen(name, scheduler_rpc.TARGET, *endpoints)


def is_up(cloud: Deployment, host: str) -> bool:
    """Whether a host's nova-compute serves."""
    return cloud.is_up("compute", host)


def start_compute_hosts(cloud: Deployment, service_project: str) -> dict[str, FakeConnection]:
    """One nova-compute a host; whom it calls is the same for all, its driver is not."""
    calls = host_calls(cloud, service_project)
    hypervisors = {
        f"compute{number}": ExtendedConnection() if cloud.extended else FakeConnection()
        for number in range(1, cloud.config.hosts + 1)
    }
    drivers = {host: driver(cloud, host, connection) for host, connection in hypervisors.items()}
    operations = [LibvirtOperations(one, one.connection, cloud.clock) for one in drivers.values() if cloud.extended]
    nodes = register_hosts(cloud, calls.conductor, drivers)
    for virt, more in zip_longest(drivers.values(), operations):
        start_host(cloud, calls, virt, more, nodes[virt.host])
    return hypervisors


def host_calls(cloud: Deployment, service_project: str) -> Calls:
    """The stubs and clients of nova-compute."""
    client, classic = cloud.client("nova-compute"), cloud.config.flow == "classic"
    image_api, network_api, volume_api, admin = clients(cloud, "nova-compute", service_project)
    conductor = ClassicConductorAPI(client) if classic else conductor_rpc.ConductorAPI(client, OBJECTS)
    stubs = conductor, conductor_rpc.ComputeTaskAPI(client), scheduler_rpc.SchedulerAPI(client), ComputeAPI(client)
    return Calls(*stubs, placement(cloud, "nova-compute"), image_api, network_api, volume_api, admin)


def start_host(cloud: Deployment, to: Calls, virt: LibvirtDriver, more: LibvirtOperations | None, node: Node) -> None:
    """The nova-compute of one host: what builds and deletes, what hears of ports, and what else there is."""
    process, apis = f"nova-compute@{virt.host}", (to.network_api, to.volume_api)
    journal, events = Journal(virt.host, to.conductor, cloud.clock), InstanceEvents(cloud.bus, cloud.config)
    info_cache = InfoCache(to.conductor, to.network_api)
    before, then = list[Task](), list[Callable[[Instance], None]]()
    endpoints: list[object] = [ExternalEvents(events, info_cache)]
    if isinstance(to.conductor, ClassicConductorAPI):
        rt = ResourceTracker(virt.host, node, to.conductor, None)
        endpoints.append(ClassicComputeManager(journal, to.conductor, to.image_api, *apis, virt))
    else:
        rt = ResourceTracker(virt.host, node, to.conductor, to.placement)
        calls = to.conductor, to.placement, to.tasks, to.scheduler
        builder = Builder(journal, *calls, *apis, rt, events, info_cache, virt)
        if isinstance(to.volume_api, ExtendedVolumeAPI):
            builder.create_volume = NewVolumes(journal, to.volume_api, cloud.bus).create
        endpoints.append(builder)
    if more:
        endpoints += extend_host(to, journal, rt, info_cache, more, cloud.config.novncproxy_base_url)
        before.append(Evacuated(virt.host, RowsAPI(to.conductor), virt).forget)
        then.append(more.pause_again)
    for topic in ("compute", ALT):
        cloud.listen(process, compute_target(virt.host, topic), *endpoints)
    if node["instances"]:
        cloud.manage(process, Domains(virt.host, to.conductor, virt, before, then).init_host)


def driver(cloud: Deployment, host: str, connection: Any) -> LibvirtDriver:
    """A host's driver, with the probes around its connection."""
    for probe in cloud.probes:
        connection = probe.driver("nova-compute", host, connection)
    return LibvirtDriver(host, connection, cloud.config)


def register_hosts(
    cloud: Deployment, conductor: conductor_rpc.ConductorAPI, drivers: dict[str, LibvirtDriver]
) -> dict[str, Node]:
    """Make hosts and their providers known, all that start together at once; their rows by host."""
    reserved, rows = cloud.config.reserved_host_memory_mb, []
    for host, virt in drivers.items():
        capacity = virt.get_available_resource()
        free = int(capacity["memory_mb"] * cloud.config.ram_allocation_ratio) - reserved
        used = {"memory_mb_used": reserved, "free_ram_mb": free, "availability_zone": cloud.config.availability_zone}
        rows.append(capacity | used | {"host": host})
    context = RequestContext(f"req-{uuid5(NAMESPACE_DNS, 'nova-compute.register')}", roles=["admin"])
    nodes = conductor.compute_nodes_create(context, rows)
    if cloud.config.flow != "classic":
        nova_db(cloud, "nova-conductor").cells.add_hosts(drivers)  # nova-manage cell_v2 discover_hosts
        if cloud.extended:
            offers = [Offer(nodes[host]["uuid"], host, virt.update_provider_tree()) for host, virt in drivers.items()]
            with unseen(cloud):  # ids and moments of a seeded cloud begin with its first user
                Registration(cloud.rest("nova-compute", "nova", "placement")).update_from_provider_tree(offers)
    return nodes


def start_api(cloud: Deployment, service_project: str) -> None:
    """The process nova-api: first the core, then what extends it."""
    db, client = nova_db(cloud, "nova-api"), cloud.client("nova-api")
    for flavor_id, name, memory_mb, vcpus, root_gb in (
        FLAVORS if cloud.config.flavors and not db.flavors.get_all() else ()
    ):
        db.flavors.create(
            {"flavorid": flavor_id, "name": name, "memory_mb": memory_mb, "vcpus": vcpus, "root_gb": root_gb}
        )
    classic, session = cloud.config.flow == "classic", cloud.session("nova-api", "nova")
    image_api, network_api, volume_api, _ = clients(cloud, "nova-api", service_project, session)
    compute, conductor = ComputeAPI(client), conductor_rpc.ComputeTaskAPI(client)
    checks = BootChecks(db, DeviceChecks(image_api, volume_api), image_api, network_api, cloud.ids)
    api: Boots = API(db, checks, conductor, volume_api)
    if classic:
        api = ClassicAPI(db, checks, scheduler_rpc.SchedulerAPI(client))
    reader, events = ServerReader(db), EventsDoor(db, compute)
    auth = cloud.auth("nova-api", open_paths=versions.OPEN_PATHS)
    layers = [Front(("v2", "v2.1"), choices)] if cloud.extended else []
    app = nova_api.build(db, api, reader, events, cloud.ids, [*layers, auth])
    if isinstance(db, ExtendedDB):
        assert isinstance(volume_api, ExtendedVolumeAPI)
        assert isinstance(image_api, ExtendedImageAPI)
        hosts = HostAPI(db, lambda *which: cloud.is_up(*server(*which)))
        claims = [] if classic else [placement(cloud, "nova-api").delete_allocation_for_instance]
        deletion = Deletion(db, hosts, compute, volume_api, network_api, claims)
        rest = {
            service: adapter.Client(session, cloud.config.endpoint(service), send_service_token=asks and not classic)
            for service, asks in {"image": True, "networking": True, "identity": False, "placement": False}.items()
        }
        core = wiring.Core(
            db, api, reader, checks, deletion, events, hosts, cloud.config.availability_zone, compute,
            MoveTaskAPI(client), image_api, volume_api, cloud.ids, cloud.clock,
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
    kind = ExtendedReportClient if cloud.extended else SchedulerReportClient
    return kind(cloud.rest(process, "nova", "placement"))


def clients(
    cloud: Deployment, process: str, service_project: str, session: Session | None = None
) -> tuple[ImageAPI, NetworkAPI, VolumeAPI, adapter.Client]:
    """Nova's REST clients over one process's sessions: its own, and one as Neutron's user, who may bind ports."""
    current, networking = cloud.config.flow != "classic", cloud.config.endpoint("networking")
    client = partial(adapter.Client, session or cloud.session(process, "nova"), send_service_token=current)
    admin = adapter.Client(cloud.session(process, "neutron" if current else "nova"), networking)
    return (
        (ExtendedImageAPI if cloud.extended else ImageAPI)(client(cloud.config.endpoint("image")), schema=current),
        (NetworkAPI if current else ClassicNetworkAPI)(client(networking), admin),
        (ExtendedVolumeAPI if cloud.extended else VolumeAPI)(client(cloud.config.endpoint("volume")), service_project),
        admin,
    )
