"""Nova: nova-api, nova-conductor, nova-scheduler, and one nova-compute a host.

Invariants: starting on databases that hold a cloud already makes nothing twice; its domains run again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from keystoneauth1.session import Session

from oslearn.core.nova.api import app as nova_api
from oslearn.core.nova.api.external_events import EventsDoor
from oslearn.core.nova.api.views import ServerReader
from oslearn.core.nova.compute.api_create import BootChecks
from oslearn.core.nova.compute.build import Builder, BuildSteps
from oslearn.core.nova.compute.classic import ClassicComputeManager
from oslearn.core.nova.compute.events import ExternalEvents, InfoCache, InstanceEvents
from oslearn.core.nova.compute.manager import Calls, Journal, ResourceTracker
from oslearn.core.nova.compute.rpcapi import ALT, ComputeAPI
from oslearn.core.nova.compute.rpcapi import target as compute_target
from oslearn.core.nova.conductor import rpcapi as conductor_rpc
from oslearn.core.nova.conductor.manager import ConductorManager, ObjectActions
from oslearn.core.nova.conductor.tasks import Builds, ComputeTaskManager, Holdings
from oslearn.core.nova.db import models
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.cells import CELL0, CELL1, Databases
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.classic import ClassicNetworkAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import Node
from oslearn.core.nova.scheduler import rpcapi as scheduler_rpc
from oslearn.core.nova.scheduler.classic import ClassicHostManager, ClassicSchedulerManager
from oslearn.core.nova.scheduler.filters import ENABLED, RESOURCES
from oslearn.core.nova.scheduler.host_manager import HostManager, InstanceInfo
from oslearn.core.nova.scheduler.manager import SchedulerManager
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.virt.fake import FakeConnection
from oslearn.core.nova.virt.libvirt import LibvirtDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo import adapter
from oslearn.core.oslo.context import RequestContext
from oslearn.deploy.base import Deployment
from oslearn.extensions.nova import wiring
from oslearn.extensions.nova.compute.manager_start import Domains, Registration
from oslearn.extensions.nova.compute.wiring import extend_host
from oslearn.extensions.nova.conductor.rpcapi import OBJECTS as MORE_OBJECTS
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI
from oslearn.extensions.nova.conductor.wiring import extend_conductor
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.network import requested
from oslearn.extensions.nova.scheduler.classic import ClassicDestinations
from oslearn.extensions.nova.scheduler.filters import FILTERS, GroupHostManager, InstanceEnds
from oslearn.extensions.nova.virt.fake import ExtendedConnection
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations
from oslearn.trace.views import unseen

OBJECTS = conductor_rpc.OBJECTS | MORE_OBJECTS
"""What a host may have done with rows, by the name of the method."""
START = f"req-{uuid5(NAMESPACE_DNS, 'nova-compute.register')}"
"""The request that hosts make when they start."""


def start(cloud: Deployment, service_project: str) -> dict[str, FakeConnection]:
    """Start the processes in order; returns the hypervisor of each host."""
    start_conductor(cloud, service_project)
    start_scheduler(cloud)
    hypervisors = start_compute_hosts(cloud, service_project)
    start_api(cloud, service_project)
    return hypervisors


def start_conductor(cloud: Deployment, service_project: str) -> None:
    """nova-conductor: the way to the database, the tasks of builds, and who ends what was left undone."""
    name, classic = "nova-conductor", cloud.config.flow == "classic"
    db, calls = nova_db(cloud, name), make_calls(cloud, name, service_project)
    holdings = Holdings(db, calls, None if classic else calls.placement)
    builds = None if classic else Builds(db, calls.compute, holdings)
    endpoints: list[object] = [ConductorManager(db)]
    endpoints += [ComputeTaskManager(calls.scheduler, builds)] if builds else []
    if isinstance(db, ExtendedDB):
        more, unfinished = extend_conductor(db, builds, calls, holdings, cloud.bus, cloud.config)
        endpoints += more
        cloud.manage(name, unfinished.init_host, unfinished.periodic_tasks)
    cloud.listen(name, conductor_rpc.TARGET, ObjectActions(endpoints, OBJECTS), *endpoints)


def start_scheduler(cloud: Deployment) -> None:
    """The process nova-scheduler, which asks Placement and the database."""
    name = "nova-scheduler"
    db, compute = nova_db(cloud, name), ComputeAPI(cloud.bus.client(name))
    is_up, info = partial(cloud.is_up, "compute"), InstanceInfo(db)
    endpoints: list[object] = [info, *([InstanceEnds(info)] if cloud.extended else [])]
    if cloud.config.flow == "classic":
        classic_hosts = ClassicHostManager(db, is_up, cloud.config, RESOURCES | ENABLED)
        endpoints.append(ClassicSchedulerManager(db, classic_hosts, compute))
        if isinstance(db, ExtendedDB):
            endpoints.append(ClassicDestinations(db, classic_hosts))
    else:
        hosts = HostManager(db, is_up, cloud.config, ENABLED)
        if isinstance(db, ExtendedDB):
            hosts = GroupHostManager(db, is_up, cloud.config, ENABLED | FILTERS, info)
        endpoints.append(SchedulerManager(hosts, placement(cloud, name), cloud.config))
    cloud.listen(name, scheduler_rpc.TARGET, *endpoints)


def start_compute_hosts(
    cloud: Deployment, service_project: str, hosts: Iterable[str] = ()
) -> dict[str, FakeConnection]:
    """One nova-compute a host, of all hosts or of these; whom it calls is the same for all, its driver is not."""
    calls, context = make_calls(cloud, "nova-compute", service_project), RequestContext(START, roles=["admin"])
    kind = ExtendedConnection if cloud.extended else FakeConnection
    every = [f"compute{number}" for number in range(1, cloud.config.hosts + 1)]
    hypervisors = {host: kind() for host in hosts or every}
    drivers = {host: driver(cloud, host, connection) for host, connection in hypervisors.items()}
    operations = {host: LibvirtOperations(one, cloud.clock) for host, one in drivers.items() if cloud.extended}
    if cloud.extended:
        nodes, busy = register_hosts(cloud, calls, context, drivers)
    else:
        nodes, busy = calls.conductor.compute_nodes(context), set()
    for host in (one for one in drivers if one in nodes):  # a host that nobody made known serves nothing
        start_host(cloud, calls, drivers[host], operations.get(host), nodes[host])
        if host in busy:
            cloud.manage(f"nova-compute@{host}", Domains(calls, operations[host]).init_host)
    return hypervisors


def start_host(
    cloud: Deployment, calls: Calls, virt: LibvirtDriver, operations: LibvirtOperations | None, node: Node
) -> None:
    """The nova-compute of one host: what builds, what hears of ports, and what else there is."""
    classic, host = cloud.config.flow == "classic", virt.host
    journal, events = Journal(host, calls.conductor, cloud.clock), InstanceEvents(cloud.bus, cloud.config)
    info_cache = InfoCache(calls.conductor, calls.network_api)
    rt = ResourceTracker(host, node, calls.conductor, None if classic else calls.placement)
    endpoints: list[object] = [ExternalEvents(events, info_cache)]
    steps = None if classic else BuildSteps(calls, journal, rt, virt)
    if steps:
        endpoints.append(Builder(calls, journal, rt, events, info_cache, virt, steps))
    else:
        endpoints.append(ClassicComputeManager(calls, journal, virt))
    if operations:
        endpoints += extend_host(calls, steps, journal, rt, info_cache, operations, cloud.bus, cloud.config)
    for topic in ("compute", ALT):
        cloud.listen(f"nova-compute@{host}", compute_target(host, topic), *endpoints)


def driver(cloud: Deployment, host: str, connection: Any) -> LibvirtDriver:
    """A host's driver, with the probes around its connection."""
    for probe in cloud.probes:
        connection = probe.driver("nova-compute", host, connection)
    return LibvirtDriver(host, connection)


