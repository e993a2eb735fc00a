"""Password hashing with scrypt, one of upstream's choices.

Upstream: keystone/common/password_hashers/scrypt.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac


def hash_password(password: str, salt: bytes, cost: int) -> str:
    """`$scrypt$N$salt$digest`. `cost` is scrypt's N, a power of two."""
    digest = hashlib.scrypt(password.encode(), salt=salt, n=cost, r=8, p=1, maxmem=2**28)
    return f"$scrypt${cost}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def check_password(password: str, stored: str) -> bool:
    """Whether the password has that hash, in a time that does not tell how wrong it is."""
    _, _, cost, salt, _ = stored.split("$")
    return hmac.compare_digest(hash_password(password, base64.b64decode(salt), int(cost)), stored)
