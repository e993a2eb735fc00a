"""How the rest of Glance is put together, and into its API.

Interface: `extend(...)` → the parts by name, the routes to them, and the middlewares.
"""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.glance.api import Schemas
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Route
from oslearn.extensions.glance.image_data import ImageData, Uploads
from oslearn.extensions.glance.image_members import ImageMembers
from oslearn.extensions.glance.images import Catalogue, ImageActions, ImageTags
from oslearn.extensions.glance.info import Info, Metadefs, Stores
from oslearn.extensions.glance.middleware import Afterwards, Marks
from oslearn.extensions.glance.policies import RULES, ImagePolicy
from oslearn.extensions.glance.routes import ROUTES
from oslearn.extensions.glance.schemas import SCHEMAS
from oslearn.extensions.glance.tasks import Imports, TaskExecutor, Tasks
from oslearn.extensions.glance.versions import Versions
from oslearn.extensions.oslo.store import Store
from oslearn.extensions.oslo.webob import Front


def extend(
    handle: Handle, store: Store, ids: Ids, clock: Clock, config: Config, enforcer: Enforcer, known: Schemas
) -> tuple[dict[str, object], list[Route], list[object]]:
    """From here on the policy knows all operations, and clients read all schemas."""
    enforcer.rules |= RULES
    known.known |= SCHEMAS
    policy = ImagePolicy(enforcer)
    uploads = Uploads(handle, store, clock, config.image_size_cap)
    executor = TaskExecutor(handle, store, clock, uploads)
    versions = Versions()
    parts: dict[str, object] = {
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
    return parts, ROUTES, [Afterwards(executor), Marks(), Front(("v2", "versions"), versions.index)]
