"""Glance: one API process and its store of image data."""

from __future__ import annotations

from oslearn.deploy.base import Deployment
from oslearn.glance import api, models


def start(cloud: Deployment) -> None:
    """Start it."""
    handle = cloud.database("glance", models.Base, "glance-api")
    app = api.build(handle, cloud.ids, cloud.clock, cloud.config, [cloud.auth("glance-api")])
    cloud.mount("image", "glance-api", app)
