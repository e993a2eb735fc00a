"""Keystone: one API process. It comes first: every other service asks it about tokens."""

from __future__ import annotations

from functools import partial

from oslearn.core.keystone import api, models
from oslearn.core.keystone.api import Catalog, Guard, Tokens
from oslearn.core.keystone.auth import Authenticator, Identity
from oslearn.core.keystone.bootstrap import bootstrap, project_id
from oslearn.core.keystone.token import Provider
from oslearn.core.oslo.wsgi import Application
from oslearn.deploy.base import Deployment
from oslearn.extensions.keystone import wiring
from oslearn.extensions.keystonemiddleware.access_rules import hold


def start(cloud: Deployment) -> str:
    """Start it with its first accounts and the catalog; returns the id of the project `service`."""
    handle, ids, config = cloud.database("keystone", models.Base, "keystone"), cloud.ids, cloud.config
    if cloud.extended:
        app = wiring.application(handle, ids, cloud.clock, config, partial(hold, ("identity",)))
    else:
        provider = Provider(handle, ids, cloud.clock, config.token_expiration)
        authenticator = Authenticator(handle, provider, Identity(handle, config.password_hash_cost))
        parts = {"tokens": Tokens(Guard(provider), authenticator, Catalog(handle))}
        errors = api.fault(f"{config.endpoint('identity')}/v3")
        app = Application(parts, api.ROUTES, errors, ids, unexpected=api.UNEXPECTED)
    bootstrap(handle, ids, config, cloud.passwords, keep=cloud.remembered)
    cloud.mount("identity", "keystone", app)
    return project_id(handle, "service")
