"""JSON web signatures with HMAC-SHA-256: claims that everybody can read and only the holder of the key can make.

Interface: `encode(claims, key)`, `decode(token, key)`.
Invariants: the key decides and not the token: its header must name the one algorithm; all signatures take as long.
Upstream: PyJWT, which loads all of cryptography beside it. RFC 7515, RFC 7519. Left out: every other algorithm.
"""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

HEADER = {"alg": "HS256", "typ": "JWT"}


def encode(claims: dict[str, Any], key: bytes) -> str:
    """A signed token.

    >>> decode(encode({"sub": "demo"}, b"key"), b"key")
    {'sub': 'demo'}
    """
    signed = f"{_part(HEADER)}.{_part(claims)}"
    return f"{signed}.{_base64(_sign(signed, key))}"


def decode(token: str, key: bytes) -> dict[str, Any]:
    """A token's claims. Raises ValueError if it is none or another key signed it."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_base64(_sign(signed, key)).encode(), signature.encode()):
        raise ValueError("the signature is not ours")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in signed.split("."))
    if header != HEADER:
        raise ValueError("the algorithm is not ours")
    return dict(claims)


def _sign(signed: str, key: bytes) -> bytes:
    return hmac.digest(key, signed.encode(), "sha256")


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
