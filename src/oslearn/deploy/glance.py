"""Glance: one API process and its store of image data."""

from __future__ import annotations

from oslearn.core.glance import api, models
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door, page
from oslearn.deploy.base import Deployment
from oslearn.extensions.glance import wiring
from oslearn.extensions.glance.domain import Cleanup
from oslearn.extensions.oslo.store import open_store


def start(cloud: Deployment) -> None:
    """Start it on its database."""
    handle, auth = cloud.database("glance", models.Base, "glance-api"), cloud.auth("glance-api", open_paths=api.PATHS)
    if cloud.extended:
        app = wiring.application(handle, cloud.ids, cloud.clock, cloud.config, auth)
        cloud.manage("glance-api", Cleanup(handle, open_store(cloud.config.image_dir), cloud.clock).init_host)
    else:
        parts = {"images": api.Images(handle), "schemas": api.Schemas({"image": api.IMAGE})}
        app = Application(parts, api.ROUTES, page, cloud.ids, [auth], Door(Enforcer(api.RULES, api.REFUSED)))
    cloud.mount("image", "glance-api", app)
