"""nova-compute's work beyond a boot, put beside the core's.

Interface: `extend_host`; `HostCore`, what a host has already.
"""

from __future__ import annotations

from dataclasses import dataclass

from oslearn.core.config import Config
from oslearn.core.nova.compute.events import InfoCache
from oslearn.core.nova.compute.journal import Journal
from oslearn.core.nova.compute.resource_tracker import ResourceTracker
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import Task
from oslearn.extensions.nova.compute.attempts import Attempts, Guests
from oslearn.extensions.nova.compute.manager_consoles import Consoles, HostSwitch
from oslearn.extensions.nova.compute.manager_devices import HostDevices
from oslearn.extensions.nova.compute.manager_moves import Evacuated, Moves
from oslearn.extensions.nova.compute.manager_power import PowerActions
from oslearn.extensions.nova.compute.manager_snapshots import Snapshots, Uploads
from oslearn.extensions.nova.compute.volumes import HostVolumes
from oslearn.extensions.nova.conductor.rows import RowsAPI
from oslearn.extensions.nova.network.ports import HostPorts
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


@dataclass(frozen=True)
class HostCore:
    """The parts of one host that boot and delete, and whom it calls."""

    journal: Journal
    rt: ResourceTracker
    info_cache: InfoCache
    conductor: ConductorAPI
    scheduler: SchedulerAPI
    compute: ComputeAPI
    placement: SchedulerReportClient
    image_api: ImageAPI
    network_api: NetworkAPI
    volume_api: ExtendedVolumeAPI
    admin: Client


def extend_host(core: HostCore, virt: LibvirtOperations, config: Config) -> tuple[list[object], Task]:
    """A host's further endpoints, and what it does before it starts domains again."""
    journal, conductor, driver = core.journal, core.conductor, virt.driver
    rows, ports, attempts = RowsAPI(conductor), HostPorts(core.admin), Attempts(journal, conductor)
    guests = Guests(conductor, rows, core.volume_api, virt)
    uploads = Uploads(journal, core.image_api, virt)
    moves = Moves(
        journal,
        attempts,
        guests,
        uploads,
        HostVolumes(conductor, core.volume_api, driver),
        core.info_cache,
        core.rt,
        conductor,
        rows,
        core.scheduler,
        core.compute,
        core.placement,
        core.image_api,
        ports,
        driver,
        virt,
    )
    devices = HostDevices(
        journal, attempts, core.info_cache, conductor, rows, core.network_api, ports, core.volume_api, driver, virt
    )
    endpoints = [
        PowerActions(journal, attempts, guests, core.info_cache, driver, virt),
        moves,
        devices,
        Snapshots(journal, attempts, uploads, core.image_api),
        Consoles(journal, attempts, virt, config.novncproxy_base_url),
        HostSwitch(core.rt.node, core.rt.placement),
    ]
    return endpoints, Evacuated(journal.host, rows, driver).forget
