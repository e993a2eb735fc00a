"""How somebody proves who they are, and where their token is to be good.

Interface: `Authenticator.issue(given)`: a token and what it stands for; `by_password`; `AUTH`, what a login looks like,
`check_auth(auth, schema)`; `domain_of`, `present`; `several(...)`, from which schemas are made; `Identity`: `named`,
`authenticate`; `hash_password`, `check_password`: scrypt, one of upstream's choices, or PBKDF2 where Python was built
without OpenSSL: a browser; `CLIENT_ERROR`, `EXPECTED`.
Invariants: whoever fails learns nothing but that: an unknown user, a wrong password, a project that is not there and a
project without a role look alike; an unknown user costs as much time as a wrong password.
Upstream: keystone/api/auth.py, keystone/auth/schema.py and plugins, keystone/identity/core.py,
keystone/common/password_hashers/. Left out: federation, TOTP, OAuth, trusts, receipts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import aliased

from oslearn.core.keystone.models import Project, User
from oslearn.core.keystone.token import Proof, Provider, Scope
from oslearn.core.keystonemiddleware.auth_token import TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body, aside
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.schema import first_error

Schema = Body
CLIENT_ERROR = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is "
    "assumed to be in error."
)
EXPECTED = f"Expecting to find {{}} in {{}}. {CLIENT_ERROR}"
UNSUPPORTED = "Attempted to authenticate with an unsupported method."
STRING = {"type": "string"}


def several(*required: str, **attributes: Schema) -> Schema:
    """An object of which some attributes are known, and some must be there."""
    return {"type": "object", "properties": attributes} | ({"required": [*required]} if required else {})


NAMED = several(id=STRING, name=STRING)
SOMEBODY = several(id=STRING, name=STRING, password=STRING | {"maxLength": 4096}, domain=NAMED)
PLACED = several(id=STRING, name=STRING, domain=NAMED)
METHODS = {"type": "array", "items": STRING}
AUTH = several(
    "identity",
    identity=several("methods", methods=METHODS, password=several(user=SOMEBODY)),
    scope=several("project", project=PLACED),
)
"""A user and a password, for a project."""
_home = aliased(Project)
Login = Row[str, str | None, bool]
"""A user whom a login names, as the check of a password needs it: `id`, `password_hash`, `enabled`."""
LOGIN = (
    select(User.id, User.password_hash, User.enabled)
    .join(_home, _home.id == User.domain_id)
    .where(or_(User.id == bindparam("id"), User.name == bindparam("name")))
    .where(
        or_(bindparam("id").is_not(None), _home.id == bindparam("domain_id"), _home.name == bindparam("domain_name"))
    )
)
PLACE = (
    select(Project.id)
    .join(_home, _home.id == Project.domain_id)
    .where(Project.is_domain == bindparam("is_domain"))
    .where(or_(Project.id == bindparam("id"), Project.name == bindparam("name")))
    .where(or_(Project.is_domain, _home.id == bindparam("domain_id"), _home.name == bindparam("domain_name")))
)
"""A domain by its id or name, or a project by its name and its domain's id or name."""


class Authenticator:
    """Checks logins and issues tokens. `schema` is what a login looks like."""

    schema = AUTH

    def __init__(self, db: Handle, tokens: Provider, identity: Identity) -> None:
        self.db, self.tokens, self.identity = db, tokens, identity

    def issue(self, given: Body) -> tuple[str, TokenInfo]:
        """A token for a body. Raises BadRequest, Unauthorized."""
        auth = self.read(given)
        identity = auth["identity"]
        if set(identity["methods"]) != {"password"} or "scope" not in auth:
            raise exception.Unauthorized(UNSUPPORTED)
        scope = self.project(auth["scope"]["project"])
        return self.tokens.issue(by_password(self.identity, identity.get("password", {})), scope)

    def read(self, given: Body) -> Body:
        """The login in a body. Raises BadRequest, ValidationError."""
        if "auth" not in given:
            raise exception.BadRequest(EXPECTED.format("auth", "request body"))
        return check_auth(given["auth"], self.schema)

    def project(self, wanted: Body) -> Scope:
        """The project that a login asks for. Raises BadRequest, Unauthorized."""
        domain = domain_of("scope/project", wanted)
        return Scope("project", wanted["id"] if "id" in wanted else self.find(wanted, domain))

    def find(self, wanted: Body, domain: Body, *, is_domain: bool = False) -> str:
        """The id of a project in a domain, or of a domain, for which the extensions ask. Raises Unauthorized."""
        asked = {"id": wanted.get("id"), "name": wanted.get("name"), "is_domain": is_domain}
        rows = self.db.rows(PLACE, asked | {"domain_id": domain.get("id"), "domain_name": domain.get("name")})
        if not rows:
            raise exception.Unauthorized()
        return str(rows[0].id)


