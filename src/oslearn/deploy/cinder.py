"""Cinder: one cinder-volume for its backend, cinder-api; with what extends them cinder-scheduler and cinder-backup."""

from __future__ import annotations

from functools import partial

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


def start(cloud: Deployment) -> None:
    """Start the processes."""
    db, auth = cinder_db(cloud, "cinder-api"), cloud.auth("cinder-api")
    manager, tasks = VolumeManager(cinder_db(cloud, "cinder-volume"), ISCSITarget()), list[object]()
    if cloud.extended:
        tasks = wiring.start_processes(cloud, partial(cinder_db, cloud), manager)
        application = wiring.application(cloud, db, auth, guarded=cloud.config.flow != "classic")
    else:
        parts, layers = attachments.parts(db, VolumeAPI(cloud.bus.client("cinder-api"))), [auth, app.Gate(ROUTES)]
        door = app.CinderDoor(Enforcer(RULES), db)
        application = Application(parts, ROUTES, app.fault, cloud.ids, [*layers, app.MICROVERSIONS], door)
    cloud.listen("cinder-volume", target(HOST), manager, *tasks)
    cloud.mount("volume", "cinder-api", application)


def cinder_db(cloud: Deployment, process: str) -> CinderDB:
    """A process's queries of Cinder's database."""
    return CinderDB(cloud.database("cinder", models.Base, process), cloud.ids, cloud.clock)
