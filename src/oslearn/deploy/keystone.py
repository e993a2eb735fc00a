"""Keystone: one API process. It comes first: every other service asks it about tokens."""

from __future__ import annotations

from functools import partial

from oslearn.core.config import Config
from oslearn.core.keystone import api, models
from oslearn.core.keystone.api import Guard
from oslearn.core.keystone.auth import Authenticator
from oslearn.core.keystone.bootstrap import bootstrap, project_id
from oslearn.core.keystone.catalog import Catalog
from oslearn.core.keystone.identity import Changes, Identity
from oslearn.core.keystone.token import Provider
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.wsgi import Application
from oslearn.deploy.base import Deployment
from oslearn.extensions.keystone import routes, wiring
from oslearn.extensions.keystone.manager import Backend
from oslearn.extensions.keystonemiddleware.access_rules import hold


def start(cloud: Deployment) -> str:
    """Start it with its first accounts and the catalog; returns the id of the project `service`."""
    handle = cloud.database("keystone", models.Base, "keystone")
    app = build(handle, cloud.ids, cloud.clock, cloud.config, extended=cloud.extended)
    bootstrap(handle, cloud.ids, cloud.config, cloud.passwords, keep=cloud.remembered)
    cloud.mount("identity", "keystone", app)
    return project_id(handle, "service")


def build(handle: Handle, ids: Ids, clock: Clock, config: Config, *, extended: bool = True) -> Application:
    """The application: its parts, and who is told of a change to forget what it remembers."""
    provider, catalog, changes = Provider(handle, ids, clock, config.token_expiration), Catalog(handle), Changes()
    changes.listeners += [provider.forget, catalog.forget]
    identity, guard = Identity(handle, changes, config.password_hash_cost), Guard(provider)
    authenticator = Authenticator(handle, provider, identity)
    tokens = api.Tokens(guard, authenticator, catalog)
    parts: dict[str, object] = {"tokens": tokens}
    table = api.ROUTES
    if extended:
        guard.checks.append(partial(hold, ("identity",)))
        backend = Backend(handle, ids, clock, changes, config.password_hash_cost)
        parts |= wiring.extend(backend, identity, guard, catalog, authenticator, tokens)
        table = routes.answering_head(table + routes.ROUTES)
    errors = api.fault(f"{config.endpoint('identity')}/v3")
    return Application(parts, table, errors, ids, unexpected=api.UNEXPECTED)
