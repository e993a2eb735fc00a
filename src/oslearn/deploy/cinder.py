"""Cinder: one cinder-volume for its backend, cinder-api; with what extends them cinder-scheduler and cinder-backup."""

from __future__ import annotations

from functools import partial

from oslearn.core.cinder import models
from oslearn.core.cinder.api import app, attachments, routes
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.volume.manager import ISCSITarget, VolumeManager
from oslearn.core.cinder.volume.rpcapi import VolumeAPI, target
from oslearn.core.oslo.policy import Enforcer
from oslearn.deploy.base import Deployment
from oslearn.extensions.cinder import policies, wiring
from oslearn.extensions.cinder.routes import ROUTES
from oslearn.extensions.oslo.webob import Front, nowhere


def start(cloud: Deployment) -> None:
    """Start the processes."""
    db, rpc = cinder_db(cloud, "cinder-api"), cloud.bus.client("cinder-api")
    manager = VolumeManager(cinder_db(cloud, "cinder-volume"), ISCSITarget())
    tasks = wiring.start_processes(cloud, partial(cinder_db, cloud), manager) if cloud.extended else []
    cloud.listen("cinder-volume", target(wiring.HOST), manager, *tasks)
    policy = Enforcer(routes.RULES | (policies.RULES if cloud.extended else {}))
    guarded = cloud.extended and cloud.config.flow != "classic"
    may_end = wiring.guard(cloud) if guarded else attachments.anybody
    parts, table = attachments.parts(db, VolumeAPI(rpc), may_end), routes.ROUTES
    if cloud.extended:
        parts, table = parts | wiring.api_parts(cloud, db, policy, may_end), table + ROUTES
    layers = [Front(("v3",), nowhere, named=True)] if cloud.extended else []
    cloud.mount("volume", "cinder-api", app.build(parts, table, policy, db, [*layers, cloud.auth("cinder-api")]))


def cinder_db(cloud: Deployment, process: str) -> CinderDB:
    """A process's queries of Cinder's database."""
    return CinderDB(cloud.database("cinder", models.Base, process), cloud.ids, cloud.clock)
