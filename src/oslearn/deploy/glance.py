"""Glance: one API process and its store of image data."""

from __future__ import annotations

from oslearn.core.glance import api, models
from oslearn.core.glance.cleanup import Cleanup
from oslearn.core.glance.faults import PATHS
from oslearn.core.oslo.store import open_store
from oslearn.deploy.base import Deployment


def start(cloud: Deployment) -> None:
    """Start it."""
    handle = cloud.database("glance", models.Base, "glance-api")
    app = api.build(handle, cloud.ids, cloud.clock, cloud.config, [cloud.auth("glance-api", open_paths=PATHS)])
    cloud.mount("image", "glance-api", app)
    cloud.manage("glance-api", Cleanup(handle, open_store(cloud.config.image_dir), cloud.clock).init_host)
