"""Cinder: cinder-scheduler, one cinder-volume for its backend, cinder-api."""

from __future__ import annotations

from sqlalchemy import select

from oslearn.cinder import models
from oslearn.cinder.api import app
from oslearn.cinder.api.types import DEFAULT_TYPE
from oslearn.cinder.compute import NovaClient
from oslearn.cinder.db import CinderDB
from oslearn.cinder.image.glance import GlanceClientWrapper
from oslearn.cinder.scheduler import rpcapi as scheduler_rpc
from oslearn.cinder.scheduler.manager import SchedulerManager
from oslearn.cinder.volume import rpcapi as volume_rpc
from oslearn.cinder.volume.cleanup import CleanableManager
from oslearn.cinder.volume.driver import VolumeDriver
from oslearn.cinder.volume.manager import VolumeManager
from oslearn.deploy.base import Deployment
from oslearn.oslo.context import RequestContext

CONTROLLER, BACKEND = "controller", "lvm"
HOST = f"{CONTROLLER}@{BACKEND}"
SERVICES = (("cinder-scheduler", CONTROLLER), ("cinder-volume", HOST))


def start(cloud: Deployment) -> None:
    """Start the processes; what a fresh database lacks is made."""
    db = cinder_db(cloud, "cinder-api")
    prepare(db, cloud.config.availability_zone)

    def is_up(binary: str, host: str) -> bool:
        return cloud.bus.is_up(scheduler_rpc.TARGET if binary == "cinder-scheduler" else volume_rpc.target(host))

    stub = volume_rpc.VolumeAPI(cloud.client("cinder-scheduler"))
    scheduler = SchedulerManager(cinder_db(cloud, "cinder-scheduler"), stub, is_up)
    cloud.listen("cinder-scheduler", scheduler_rpc.TARGET, scheduler)
    volume = VolumeManager(
        HOST, cinder_db(cloud, "cinder-volume"), VolumeDriver(BACKEND), image(cloud, "cinder-volume")
    )
    cloud.listen("cinder-volume", volume_rpc.target(HOST), volume)
    cloud.manage("cinder-volume", CleanableManager(volume, cloud.bus.concerns))
    volume.publish_service_capabilities(cloud.client("cinder-volume"), RequestContext(f"req-{cloud.ids.uuid()}"))
    cloud.bus.drain()
    rpc, auth = cloud.client("cinder-api"), cloud.auth("cinder-api")
    nova = NovaClient(cloud.rest("cinder-api", "cinder", "compute")) if cloud.config.flow != "classic" else None
    glance = image(cloud, "cinder-api")
    cloud.mount("volume", "cinder-api", app.build(db, cloud.config, rpc, is_up, glance, nova, [auth]))


def prepare(db: CinderDB, zone: str) -> None:
    """Every volume has a type and a service, so they are there from the start."""
    with db.session() as session:
        if session.scalar(select(models.VolumeType).where(models.VolumeType.name == DEFAULT_TYPE)) is None:
            db.new(session, models.VolumeType, name=DEFAULT_TYPE, description="Default Volume Type")
            for binary, host in SERVICES:
                db.new(session, models.Service, binary=binary, host=host, availability_zone=zone)


def cinder_db(cloud: Deployment, process: str) -> CinderDB:
    """A process's queries of Cinder's database."""
    return CinderDB(cloud.database("cinder", models.Base, process), cloud.ids, cloud.clock)


def image(cloud: Deployment, process: str) -> GlanceClientWrapper:
    """A process's client of Glance."""
    return GlanceClientWrapper(cloud.rest(process, "cinder", "image"))
