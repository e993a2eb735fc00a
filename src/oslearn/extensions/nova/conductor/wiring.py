"""nova-conductor's work beyond a boot, put beside the core's.

Interface: `extend_conductor`.
"""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.nova.compute.manager import Calls
from oslearn.core.nova.conductor.tasks import Builds, Holdings
from oslearn.core.oslo.messaging import Bus
from oslearn.extensions.nova.conductor.audit import Audit
from oslearn.extensions.nova.conductor.moves import MoveTasks
from oslearn.extensions.nova.conductor.retries import Retries
from oslearn.extensions.nova.conductor.rows import Rows
from oslearn.extensions.nova.conductor.unfinished import ClassicBuilds, Unfinished
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.network.instance_ports import HostPorts
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


def extend_conductor(
    db: ExtendedDB, builds: Builds | None, calls: Calls, holdings: Holdings, bus: Bus, config: Config
) -> tuple[list[object], Unfinished]:
    """Further endpoints: rows that hosts may change, tasks that take several hosts; and who ends what was left undone.

    Without `builds` of today a build is one of 2013.
    """
    if builds:
        db.cells.create()
    db.services.create((f"nova-{topic}", "controller", topic) for topic in ("conductor", "scheduler"))
    placement, volume_api = ExtendedReportClient(calls.placement.client), ExtendedVolumeAPI.of(calls.volume_api)
    claims, ports, compute = placement if builds else None, HostPorts(calls.admin), calls.compute
    audit = Audit(db, compute, holdings, claims, ports, volume_api, bus)
    image_api, done = ExtendedImageAPI.of(calls.image_api), builds or ClassicBuilds(db, holdings)
    unfinished = Unfinished(db, done, placement, image_api, audit, config)
    endpoints: list[object] = [Rows(db), MoveTasks(db, calls.scheduler, compute, placement, volume_api)]
    if builds:
        endpoints.append(Retries(builds, calls, config.max_attempts))
    return endpoints, unfinished
