"""Glance: one API process and its store of image data."""

from __future__ import annotations

from oslearn.deploy.base import Deployment
from oslearn.glance import api, models
from oslearn.glance.faults import PATHS


def start(cloud: Deployment) -> None:
    """Start it."""
    handle = cloud.database("glance", models.Base, "glance-api")
    app = api.build(handle, cloud.ids, cloud.clock, cloud.config, [cloud.auth("glance-api", open_paths=PATHS)])
    cloud.mount("image", "glance-api", app)
