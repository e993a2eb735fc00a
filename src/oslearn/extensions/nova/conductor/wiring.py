"""nova-conductor's work beyond a boot, put beside the core's.

Interface: `more_endpoints`, `after_failures`.
"""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.tasks import ComputeTaskManager, Holdings
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
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


def more_endpoints(
    db: ExtendedDB,
    scheduler: SchedulerAPI,
    compute: ComputeAPI,
    placement: ExtendedReportClient,
    volume_api: ExtendedVolumeAPI,
) -> tuple[Rows, MoveTasks]:
    """Rows that hosts may change, and tasks that take several hosts."""
    return Rows(db), MoveTasks(db, scheduler, compute, placement, volume_api)


def after_failures(
    db: ExtendedDB,
    builds: ComputeTaskManager | None,
    compute: ComputeAPI,
    placement: ExtendedReportClient,
    holdings: Holdings,
    image_api: ExtendedImageAPI,
    volume_api: ExtendedVolumeAPI,
    admin: Client,
    bus: Bus,
    config: Config,
) -> Unfinished:
    """Who ends what was left undone. Without `builds` of today a build is one of 2013."""
    audit = Audit(db, compute, holdings, placement if builds else None, HostPorts(admin), volume_api, bus)
    return Unfinished(
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
