"""Glance: one API process and its store of image data."""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.glance import api, models
from oslearn.core.glance.api import PATHS, Confirmed
from oslearn.core.keystonemiddleware.auth_token import AuthProtocol
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door, page
from oslearn.deploy.base import Deployment
from oslearn.extensions.glance import wiring
from oslearn.extensions.glance.cleanup import Cleanup
from oslearn.extensions.oslo import webob
from oslearn.extensions.oslo.store import open_store


def start(cloud: Deployment) -> None:
    """Start it on its database."""
    handle, auth = cloud.database("glance", models.Base, "glance-api"), cloud.auth("glance-api", open_paths=PATHS)
    app = build(handle, cloud.ids, cloud.clock, cloud.config, auth, extended=cloud.extended)
    cloud.mount("image", "glance-api", app)
    if cloud.extended:
        cloud.manage("glance-api", Cleanup(handle, open_store(cloud.config.image_dir), cloud.clock).init_host)


def build(
    handle: Handle, ids: Ids, clock: Clock, config: Config, auth: AuthProtocol, *, extended: bool = True
) -> Application:
    """The process glance-api."""
    enforcer, known = Enforcer(api.RULES, api.REFUSED), api.Schemas({"image": api.IMAGE})
    parts: dict[str, object] = {"images": api.Images(handle), "schemas": known}
    routes, layers = api.ROUTES, list[object]([Confirmed(auth)])
    if extended:
        more = wiring.extend(handle, open_store(config.image_dir), ids, clock, config, enforcer, known)
        parts, routes, layers = parts | more[0], routes + more[1], more[2] + layers
    app = Application(parts, routes, webob.page if extended else page, ids, layers, Door(enforcer))
    app.unnamed = PATHS
    return app
