"""Password hashing with scrypt, one of upstream's choices, or PBKDF2 where Python was built without OpenSSL: a browser.

Upstream: keystone/common/password_hashers/scrypt.py and pbkdf2.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from oslearn.core.oslo.turn import aside


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
