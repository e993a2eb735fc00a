"""nova-compute's work beyond a boot, put beside the core's.

Interface: `extend_host`.
"""

from __future__ import annotations

from oslearn.core.nova.compute.events import InfoCache
from oslearn.core.nova.compute.journal import CleanUp, Journal
from oslearn.core.nova.compute.manager import Calls
from oslearn.core.nova.compute.resource_tracker import ResourceTracker
from oslearn.core.nova.conductor.rpcapi import ClassicConductorAPI
from oslearn.extensions.nova.compute.attempts import Attempts, Guests
from oslearn.extensions.nova.compute.manager_consoles import Consoles, HostSwitch
from oslearn.extensions.nova.compute.manager_deletion import ClassicTermination, Termination
from oslearn.extensions.nova.compute.manager_devices import HostDevices
from oslearn.extensions.nova.compute.manager_moves import Moves
from oslearn.extensions.nova.compute.manager_power import PowerActions
from oslearn.extensions.nova.compute.manager_snapshots import Snapshots, Uploads
from oslearn.extensions.nova.compute.volumes import HostVolumes
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.network.ports import HostPorts
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


def extend_host(
    to: Calls,
    journal: Journal,
    rt: ResourceTracker,
    info_cache: InfoCache,
    virt: LibvirtOperations,
    novncproxy_base_url: str,
) -> tuple[object, ...]:
    """A host's further endpoints."""
    assert isinstance(to.volume_api, ExtendedVolumeAPI)
    assert isinstance(to.placement, ExtendedReportClient)
    assert isinstance(to.image_api, ExtendedImageAPI)
    conductor, driver, volume_api = to.conductor, virt.driver, to.volume_api
    rows, ports, attempts = RowsAPI(conductor), HostPorts(to.admin), Attempts(journal, conductor)
    guests, uploads = Guests(conductor, rows, volume_api, virt), Uploads(journal, to.image_api, virt)
    volumes = HostVolumes(conductor, volume_api, driver)
    moves = Moves(
        journal, attempts, guests, uploads, volumes, info_cache, rt, conductor, rows, to.scheduler, to.compute,
        to.placement, to.image_api, ports, driver, virt,
    )  # fmt: skip
    termination: object = Termination(
        journal, conductor, rows, to.scheduler, to.placement, to.network_api, volume_api, driver
    )
    if isinstance(conductor, ClassicConductorAPI):
        termination = ClassicTermination(CleanUp(driver, to.network_api, volume_api), conductor)
    apis = conductor, rows, to.network_api, ports, volume_api
    return (
        termination,
        PowerActions(journal, attempts, guests, info_cache, driver, virt),
        moves,
        HostDevices(journal, attempts, info_cache, *apis, driver, virt),
        Snapshots(journal, attempts, uploads, to.image_api),
        Consoles(journal, attempts, virt, novncproxy_base_url),
        HostSwitch(rt.node, to.placement if rt.placement else None),
    )
