"""Cinder: one API process."""

from __future__ import annotations

from oslearn.cinder import api, models
from oslearn.deploy.base import Deployment


def start(cloud: Deployment) -> None:
    """Start it."""
    handle = cloud.database("cinder", models.Base, "cinder-api")
    app = api.build(handle, cloud.ids, cloud.clock, cloud.config, [cloud.auth("cinder-api")])
    cloud.mount("volume", "cinder-api", app)
