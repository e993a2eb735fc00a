"""Keystone: one API process. It comes first: every other service asks it about tokens."""

from __future__ import annotations

from functools import partial

from oslearn.core.config import Config
from oslearn.core.keystone import api, models
from oslearn.core.keystone.api import Catalog, Guard, Tokens
from oslearn.core.keystone.auth import Authenticator, Identity
from oslearn.core.keystone.bootstrap import bootstrap, project_id
from oslearn.core.keystone.token import Provider
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.wsgi import Application
from oslearn.deploy.base import Deployment
from oslearn.extensions.keystone import routes, wiring
from oslearn.extensions.keystone.api import auth
from oslearn.extensions.keystone.auth import EveryAuthenticator, EveryProvider
from oslearn.extensions.keystone.identity import WatchfulIdentity
from oslearn.extensions.keystone.manager import Backend, Changes
from oslearn.extensions.keystone.wiring import Collections
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
    cost, life, uri = config.password_hash_cost, config.token_expiration, f"{config.endpoint('identity')}/v3"
    catalog = Catalog(handle)
    if not extended:
        provider = Provider(handle, ids, clock, life)
        tokens = Tokens(Guard(provider), Authenticator(handle, provider, Identity(handle, cost)), catalog)
        return Application({"tokens": tokens}, api.ROUTES, api.fault(uri), ids, unexpected=api.UNEXPECTED)
    changes = Changes(catalog.forget)
    identity, backend = WatchfulIdentity(handle, cost, changes), Backend(handle, ids, clock, changes, cost)
    has = Collections.of(backend, identity)
    provider = EveryProvider(handle, ids, clock, life, has.credentials)
    changes.listeners.append(provider.forget)
    tokens = Tokens(Guard(provider), EveryAuthenticator(handle, provider, identity, has.credentials), catalog)
    tokens.guard.checks.append(partial(hold, ("identity",)))
    parts = {"tokens": tokens} | wiring.extend(backend, has, tokens)
    table = routes.answering_head(api.ROUTES + routes.ROUTES)
    return Application(parts, table, auth.fault(uri), ids, unexpected=api.UNEXPECTED)
