"""Cinder: cinder-scheduler, one cinder-volume for its backend, cinder-backup, cinder-api."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy import select

from oslearn.core.cinder import models
from oslearn.core.cinder.api import app
from oslearn.core.cinder.api.types import DEFAULT_TYPE
from oslearn.core.cinder.backup import rpcapi as backup_rpc
from oslearn.core.cinder.backup.manager import BackupManager
from oslearn.core.cinder.compute import NovaClient
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.image.glance import GlanceClientWrapper
from oslearn.core.cinder.scheduler import rpcapi as scheduler_rpc
from oslearn.core.cinder.scheduler.manager import SchedulerManager
from oslearn.core.cinder.volume import rpcapi as volume_rpc
from oslearn.core.cinder.volume.cleanup import CleanableManager
from oslearn.core.cinder.volume.driver import VolumeDriver
from oslearn.core.cinder.volume.manager import VolumeManager
from oslearn.core.oslo.context import RequestContext
from oslearn.deploy.base import Deployment

CONTROLLER, BACKEND = "controller", "lvm"
HOST = f"{CONTROLLER}@{BACKEND}"
SERVICES = (("cinder-scheduler", CONTROLLER), ("cinder-volume", HOST))
BACKUP = "cinder-backup"


def start(cloud: Deployment) -> None:
    """Start the processes; what a fresh database lacks is made."""
    db = cinder_db(cloud, "cinder-api")
    prepare(db, cloud.config.availability_zone)

    def is_up(binary: str, host: str) -> bool:
        targets = {"cinder-scheduler": scheduler_rpc.TARGET, BACKUP: backup_rpc.target(host)}
        return cloud.bus.is_up(targets.get(binary, volume_rpc.target(host)))

    rpc = cloud.client("cinder-scheduler")
    stubs = volume_rpc.VolumeAPI(rpc), backup_rpc.BackupAPI(rpc)
    scheduler = SchedulerManager(cinder_db(cloud, "cinder-scheduler"), *stubs, is_up)
    cloud.listen("cinder-scheduler", scheduler_rpc.TARGET, scheduler)
    clients = image(cloud, "cinder-volume"), backup_rpc.BackupAPI(cloud.client("cinder-volume"))
    volume = VolumeManager(HOST, cinder_db(cloud, "cinder-volume"), VolumeDriver(BACKEND), *clients)
    cloud.listen("cinder-volume", volume_rpc.target(HOST), volume)
    start_backup(cloud)
    cleanable = CleanableManager(volume, cloud.bus.concerns)
    cloud.manage("cinder-volume", cleanable.init_host, cleanable.periodic_tasks)
    volume.publish_service_capabilities(cloud.client("cinder-volume"), RequestContext(f"req-{cloud.ids.uuid()}"))
    cloud.bus.drain()
    rpc, auth = cloud.client("cinder-api"), cloud.auth("cinder-api")
    nova = NovaClient(cloud.rest("cinder-api", "cinder", "compute")) if cloud.config.flow != "classic" else None
    glance = image(cloud, "cinder-api")
    cloud.mount("volume", "cinder-api", app.build(db, cloud.config, rpc, is_up, glance, nova, [auth]))


def start_backup(cloud: Deployment) -> None:
    """Start cinder-backup."""
    swift, stub = cloud.rest(BACKUP, "cinder", "object-store"), volume_rpc.VolumeAPI(cloud.client(BACKUP))
    db, zone = cinder_db(cloud, BACKUP), cloud.config.availability_zone
    backup = BackupManager(CONTROLLER, zone, db, swift, stub, cloud.bus.concerns)
    cloud.listen(BACKUP, backup_rpc.target(CONTROLLER), backup)
    cloud.manage(BACKUP, backup.init_host, backup.periodic_tasks)


def prepare(db: CinderDB, zone: str) -> None:
    """Every volume has a type and a service, so they are there from the start."""
    with db.session() as session:
        if session.scalar(select(models.VolumeType).where(models.VolumeType.name == DEFAULT_TYPE)) is None:
            db.new(session, models.VolumeType, name=DEFAULT_TYPE, description="Default Volume Type")
            for binary, host in SERVICES:
                made = db.new(session, models.Service, binary=binary, host=host, availability_zone=zone)
            # It takes neither an id nor a moment: those of a seeded cloud are on the pages.
            name = {"id": str(uuid5(NAMESPACE_DNS, BACKUP)), "created_at": made.created_at}
            session.add(models.Service(binary=BACKUP, host=CONTROLLER, availability_zone=zone, **name))


def cinder_db(cloud: Deployment, process: str) -> CinderDB:
    """A process's queries of Cinder's database."""
    return CinderDB(cloud.database("cinder", models.Base, process), cloud.ids, cloud.clock)


def image(cloud: Deployment, process: str) -> GlanceClientWrapper:
    """A process's client of Glance."""
    return GlanceClientWrapper(cloud.rest(process, "cinder", "image"))
