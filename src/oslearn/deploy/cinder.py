"""Cinder: one cinder-volume for its backend, cinder-api; with what extends them cinder-scheduler and cinder-backup."""

from __future__ import annotations

from oslearn.core.cinder import models
from oslearn.core.cinder.api import app, routes
from oslearn.core.cinder.api.attachments import anybody
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.volume import rpcapi as volume_rpc
from oslearn.core.cinder.volume.manager import VolumeManager
from oslearn.core.cinder.volume.targets import ISCSITarget
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.policy import Enforcer
from oslearn.deploy.base import Deployment
from oslearn.extensions.cinder import compute, policies, wiring
from oslearn.extensions.cinder import routes as more
from oslearn.extensions.cinder.backup import rpcapi as backup_rpc
from oslearn.extensions.cinder.backup.manager import BackupManager
from oslearn.extensions.cinder.image.glance import GlanceClientWrapper
from oslearn.extensions.cinder.scheduler import rpcapi as scheduler_rpc
from oslearn.extensions.cinder.scheduler.manager import SchedulerManager
from oslearn.extensions.cinder.volume.cleanup import CleanableManager
from oslearn.extensions.cinder.volume.driver import VolumeDriver
from oslearn.extensions.cinder.volume.manager import VolumeTasks
from oslearn.extensions.cinder.volume.rpcapi import TaskAPI

CONTROLLER, BACKEND, BACKUP = "controller", "lvm", "cinder-backup"
HOST = f"{CONTROLLER}@{BACKEND}"
SERVICES = (("cinder-scheduler", CONTROLLER), ("cinder-volume", HOST))


def start(cloud: Deployment) -> None:
    """Start the processes."""
    db, rpc = cinder_db(cloud, "cinder-api"), cloud.client("cinder-api")
    manager = VolumeManager(cinder_db(cloud, "cinder-volume"), ISCSITarget())
    policy = Enforcer(routes.RULES | (policies.RULES if cloud.extended else {}))
    if cloud.extended:
        start_extensions(cloud, db, manager)
        nova = compute.NovaClient(cloud.rest("cinder-api", "cinder", "compute"))
        may_end = compute.may_end(nova if cloud.config.flow != "classic" else None)
        needs = wiring.ApiNeeds(
            db, cloud.config, policy, rpc, image(cloud, "cinder-api"), may_end, lambda *who: is_up(cloud, *who)
        )
        parts = app.parts(db, volume_rpc.VolumeAPI(rpc), policy, may_end) | wiring.api_parts(needs)
        table = routes.ROUTES + more.ROUTES
    else:
        cloud.listen("cinder-volume", volume_rpc.target(HOST), manager)
        parts, table = app.parts(db, volume_rpc.VolumeAPI(rpc), policy, anybody), routes.ROUTES
    cloud.mount("volume", "cinder-api", app.build(parts, table, policy, db, cloud.auth("cinder-api")))


def start_extensions(cloud: Deployment, db: CinderDB, manager: VolumeManager) -> None:
    """Start cinder-scheduler and cinder-backup, and cinder-volume with all it can do; fill a fresh database."""
    wiring.prepare(db, cloud.config.availability_zone, SERVICES, (BACKUP, CONTROLLER))
    rpc = cloud.client("cinder-scheduler")
    stubs = TaskAPI(rpc), backup_rpc.BackupAPI(rpc)
    scheduler = SchedulerManager(cinder_db(cloud, "cinder-scheduler"), *stubs, lambda *who: is_up(cloud, *who))
    cloud.listen("cinder-scheduler", scheduler_rpc.TARGET, scheduler)
    rpc = cloud.client("cinder-volume")
    clients = image(cloud, "cinder-volume"), backup_rpc.BackupAPI(rpc)
    tasks = VolumeTasks(HOST, manager.db, VolumeDriver(BACKEND), *clients, manager)
    cloud.listen("cinder-volume", volume_rpc.target(HOST), manager, tasks)
    swift, stub = cloud.rest(BACKUP, "cinder", "object-store"), TaskAPI(cloud.client(BACKUP))
    backup_db, zone = cinder_db(cloud, BACKUP), cloud.config.availability_zone
    backup = BackupManager(CONTROLLER, zone, backup_db, swift, stub, cloud.bus.concerns)
    cloud.listen(BACKUP, backup_rpc.target(CONTROLLER), backup)
    cloud.manage(BACKUP, backup.init_host, backup.periodic_tasks)
    cleanable = CleanableManager(tasks, cloud.bus.concerns)
    cloud.manage("cinder-volume", cleanable.init_host, cleanable.periodic_tasks)
    tasks.publish_service_capabilities(rpc, RequestContext(f"req-{cloud.ids.uuid()}"))
    cloud.bus.drain()


def is_up(cloud: Deployment, binary: str, host: str) -> bool:
    """Whether a process listens on the bus."""
    targets = {"cinder-scheduler": scheduler_rpc.TARGET, BACKUP: backup_rpc.target(host)}
    return cloud.bus.is_up(targets.get(binary, volume_rpc.target(host)))


def cinder_db(cloud: Deployment, process: str) -> CinderDB:
    """A process's queries of Cinder's database."""
    return CinderDB(cloud.database("cinder", models.Base, process), cloud.ids, cloud.clock)


def image(cloud: Deployment, process: str) -> GlanceClientWrapper:
    """A process's client of Glance."""
    return GlanceClientWrapper(cloud.rest(process, "cinder", "image"))
