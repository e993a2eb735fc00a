"""Every way to log in and every place to have a token for, where the core knows a password and a project.

Interface: `EveryAuthenticator`, `EveryProvider`: both take the place of the core's.
Invariants: a token that came of a token lives no longer; one of an application credential begets none.
Upstream: keystone/api/auth.py, keystone/auth/plugins/token.py, application_credential.py.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row

from oslearn.core.keystone import auth as core
from oslearn.core.keystone.auth import EXPECTED, STRING, Authenticator, Identity, by_password, present, several
from oslearn.core.keystone.models import User
from oslearn.core.keystone.token import PLACES, Claims, Proof, Provider, Scope
from oslearn.core.keystonemiddleware.auth_token import Ref, TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.extensions.keystone.application_credential import ApplicationCredentials
from oslearn.extensions.keystone.schemas import SWITCH

IDENTITY = several(
    "methods",
    methods=core.METHODS,
    password=several(user=core.SOMEBODY),
    token=several("id", id=STRING),
    application_credential=several(id=STRING, name=STRING, secret=STRING, user=core.SOMEBODY),
)
WHERE = several(project=core.PLACED, domain=core.NAMED, system=several(all=SWITCH)) | {"type": ["object", "string"]}
ORDER = ("external", "password", "token", "application_credential")
"""In which a token names the methods."""
SCOPES = ("system", "project", "domain", "OS-TRUST:trust", "unscoped")
APART = "Error authenticating with application credential: Application credentials cannot request a scope."
REBORN = (
    "You are not authorized to perform the requested action: Using a delegated token to create another token is not "
    "allowed.."
)
APP_CRED = "openstack_app_cred_id"
"""The claim of a token that came of an application credential."""
Method = Callable[[Body], tuple[Proof, Scope | None]]
"""What checks one part of a login, `auth.identity.<method>`: who that is, and the only place that they can ask for."""


class EveryProvider(Provider):
    """Knows what application credentials leave of a user's roles, and the places that are no projects."""

    understood = Provider.understood | {APP_CRED, *PLACES.values()}

    def __init__(
        self, db: Handle, ids: Ids, clock: Clock, expiration: int, credentials: ApplicationCredentials
    ) -> None:
        super().__init__(db, ids, clock, expiration)
        self.credentials = credentials

    def scoped(self, claims: Claims, scope: Scope, row: Row[Any], roles: list[Ref]) -> TokenInfo:
        """Of a user's roles those that the token's credential has; the token says which credential that is."""
        if APP_CRED not in claims:
            return super().scoped(claims, scope, row, roles)
        used = self.credentials.get(claims[APP_CRED])
        shown: Body = {"id": used.id, "name": used.name, "restricted": not used.unrestricted}
        shown |= {"access_rules": used.access_rules} if used.access_rules else {}
        left = [role for role in roles if role["id"] in used.roles]
        return {"application_credential": shown, **super().scoped(claims, scope, row, left)}

    def place(self, scope: Scope, row: Row[Any]) -> TokenInfo:
        """What a token is for."""
        if scope.kind == "system":
            return {"system": {"all": True}}
        if scope.kind == "domain":
            return {"domain": {"id": row.target_id, "name": row.target_name}}
        return super().place(scope, row)


class EveryAuthenticator(Authenticator):
    """Takes several methods at once, and looks for the user's default project. `methods` are known by name."""

    schema = several("identity", identity=IDENTITY, scope=WHERE)

    def __init__(self, db: Handle, tokens: Provider, identity: Identity, credentials: ApplicationCredentials) -> None:
        super().__init__(db, tokens, identity)
        self.methods: dict[str, Method] = {
            "password": lambda given: (by_password(identity, given), None),
            "token": partial(by_token, tokens),
            "application_credential": partial(by_application_credential, credentials),
        }

    def issue(self, given: Body) -> tuple[str, TokenInfo]:
        """A token for a body. Raises BadRequest, Unauthorized, NotFound, Forbidden."""
        auth = self.read(given)
        identity, names = auth["identity"], sorted(set(auth["identity"]["methods"]))
        for name in names:
            if name not in self.methods:
                raise exception.Unauthorized(core.UNSUPPORTED)
            if name not in identity:
                raise exception.BadRequest(EXPECTED.format(name, "identity"))
        scope = self.scope(auth["scope"]) if auth.get("scope") is not None else None
        shown = [self.methods[name](identity[name]) for name in names]
        if len({proof.user_id for proof, _ in shown}) != 1:
            raise exception.Unauthorized()
        bound = next((where for _, where in shown if where), None)
        if bound and scope is not None:
            raise exception.Unauthorized(APART)
        proof = together(names, [proof for proof, _ in shown])
        if bound is None and scope is None:  # then for the user's default project, if there is one that takes it
            default = self.default_project_id(proof.user_id)
            with suppress(exception.Unauthorized):
                return self.tokens.issue(proof, Scope("project", default) if default else Scope())
        return self.tokens.issue(proof, bound or scope or Scope())

    def scope(self, given: str | Body) -> Scope:
        """The scope that a login asks for. Raises BadRequest, Unauthorized."""
        if given == "unscoped":
            return Scope()
        named = set(SCOPES) & given.keys() if isinstance(given, dict) else set[str]()
        if not isinstance(given, dict) or len(named) != 1:
            raise exception.BadRequest(EXPECTED.format(f"{', '.join(SCOPES[:-1])} or unscoped", "scope"))
        match kind := named.pop():
            case "unscoped":
                return Scope()
            case "project":
                return self.project(given[kind])
            case "domain":
                domain = present("scope/domain", given[kind])
                return Scope(kind, self.find(domain, domain, is_domain=True))
            case "system" if given[kind].get("all"):
                return Scope(kind)
        raise exception.Unauthorized()

    def default_project_id(self, user_id: str) -> str | None:
        """The project for which a token is that asks for none. Raises NotFound."""
        with self.db.session() as session:
            row = session.get(User, user_id)
        if row is None:
            raise exception.NotFound(f"Could not find user: {user_id}.")
        return row.default_project_id


def together(names: list[str], proofs: list[Proof]) -> Proof:
    """All that somebody has shown as one proof."""
    methods = {*names, *(method for proof in proofs for method in proof.methods)}
    return Proof(
        proofs[0].user_id,
        [method for method in ORDER if method in methods],
        min((proof.until for proof in proofs if proof.until), default=None),
        {name: value for proof in proofs for name, value in proof.claims.items()},
        [id for proof in proofs for id in proof.audit_ids],
    )


def by_token(tokens: Provider, given: Body) -> tuple[Proof, None]:
    """A token, for another scope. Raises TokenNotFound, Forbidden."""
    parent = tokens.validate(given["id"])
    if "application_credential" in parent:
        raise exception.Forbidden(REBORN)
    end = datetime.fromisoformat(parent["expires_at"].rstrip("Z"))
    return Proof(parent["user"]["id"], parent["methods"], end, audit_ids=parent["audit_ids"][-1:]), None


def by_application_credential(credentials: ApplicationCredentials, given: Body) -> tuple[Proof, Scope]:
    """An application credential, which knows its project. Raises BadRequest, NotFound, Unauthorized."""
    row = credentials.authenticate(given)
    return Proof(row.user_id, (), row.expires_at, {APP_CRED: row.id}), Scope("project", row.project_id)
