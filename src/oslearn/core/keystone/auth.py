"""How somebody proves who they are, and where their token is to be good.

Interface: `Authenticator.issue(auth)`: a token and what it stands for; a `Method` gives a `Proof`; `by_password`;
`AUTH`, what a login looks like, and `check_auth(auth)`; `several(...)`, from which schemas are made; `CLIENT_ERROR`,
`EXPECTED`.
Invariants: whoever fails learns nothing but that: an unknown user, a wrong password, a project that is not there and a
project without a role look alike.
Upstream: keystone/api/auth.py, keystone/auth/schema.py and keystone/auth/plugins. Left out: federation, TOTP, OAuth,
trusts, receipts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import aliased

from oslearn.core.keystone.identity import Identity
from oslearn.core.keystone.models import Project
from oslearn.core.keystone.token import Proof, Provider, Scope
from oslearn.core.keystonemiddleware.auth_token import TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import ValidationError
from oslearn.core.oslo.schema import first_error

Schema = Body
CLIENT_ERROR = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is "
    "assumed to be in error."
)
EXPECTED = f"Expecting to find {{}} in {{}}. {CLIENT_ERROR}"
STRING = {"type": "string"}
SWITCH = {"type": "boolean"}


def several(**attributes: Schema) -> Schema:
    """An object of which some attributes are known."""
    return {"type": "object", "properties": attributes}


NAMED = several(id=STRING, name=STRING)
SOMEBODY = several(id=STRING, name=STRING, password=STRING | {"maxLength": 4096}, domain=NAMED)
IDENTITY = several(
    methods={"type": "array", "items": STRING},
    password=several(user=SOMEBODY),
    token=several(id=STRING) | {"required": ["id"]},
    application_credential=several(id=STRING, name=STRING, secret=STRING, user=SOMEBODY),
) | {"required": ["methods"]}
WHERE = several(project=several(id=STRING, name=STRING, domain=NAMED), domain=NAMED, system=several(all=SWITCH))
AUTH = several(identity=IDENTITY, scope=WHERE | {"type": ["object", "string"]}) | {"required": ["identity"]}


def check_auth(auth: Body, schema: Schema = AUTH) -> Body:
    """Return it. Raises ValidationError in the words of Keystone's older parts, which repeat no password."""
    error = first_error(auth, schema)
    if error is None:
        return auth
    path, message = "/".join(map(str, error.path)), error.message
    if error.validator not in ("required", "additionalProperties") and re.search("password|secret|credential", path):
        message = "the value does not fit"
    raise ValidationError(f"Invalid input for field '{path}': {message}" if path else message)


Method = Callable[[Body], Proof]
"""What checks one part of a login: `auth.identity.<method>`."""
SCOPES = ("system", "project", "domain", "OS-TRUST:trust", "unscoped")
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
    """Checks logins and issues tokens. `methods` are the ways to prove who one is, by name."""

    def __init__(self, db: Handle, tokens: Provider, identity: Identity) -> None:
        self.db, self.tokens, self.identity = db, tokens, identity
        self.methods: dict[str, Method] = {"password": partial(by_password, identity)}

    def issue(self, given: Body) -> tuple[str, TokenInfo]:
        """A token for a body. Raises BadRequest, Unauthorized, NotFound, Forbidden."""
        if "auth" not in given:
            raise exception.BadRequest(EXPECTED.format("auth", "request body"))
        auth = check_auth(given["auth"])
        identity, names = auth["identity"], sorted(set(auth["identity"]["methods"]))
        for name in names:
            if name not in self.methods:
                raise exception.Unauthorized("Attempted to authenticate with an unsupported method.")
            if name not in identity:
                raise exception.BadRequest(EXPECTED.format(name, "identity"))
        wanted = auth.get("scope")
        scope = None if wanted is None else self.scope(wanted)
        proofs = [self.methods[name](identity[name]) for name in names]
        if len({proof.user_id for proof in proofs}) != 1:
            raise exception.Unauthorized()
        bound = next((proof.scope for proof in proofs if proof.scope), None)
        if bound and scope is not None:
            raise exception.Unauthorized(APART)
        user_id, where, methods = proofs[0].user_id, bound or scope, {*names}
        if where is None:  # then for the user's default project, if there is one that takes it
            default = self.identity.default_project_id(user_id)
            with suppress(exception.Unauthorized):
                first = Scope("project", default) if default else Scope()
                return self.tokens.issue(user_id, first, methods, proofs)
        return self.tokens.issue(user_id, where or Scope(), methods, proofs)

    def scope(self, given: str | Body) -> Scope:
        """The scope that a login asks for. Raises BadRequest, Unauthorized."""
        if given == "unscoped":
            return Scope()
        named = set(SCOPES) & given.keys() if isinstance(given, dict) else set[str]()
        if not isinstance(given, dict) or len(named) != 1:
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


def by_password(identity: Identity, given: Body) -> Proof:
    """A user and a password. Raises BadRequest, Unauthorized."""
    if "user" not in given:
        raise exception.BadRequest(EXPECTED.format("user", "None"))
    domain_of("identity/password/user", given["user"])
    return Proof(identity.authenticate(given["user"]).id)


def present(path: str, named: Body) -> Body:
    """Raises BadRequest if what names something has neither id nor name."""
    if not named.keys() & {"id", "name"}:
        raise exception.BadRequest(f"Invalid input for field {path}: id or name must be present.")
    return named


def domain_of(path: str, named: Body) -> Body:
    """What names the domain of something that is named without an id. Raises BadRequest if nothing does."""
    if "id" in present(path, named):
        return {}
    if "domain" not in named:
        raise exception.BadRequest(EXPECTED.format("domain", path.rpartition("/")[2]))
    return present(f"{path}/domain", named["domain"])
