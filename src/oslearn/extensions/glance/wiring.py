"""How the rest of Glance is put together, and into its API.

Interface: `application(...)` → the process glance-api, whole.
"""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.glance import api
from oslearn.core.keystonemiddleware.auth_token import AuthProtocol
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door
from oslearn.extensions.glance.image_data import ImageData, Uploads
from oslearn.extensions.glance.image_members import ImageMembers
from oslearn.extensions.glance.images import Catalogue, ImageActions, ImageTags
from oslearn.extensions.glance.info import Info, Metadefs, Stores, Versions
from oslearn.extensions.glance.middleware import Afterwards, Confirmed, Marks
from oslearn.extensions.glance.policies import RULES, ImagePolicy
from oslearn.extensions.glance.routes import ROUTES
from oslearn.extensions.glance.schemas import SCHEMAS
from oslearn.extensions.glance.tasks import Imports, TaskExecutor, Tasks
from oslearn.extensions.oslo.store import open_store
from oslearn.extensions.oslo.webob import Front, page


def application(handle: Handle, ids: Ids, clock: Clock, config: Config, auth: AuthProtocol) -> Application:
    """The process glance-api."""
    store, enforcer = open_store(config.image_dir), Enforcer(api.RULES | RULES, api.REFUSED)
    policy = ImagePolicy(enforcer)
    uploads = Uploads(handle, store, clock, config.image_size_cap)
    executor = TaskExecutor(handle, store, clock, uploads)
    versions = Versions()
    parts: dict[str, object] = {
        "images": api.Images(handle),
        "schemas": api.Schemas({"image": api.IMAGE} | SCHEMAS),
        "versions": versions,
        "catalogue": Catalogue(handle, store, ids, clock, config, policy, uploads),
        "tags": ImageTags(handle, clock, config, policy),
        "actions": ImageActions(handle, clock, policy),
        "members": ImageMembers(handle, clock, config, policy),
        "data": ImageData(handle, store, clock, policy, uploads),
        "imports": Imports(handle, ids, clock, policy, executor),
        "tasks": Tasks(handle),
        "info": Info(config.image_dir),
        "stores": Stores(handle, policy),
        "metadefs": Metadefs(),
    }
    layers = [Afterwards(executor), Marks(), Front(("v2", "versions"), versions.index), Confirmed(auth)]
    app = Application(parts, api.ROUTES + ROUTES, page, ids, layers, Door(enforcer))
    app.unnamed = api.PATHS
    return app
