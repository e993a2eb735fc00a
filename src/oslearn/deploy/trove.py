"""Trove: trove-api and trove-taskmanager. It starts last: it is a client of all others."""

from __future__ import annotations

from functools import partial

from oslearn.deploy.base import Deployment
from oslearn.extensions.trove import api, models
from oslearn.extensions.trove.cleanup import Cleanup
from oslearn.extensions.trove.taskmanager import TARGET, Manager


def start(cloud: Deployment) -> None:
    """Start them."""
    rest = partial(cloud.rest, "trove-taskmanager", "trove")
    handle = cloud.database("trove", models.Base, "trove-taskmanager")
    manager = Manager(handle, cloud.clock, cloud.client("trove-taskmanager"), rest)
    cloud.listen("trove-taskmanager", TARGET, manager)
    cleanup = Cleanup(manager, cloud.bus.concerns)
    cloud.manage("trove-taskmanager", cleanup.init_host, cleanup.periodic_tasks)
    handle, rpc = cloud.database("trove", models.Base, "trove-api"), cloud.client("trove-api")
    nova, auth = cloud.rest("trove-api", "trove", "compute"), cloud.auth("trove-api")
    app = api.build(handle, cloud.ids, cloud.clock, cloud.config, rpc, nova, [auth])
    cloud.mount("database", "trove-api", app)
