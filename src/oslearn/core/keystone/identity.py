"""Users, as far as a login needs them: who that is, and whether the password is right.

Interface: `Identity`: `named`, `authenticate`; `hash_password`, `check_password`: scrypt, one of
upstream's choices, or PBKDF2 where Python was built without OpenSSL: a browser.
Invariants: an unknown user looks like a wrong password, and costs as much time.
Upstream: keystone/identity/core.py, keystone/common/password_hashers/.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import aliased

from oslearn.core.keystone.models import Project, User
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body, aside
from oslearn.core.oslo.db import Handle


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


_home = aliased(Project)
Login = Row[str, str | None, bool]
"""A user whom a login names, as the check of a password needs it: `id`, `password_hash`, `enabled`."""
NAMED = (
    select(User.id, User.password_hash, User.enabled)
    .join(_home, _home.id == User.domain_id)
    .where(or_(User.id == bindparam("id"), User.name == bindparam("name")))
    .where(
        or_(bindparam("id").is_not(None), _home.id == bindparam("domain_id"), _home.name == bindparam("domain_name"))
    )
)


class Identity:
    """Reads users. `cost` is what a password's hash costs (scrypt's N)."""

    def __init__(self, db: Handle, cost: int) -> None:
        self.db, self.cost = db, cost

    def named(self, user: Body) -> Login | None:
        """The user with an id, or with a name in a domain with an id or a name."""
        domain = user.get("domain", {})
        asked = {"id": user.get("id"), "name": None if "id" in user else user.get("name")}
        rows = self.db.rows(NAMED, asked | {"domain_id": domain.get("id"), "domain_name": domain.get("name")})
        return rows[0] if rows else None

    def authenticate(self, user: Body) -> Login:
        """The user whose password this is. Raises Unauthorized."""
        row = self.named(user)
        stored = row.password_hash if row is not None and row.password_hash else nobody(self.cost)
        if not check_password(user.get("password", ""), stored) or row is None:
            raise exception.Unauthorized()
        return row
