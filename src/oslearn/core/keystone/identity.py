"""Users, as far as a login needs them: who that is, and whether the password is right.

Interface: `Identity`: `named`, `authenticate`, `default_project_id`; `hash_password`, `check_password`: scrypt, one of
upstream's choices, or PBKDF2 where Python was built without OpenSSL: a browser; `Changes`, by which those who remember
what the database says hear that they must look again.
Invariants: an unknown user looks like a wrong password, and costs as much time.
Upstream: keystone/identity/core.py, keystone/common/password_hashers/, keystone/notifications.py, by which managers
empty their caches. Left out: several processes: what one of them remembers another's change does not reach, so this
Keystone is one process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select
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


def nobody(cost: int, kind: str = DEFAULT) -> str:
    """What no password has as its hash: to check one against it takes as long as to check a user's."""
    return f"${kind}${cost}${base64.b64encode(bytes(16)).decode()}$"


class Changes:
    """Counts the changes of accounts and of the catalog. `listeners` are called after each."""

    def __init__(self) -> None:
        self.count = 0
        self.listeners: list[Callable[[], None]] = []

    def happened(self) -> None:
        """Something that somebody remembers is no longer so."""
        self.count += 1
        for forget in self.listeners:
            forget()


_home = aliased(Project)
NAMED = (
    select(User.id, User.password_hash, User.enabled)
    .join(_home, _home.id == User.domain_id)
    .where(or_(User.id == bindparam("id"), User.name == bindparam("name")))
    .where(
        or_(bindparam("id").is_not(None), _home.id == bindparam("domain_id"), _home.name == bindparam("domain_name"))
    )
)


@dataclass(frozen=True)
class Login:
    """A user whom a login names: what the check of a password needs."""

    id: str
    password_hash: str | None
    enabled: bool


class Identity:
    """Reads users. `cost` is what a password's hash costs (scrypt's N)."""

    def __init__(self, db: Handle, changes: Changes, cost: int) -> None:
        self.db, self.changes, self.cost = db, changes, cost

    def named(self, user: Body) -> Login | None:
        """The user with an id, or with a name in a domain with an id or a name."""
        domain = user.get("domain", {})
        asked = {"id": user.get("id"), "name": None if "id" in user else user.get("name")}
        rows = self.db.rows(NAMED, asked | {"domain_id": domain.get("id"), "domain_name": domain.get("name")})
        return Login(rows[0].id, rows[0].password_hash, rows[0].enabled) if rows else None

    def authenticate(self, user: Body) -> Login:
        """The user whose password this is. Raises Unauthorized."""
        row, changes = self.named(user), self.changes.count
        stored = row.password_hash if row is not None and row.password_hash else nobody(self.cost)
        good = check_password(user.get("password", ""), stored)
        # Others have had their turn while it was checked: a password that was changed meanwhile is wrong.
        if not good or row is None or (self.changes.count != changes and self.named(user) != row):
            raise exception.Unauthorized()
        return row

    def default_project_id(self, user_id: str) -> str | None:
        """The project for which a token is that asks for none. Raises NotFound."""
        with self.db.session() as session:
            row = session.get(User, user_id)
        if row is None:
            raise exception.NotFound(f"Could not find user: {user_id}.")
        return row.default_project_id
