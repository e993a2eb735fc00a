"""nova-compute's work beyond a boot, put beside the core's.

Interface: `extend_host`.
"""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.nova.compute.build import BuildSteps
from oslearn.core.nova.compute.events import InfoCache
from oslearn.core.nova.compute.manager import Calls, Journal, ResourceTracker
from oslearn.core.oslo.messaging import Bus
from oslearn.extensions.nova.compute.attempts import Attempts, Guests, Reschedules
from oslearn.extensions.nova.compute.manager_deletion import ClassicTermination, Termination
from oslearn.extensions.nova.compute.manager_devices import HostDevices
from oslearn.extensions.nova.compute.manager_moves import Moves
from oslearn.extensions.nova.compute.manager_power import Consoles, HostSwitch, PowerActions, Snapshots, Uploads
from oslearn.extensions.nova.compute.new_volumes import NewVolumes
from oslearn.extensions.nova.conductor.rpcapi import MoveTaskAPI, RowsAPI
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.network.instance_ports import HostPorts
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


def extend_host(
    calls: Calls,
    steps: BuildSteps | None,
    journal: Journal,
    rt: ResourceTracker,
    info_cache: InfoCache,
    virt: LibvirtOperations,
    bus: Bus,
    config: Config,
) -> tuple[object, ...]:
    """A host's further endpoints; today's builds learn to make volumes and to try again elsewhere."""
    conductor, driver, rows, ports = calls.conductor, virt.driver, RowsAPI(calls.conductor), HostPorts(calls.admin)
    volume_api, image_api = ExtendedVolumeAPI.of(calls.volume_api), ExtendedImageAPI.of(calls.image_api)
    placement = ExtendedReportClient(calls.placement.client)
    attempts, guests = Attempts(journal, conductor), Guests(conductor, rows, volume_api, virt)
    uploads = Uploads(journal, image_api, virt)
    if steps:
        steps.create_volume = NewVolumes(journal, volume_api, bus).create
        steps.failed = Reschedules(steps, MoveTaskAPI(calls.tasks.client)).failed
        termination: object = Termination(calls, journal, rows, driver)
    else:
        termination = ClassicTermination(calls, driver)
    with_ports = info_cache, rt, rows, placement, ports, virt
    return (
        termination,
        PowerActions(journal, attempts, guests, info_cache, virt),
        Moves(calls, journal, attempts, guests, uploads, *with_ports),
        HostDevices(calls, journal, attempts, info_cache, rows, ports, volume_api, virt),
        Snapshots(journal, attempts, uploads, image_api),
        Consoles(journal, attempts, virt, config.novncproxy_base_url),
        HostSwitch(rt.node, placement if rt.placement else None),
    )
