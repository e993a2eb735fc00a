"""Nova: nova-api, nova-conductor, nova-scheduler, and one nova-compute a host."""

from __future__ import annotations

from functools import partial
from typing import Any

from oslearn.deploy.base import Deployment
from oslearn.nova.api import app as nova_api
from oslearn.nova.compute import api as compute_api
from oslearn.nova.compute.manager import ComputeManager
from oslearn.nova.compute.rpcapi import ComputeAPI
from oslearn.nova.compute.rpcapi import target as compute_target
from oslearn.nova.conductor import rpcapi as conductor_rpc
from oslearn.nova.conductor.manager import ConductorManager
from oslearn.nova.db import models
from oslearn.nova.db.api import NovaDB
from oslearn.nova.image.glance import ImageAPI
from oslearn.nova.network.neutron import NetworkAPI
from oslearn.nova.scheduler import rpcapi as scheduler_rpc
from oslearn.nova.scheduler.host_manager import HostManager
from oslearn.nova.scheduler.manager import SchedulerManager
from oslearn.nova.virt.fake import FakeConnection
from oslearn.nova.virt.libvirt import LibvirtDriver
from oslearn.nova.volume.cinder import VolumeAPI
from oslearn.oslo import adapter
from oslearn.oslo.messaging import Target

FLAVORS = (("0", "m1.nano", 64, 1, 1), ("1", "m1.tiny", 512, 1, 1), ("2", "m1.small", 2048, 1, 20),
           ("3", "m1.medium", 4096, 2, 40), ("4", "m1.large", 8192, 4, 80))  # fmt: skip
"""id, name, memory in MiB, vCPUs, disk in GiB."""


def start(cloud: Deployment, service_project: str) -> dict[str, FakeConnection]:
    """Start the processes in order; returns the hypervisor of each host."""
    cloud.listen("nova-conductor", conductor_rpc.TARGET, ConductorManager(nova_db(cloud, "nova-conductor")))
    start_scheduler(cloud)
    hypervisors = start_compute_hosts(cloud, service_project)
    start_api(cloud, service_project)
    return hypervisors


def start_scheduler(cloud: Deployment) -> None:
    """nova-scheduler."""
    db = nova_db(cloud, "nova-scheduler")
    hosts = HostManager(db, lambda host: cloud.bus.is_up(compute_target(host)), cloud.config)
    manager = SchedulerManager(db, hosts, ComputeAPI(cloud.client("nova-scheduler")))
    cloud.listen("nova-scheduler", scheduler_rpc.TARGET, manager)


def start_compute_hosts(cloud: Deployment, service_project: str) -> dict[str, FakeConnection]:
    """One nova-compute a host; its session, clients and conductor stub are the same for all, its driver is not."""
    conductor = conductor_rpc.ConductorAPI(cloud.client("nova-compute"))
    apis = clients(cloud, "nova-compute", service_project)
    hypervisors: dict[str, FakeConnection] = {}
    nodes = []
    for host in (f"compute{number}" for number in range(1, cloud.config.hosts + 1)):
        connection: Any = FakeConnection()
        hypervisors[host] = connection
        for probe in cloud.probes:
            connection = probe.driver("nova-compute", host, connection)
        driver = LibvirtDriver(host, connection, cloud.config)
        manager = ComputeManager(host, conductor, *apis, driver, cloud.clock)
        cloud.listen(f"nova-compute@{host}", compute_target(host), manager)
        capacity = driver.get_available_resource()
        reserved = cloud.config.reserved_host_memory_mb
        nodes.append(
            capacity
            | {
                "host": host,
                "memory_mb_used": reserved,
                "free_ram_mb": int(capacity["memory_mb"] * cloud.config.ram_allocation_ratio) - reserved,
                "availability_zone": cloud.config.availability_zone,
            }
        )
    db = nova_db(cloud, "nova-conductor")
    db.services_create((f"nova-{topic}", "controller", topic) for topic in ("conductor", "scheduler"))
    db.compute_nodes_create(nodes)
    return hypervisors


def start_api(cloud: Deployment, service_project: str) -> None:
    """nova-api."""
    db, client = nova_db(cloud, "nova-api"), cloud.client("nova-api")
    for flavor_id, name, memory_mb, vcpus, root_gb in FLAVORS:
        db.flavor_create(
            {"flavorid": flavor_id, "name": name, "memory_mb": memory_mb, "vcpus": vcpus, "root_gb": root_gb}
        )
    compute = compute_api.API(
        db,
        scheduler_rpc.SchedulerAPI(client),
        ComputeAPI(client),
        *clients(cloud, "nova-api", service_project),
        cloud.bus,
        cloud.config,
    )

    def is_up(topic: str, host: str) -> bool:
        return cloud.bus.is_up(Target(topic, host if topic == "compute" else None))

    auth = cloud.auth("nova-api", open_paths=("/", "/v2.1"))
    cloud.mount("compute", "nova-api", nova_api.build(db, compute, is_up, cloud.ids, cloud.config, [auth]))


def nova_db(cloud: Deployment, process: str) -> NovaDB:
    """A process's queries of Nova's database."""
    api, cell = cloud.database("nova", models.ApiBase, process), cloud.database("nova", models.Base, process)
    return NovaDB(api, cell, cloud.ids, cloud.clock, cloud.config)


def clients(cloud: Deployment, process: str, service_project: str) -> tuple[ImageAPI, NetworkAPI, VolumeAPI]:
    """Nova's REST clients over one process's session."""
    client = partial(adapter.Client, cloud.session(process, "nova"))
    return (
        ImageAPI(client(cloud.config.endpoint("image"))),
        NetworkAPI(client(cloud.config.endpoint("networking"))),
        VolumeAPI(client(cloud.config.endpoint("volume")), service_project),
    )
