"""Keystone: one API process. It comes first: every other service asks it about tokens."""

from __future__ import annotations

from oslearn.core.keystone import api, models
from oslearn.core.keystone.bootstrap import bootstrap
from oslearn.deploy.base import Deployment


def start(cloud: Deployment) -> str:
    """Start it with its first accounts and the catalog; returns the id of the project `service`."""
    handle = cloud.database("keystone", models.Base, "keystone")
    app, made = api.build(handle, cloud.ids, cloud.clock, cloud.config)
    bootstrap(made, cloud.config, cloud.passwords, keep=cloud.remembered)
    cloud.mount("identity", "keystone", app)
    return str(made.identity.find("project", "service")[0].id)
