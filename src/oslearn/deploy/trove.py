"""Trove: trove-api and trove-taskmanager. It starts last: it is a client of all others."""

from __future__ import annotations

from functools import partial

from oslearn.core.oslo.wsgi import Application
from oslearn.deploy.base import Deployment
from oslearn.extensions.oslo.webob import Front, nowhere
from oslearn.extensions.trove import models, wiring
from oslearn.extensions.trove.api import fault
from oslearn.extensions.trove.base import Enter
from oslearn.extensions.trove.clients import Services
from oslearn.extensions.trove.routes import ROUTES
from oslearn.extensions.trove.rpcapi import TARGET, TaskManagerAPI

SERVICES = ("compute", "volume", "image", "object-store")


def start(cloud: Deployment) -> None:
    """Start both, the task manager first: the API casts to it."""
    start_taskmanager(cloud)
    start_api(cloud)


def start_taskmanager(cloud: Deployment) -> None:
    """The process trove-taskmanager, which has databases made."""
    services = Services(*map(partial(cloud.rest, "trove-taskmanager", "trove"), SERVICES))
    handle = cloud.database("trove", models.Base, "trove-taskmanager")
    api = TaskManagerAPI(cloud.bus.client("trove-taskmanager"))
    manager, cleanup = wiring.taskmanager(handle, cloud.clock, api, services, cloud.bus.concerns)
    cloud.listen("trove-taskmanager", TARGET, manager)
    cloud.manage("trove-taskmanager", cleanup.init_host, cleanup.periodic_tasks)


def start_api(cloud: Deployment) -> None:
    """The process trove-api."""
    handle, api = cloud.database("trove", models.Base, "trove-api"), TaskManagerAPI(cloud.bus.client("trove-api"))
    nova, auth = cloud.rest("trove-api", "trove", "compute"), cloud.auth("trove-api")
    parts = wiring.api_parts(handle, cloud.ids, cloud.clock, cloud.config, api, nova)
    layers = [Front(("v1.0",), nowhere), auth, Enter()]
    cloud.mount("database", "trove-api", Application(parts, ROUTES, fault, cloud.ids, layers))
