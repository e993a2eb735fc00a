"""nova-conductor's work beyond a boot, put beside the core's.

Interface: `extend_conductor`.
"""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.tasks import ComputeTaskManager, Holdings
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.bus import Bus
from oslearn.extensions.nova.conductor.audit import Audit
from oslearn.extensions.nova.conductor.moves import MoveTasks
from oslearn.extensions.nova.conductor.rows import Rows
from oslearn.extensions.nova.conductor.unfinished import ClassicBuilds, Unfinished
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.network.ports import HostPorts
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


def extend_conductor(
    db: ExtendedDB,
    builds: ComputeTaskManager | None,
    scheduler: SchedulerAPI,
    compute: ComputeAPI,
    placement: SchedulerReportClient,
    holdings: Holdings,
    image_api: ImageAPI,
    volume_api: VolumeAPI,
    admin: Client,
    bus: Bus,
    config: Config,
) -> tuple[list[object], Unfinished]:
    """Further endpoints: rows that hosts may change, tasks that take several hosts; and who ends what was left undone.

    Without `builds` of today a build is one of 2013.
    """
    assert isinstance(volume_api, ExtendedVolumeAPI)
    assert isinstance(image_api, ExtendedImageAPI)
    assert isinstance(placement, ExtendedReportClient)
    audit = Audit(db, compute, holdings, placement if builds else None, HostPorts(admin), volume_api, bus)
    unfinished = Unfinished(
        db,
        builds or ClassicBuilds(db, holdings),
        compute,
        placement,
        holdings,
        image_api,
        volume_api,
        audit,
        bus,
        config,
    )
    return [Rows(db), MoveTasks(db, scheduler, compute, placement, volume_api)], unfinished
