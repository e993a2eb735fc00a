"""Glance: one API process and its store of image data."""

from __future__ import annotations

from oslearn.deploy.base import Deployment
from oslearn.glance import api, models
from oslearn.glance.cleanup import Cleanup
from oslearn.glance.faults import PATHS
from oslearn.oslo.store import open_store


def start(cloud: Deployment) -> None:
    """Start it."""
    handle = cloud.database("glance", models.Base, "glance-api")
    app = api.build(handle, cloud.ids, cloud.clock, cloud.config, [cloud.auth("glance-api", open_paths=PATHS)])
    cloud.mount("image", "glance-api", app)
    cloud.manage("glance-api", Cleanup(handle, open_store(cloud.config.image_dir), cloud.clock))
