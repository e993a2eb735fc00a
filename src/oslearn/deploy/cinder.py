"""Cinder: one cinder-volume for its backend, cinder-api; with what extends them cinder-scheduler and cinder-backup."""

from __future__ import annotations

from oslearn.core.cinder import models
from oslearn.core.cinder.api import app, attachments
from oslearn.core.cinder.api.routes import ROUTES, RULES
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.volume.manager import ISCSITarget, VolumeManager
from oslearn.core.cinder.volume.rpcapi import HOST, VolumeAPI, target
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application
from oslearn.deploy.base import Deployment
from oslearn.extensions.cinder import wiring
from oslearn.extensions.cinder.volume.manager import VolumeTasks


def start(cloud: Deployment) -> None:
    """Start the processes in order."""
    start_api(cloud)
    if cloud.extended:
        start_scheduler(cloud)
        start_backup(cloud)
    start_volume(cloud)


def start_api(cloud: Deployment) -> None:
    """The process cinder-api: the core's alone, or whole."""
    db, auth = cinder_db(cloud, "cinder-api"), cloud.auth("cinder-api")
    if cloud.extended:
        wiring.prepare(db, cloud.config.availability_zone)
        application = wiring.application(cloud, db, auth, guarded=cloud.config.flow != "classic")
    else:
        parts, layers = attachments.parts(db, VolumeAPI(cloud.bus.client("cinder-api"))), [auth, app.Gate(ROUTES)]
        door = app.CinderDoor(Enforcer(RULES), db)
        application = Application(parts, ROUTES, app.fault, cloud.ids, [*layers, app.MICROVERSIONS], door)
    cloud.mount("volume", "cinder-api", application)


def start_scheduler(cloud: Deployment) -> None:
    """The process cinder-scheduler, which chooses a backend."""
    wiring.start_scheduler(cloud, cinder_db(cloud, "cinder-scheduler"))


def start_backup(cloud: Deployment) -> None:
    """The process cinder-backup, which keeps copies in Swift."""
    wiring.start_backup(cloud, cinder_db(cloud, wiring.BACKUP))


def start_volume(cloud: Deployment) -> list[VolumeTasks]:
    """The process cinder-volume of the one backend; what else it can do."""
    manager = VolumeManager(cinder_db(cloud, "cinder-volume"), ISCSITarget())
    tasks = [wiring.volume_tasks(cloud, manager)] if cloud.extended else []
    cloud.listen("cinder-volume", target(HOST), manager, *tasks)
    return tasks


def cinder_db(cloud: Deployment, process: str) -> CinderDB:
    """A process's queries of Cinder's database."""
    return CinderDB(cloud.database("cinder", models.Base, process), cloud.ids, cloud.clock)
