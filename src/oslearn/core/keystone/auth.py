"""How somebody proves who they are, and where their token is to be good.

Interface: `Authenticator.issue(auth)`: a token and what it stands for.
Invariants: whoever fails learns nothing but that: an unknown user, a wrong password, a project that is not there and a
project without a role look alike; a token that came of a token lives no longer; one of an application credential
begets none.
Upstream: keystone/api/auth.py and keystone/auth/plugins. Left out: federation, TOTP, OAuth, trusts, receipts.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import aliased

from oslearn.core.keystone.manager import Manager
from oslearn.core.keystone.models import Project
from oslearn.core.keystone.schemas import EXPECTED, check_auth
from oslearn.core.keystone.token import Provider, Scope
from oslearn.core.oslo import exception

SCOPES = ("system", "project", "domain", "OS-TRUST:trust", "unscoped")
REBORN = (
    "You are not authorized to perform the requested action: Using a delegated token to create another token is not "
    "allowed.."
)
APART = "Error authenticating with application credential: Application credentials cannot request a scope."
_home = aliased(Project)
PLACE = (
    select(Project.id)
    .join(_home, _home.id == Project.domain_id)
    .where(Project.is_domain == bindparam("is_domain"))
    .where(or_(Project.id == bindparam("id"), Project.name == bindparam("name")))
    .where(or_(Project.is_domain, _home.id == bindparam("domain_id"), _home.name == bindparam("domain_name")))
)
"""A domain by its id or name, or a project by its name and its domain's id or name."""


class Authenticator:
    """Checks logins and issues tokens."""

    def __init__(self, identity: Manager, tokens: Provider) -> None:
        self.db, self.kinds, self.tokens = identity.db, identity.kinds, tokens
        self.methods = {
            "password": self.by_password,
            "token": self.by_token,
            "application_credential": self.by_application_credential,
        }

    def issue(self, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A token for a body. Raises BadRequest, Unauthorized, NotFound, Forbidden."""
        if "auth" not in given:
            raise exception.BadRequest(EXPECTED.format("auth", "request body"))
        auth = check_auth(given["auth"])
        identity, methods = auth["identity"], set(auth["identity"]["methods"])
        for method in sorted(methods):
            if method not in self.methods:
                raise exception.Unauthorized("Attempted to authenticate with an unsupported method.")
            if method not in identity:
                raise exception.BadRequest(EXPECTED.format(method, "identity"))
        wanted = auth.get("scope")
        scope = None if wanted is None else self.scope(wanted)
        found: dict[str, Any] = {}
        users = set()
        for method in sorted(methods):
            found |= self.methods[method](identity[method])
            users.add(found.pop("user_id"))
        if len(users) != 1:
            raise exception.Unauthorized()
        if "scope" in found and scope is not None:
            raise exception.Unauthorized(APART)
        parent = found.get("parent")
        methods |= set(parent["methods"]) if parent else set()
        return self._issue(users.pop(), found.get("scope", scope), methods, parent, found.get("credential"))

    def _issue(self, user_id: str, scope: Scope | None, *proof: Any) -> tuple[str, dict[str, Any]]:
        """Without a scope the token is for the user's default project, if there is one that takes it."""
        if scope is None:
            default = self.kinds["user"].get(user_id).default_project_id
            try:
                return self.tokens.issue(user_id, Scope("project", default) if default else Scope(), *proof)
            except exception.Unauthorized:
                scope = Scope()
        return self.tokens.issue(user_id, scope, *proof)

    def by_password(self, given: dict[str, Any]) -> dict[str, Any]:
        """A user and a password."""
        if "user" not in given:
            raise exception.BadRequest(EXPECTED.format("user", "None"))
        domain_of("identity/password/user", given["user"])
        return {"user_id": self.kinds["user"].authenticate(given["user"]).id}

    def by_token(self, given: dict[str, Any]) -> dict[str, Any]:
        """A token, for another scope."""
        parent = self.tokens.validate(given["id"])
        if "application_credential" in parent:
            raise exception.Forbidden(REBORN)
        return {"user_id": parent["user"]["id"], "parent": parent}

    def by_application_credential(self, given: dict[str, Any]) -> dict[str, Any]:
        """An application credential, which knows its project."""
        row = self.kinds["application_credential"].authenticate(given)
        return {"user_id": row.user_id, "scope": Scope("project", row.project_id), "credential": row}

    def scope(self, given: Any) -> Scope:
        """The scope that a login asks for. Raises BadRequest, Unauthorized."""
        named = {"unscoped"} if given == "unscoped" else set(SCOPES) & set(given if isinstance(given, dict) else ())
        if len(named) != 1:
            raise exception.BadRequest(EXPECTED.format(f"{', '.join(SCOPES[:-1])} or unscoped", "scope"))
        kind = named.pop()
        if kind == "unscoped":
            return Scope()
        wanted = given[kind]
        if kind == "system" and wanted.get("all"):
            return Scope("system")
        if kind not in ("project", "domain"):
            raise exception.Unauthorized()
        domain = domain_of(f"scope/{kind}", wanted) if kind == "project" else present("scope/domain", wanted)
        if kind == "project" and "id" in wanted:
            return Scope(kind, wanted["id"])
        asked = {"id": wanted.get("id"), "name": wanted.get("name"), "is_domain": kind == "domain"}
        rows = self.db.rows(PLACE, asked | {"domain_id": domain.get("id"), "domain_name": domain.get("name")})
        if not rows:
            raise exception.Unauthorized()
        return Scope(kind, rows[0].id)


def present(path: str, named: dict[str, Any]) -> dict[str, Any]:
    """Raises BadRequest if what names something has neither id nor name."""
    if not named.keys() & {"id", "name"}:
        raise exception.BadRequest(f"Invalid input for field {path}: id or name must be present.")
    return named


def domain_of(path: str, named: dict[str, Any]) -> dict[str, Any]:
    """What names the domain of something that is named without an id. Raises BadRequest if nothing does."""
    if "id" in present(path, named):
        return {}
    if "domain" not in named:
        raise exception.BadRequest(EXPECTED.format("domain", path.rpartition("/")[2]))
    return present(f"{path}/domain", named["domain"])