def check_auth(auth: Body, schema: Schema) -> Body:
    """Return it. Raises ValidationError in the words of Keystone's older parts, which repeat no password."""
    error = first_error(auth, schema)
    if error is None:
        return auth
    path, message = "/".join(map(str, error.path)), error.message
    if error.validator not in ("required", "additionalProperties") and re.search("password|secret|credential", path):
        message = "the value does not fit"
    raise exception.ValidationError(f"Invalid input for field '{path}': {message}" if path else message)


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


class Identity:
    """Reads users. `cost` is what a password's hash costs (scrypt's N)."""

    def __init__(self, db: Handle, cost: int) -> None:
        self.db, self.cost = db, cost

    def named(self, user: Body) -> Login | None:
        """The user with an id, or with a name in a domain with an id or a name."""
        domain = user.get("domain", {})
        asked = {"id": user.get("id"), "name": None if "id" in user else user.get("name")}
        rows = self.db.rows(LOGIN, asked | {"domain_id": domain.get("id"), "domain_name": domain.get("name")})
        return rows[0] if rows else None

    def authenticate(self, user: Body) -> Login:
        """The user whose password this is. Raises Unauthorized."""
        row = self.named(user)
        stored = row.password_hash if row is not None and row.password_hash else nobody(self.cost)
        if not check_password(user.get("password", ""), stored) or row is None:
            raise exception.Unauthorized()
        return row


def scrypt(password: bytes, salt: bytes, cost: int) -> bytes:
    """`cost` is scrypt's N, a power of two."""
    return hashlib.scrypt(password, salt=salt, n=cost, r=8, p=1, maxmem=2**28)


def pbkdf2(password: bytes, salt: bytes, rounds: int) -> bytes:
    """PBKDF2 with HMAC-SHA-256: the first block, which is all that is kept (RFC 8018)."""
    block = last = hmac.digest(password, salt + b"\0\0\0\1", "sha256")
    for _ in range(rounds - 1):
        last = hmac.digest(password, last, "sha256")
        block = bytes(a ^ b for a, b in zip(block, last, strict=True))
    return block


HASHERS = {"scrypt": scrypt, "pbkdf2-sha256": pbkdf2}
DEFAULT = "scrypt" if hasattr(hashlib, "scrypt") else "pbkdf2-sha256"
GENERATED_COST = 2**4
"""scrypt's N for what Keystone drew itself: too long to guess, however fast."""


def hash_password(password: str, salt: bytes, cost: int, kind: str = DEFAULT) -> str:
    """`$kind$cost$salt$digest`. Others have their turn meanwhile: never call it in a transaction."""
    with aside.get()():
        digest = HASHERS[kind](password.encode(), salt, cost)
    return f"${kind}${cost}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def check_password(password: str, stored: str) -> bool:
    """Whether the password has that hash, in a time that does not tell how wrong it is."""
    _, kind, cost, salt, _ = stored.split("$")
    return hmac.compare_digest(hash_password(password, base64.b64decode(salt), int(cost), kind), stored)


def nobody(cost: int) -> str:
    """What no password has as its hash: to check one against it takes as long as to check a user's."""
    return f"${DEFAULT}${cost}${base64.b64encode(bytes(16)).decode()}$"