def register_hosts(
    cloud: Deployment, calls: Calls, context: RequestContext, hosts: Collection[str]
) -> tuple[dict[str, Node], set[str]]:
    """Make hosts and their providers known, all that start together at once; their rows, and who has instances."""
    registration = Registration(RowsAPI(calls.conductor), cloud.config)
    known, busy = registration.create(context, hosts)
    nodes = {host: known[host] for host in hosts}  # others look after their own
    if cloud.config.flow != "classic":
        with unseen(cloud):  # ids and moments of a seeded cloud begin with its first user
            client = cloud.rest("nova-compute", "nova", "placement")
            registration.offer(client, nodes)
    return nodes, busy


def start_api(cloud: Deployment, service_project: str) -> None:
    """The process nova-api: the core's alone, or whole."""
    name, classic, session = "nova-api", cloud.config.flow == "classic", cloud.session("nova-api", "nova")
    db, calls = nova_db(cloud, name), make_calls(cloud, name, service_project, session)
    auth = cloud.auth(name, open_paths=nova_api.OPEN_PATHS)
    if isinstance(db, ExtendedDB):
        app = wiring.application(db, calls, cloud.config, cloud.ids, cloud.clock, cloud.is_up, session, auth, classic)
    else:
        checks = BootChecks(db, calls.image_api, calls.network_api, calls.volume_api, cloud.ids)
        api = nova_api.compute_api(db, checks, calls, classic)
        app = nova_api.build(db, api, ServerReader(db), EventsDoor(db, calls.compute), cloud.ids, [auth])
    cloud.mount("compute", name, app)


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


def make_calls(cloud: Deployment, process: str, service_project: str, session: Session | None = None) -> Calls:
    """The stubs and clients of a process; these log in as Nova, and as Neutron's user, who may bind ports."""
    rpc, current, endpoint = cloud.bus.client(process), cloud.config.flow != "classic", cloud.config.endpoint
    client = partial(adapter.Client, session or cloud.session(process, "nova"), send_service_token=current)
    admin = adapter.Client(cloud.session(process, "neutron" if current else "nova"), endpoint("networking"))
    network_api: type[NetworkAPI] = NetworkAPI if current else ClassicNetworkAPI
    if cloud.extended:
        network_api = requested.EXTENDED[network_api]
    return Calls(
        conductor_rpc.ConductorAPI(rpc, OBJECTS if current else {}),
        conductor_rpc.ComputeTaskAPI(rpc),
        scheduler_rpc.SchedulerAPI(rpc),
        ComputeAPI(rpc),
        placement(cloud, process),
        ImageAPI(client(endpoint("image")), schema=current),
        network_api(client(endpoint("networking")), admin),
        VolumeAPI(client(endpoint("volume")), service_project),
        admin,
    )
