"""What no trace, log or message shows: passwords, tokens, keys, and what a user gives a guest in confidence.

Interface: `secret(name)`; `redact(value)`, a copy of data without secrets; `hide(text)`, the same for text that nobody
could read as data; `masked(error)`, an error whose message quotes none.
Invariants: what is asked is what a name or a value looks like, so that a secret nobody thought of is hidden as well;
a depth that no reader follows is cut.
Upstream: oslo_utils/strutils.py, `mask_password`, which has a list of names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

from oslearn.core.oslo.exception import OpenStackError

MASK = "***"
DEEPEST = 40
"""Levels of nesting that are shown."""
WORDS = {"pass", "password", "passwd", "passphrase", "passcode", "adminpass", "secret", "secrets", "token", "sig",
         "signature", "personality", "contents", "cookie"}  # fmt: skip
"""A name with one of these words is a secret's."""
PAIRS = {
    "key": {"auth", "private", "signing", "secret", "api", "access", "encryption", "owner", "url", "host"},
    "data": {"user"},
    "files": {"injected", "file"},
    "id": {"token"},
}
"""So is a name with one of these words behind one of those."""
OPEN = {"password_expires_at", "token_type", "access_key_id", "contents_length", "ignore_password_expiry",
        "ignore_change_password_upon_first_use", "multi_factor_auth_enabled", "secret_uuid"}  # fmt: skip
"""Names that only sound so."""
HIDDEN_IN: dict[str, Callable[[str, object], bool]] = {
    "password": lambda key, value: not isinstance(value, dict),
    "token": lambda key, value: key == "id",
}
"""What Keystone's bodies have behind a secret's name: an object, of which this is hidden."""
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
NAME = re.compile(r"(?<![\w.-])((?>[\w.-]+))(?:[\"']?\s*[:=]+>?\s*|%3D|>)")
VALUE = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|(?:(?!%26)[^\s,;&}\]\"'<>])+")
"""A name and what stands behind it: in JSON, in Python's words, in an address, in a form, in XML."""
PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+|\bgAAAA[\w=-]{20,}"),  # signed tokens
    re.compile(r"(?<=os-console-auth-tokens/)[^/?\s]+"),
    re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)"),
)
"""Secrets by the look of them."""
HINTS = ("pass", "Pass", "PASS", "secret", "Secret", "SECRET", "token", "Token", "TOKEN", "rivate", "PRIVATE",
         "user_data", "sig", "contents", "_key", "Key", "_files", "eyJ", "gAAAA")  # fmt: skip
"""Text that has none of these holds no secret; it is not looked at more closely."""


@lru_cache(10_000)
def secret(name: str) -> bool:
    """Whether what has this name is a secret.

    >>> [secret(name) for name in ("adminPass", "X-Auth-Token", "new_pass", "user_data", "X-Account-Meta-Temp-URL-Key")]
    [True, True, True, True, True]
    >>> [secret(name) for name in ("key_name", "public_key", "passed", "compass", "password_expires_at")]
    [False, False, False, False, False]
    """
    if name.lower() in OPEN:
        return False
    words = [word.lower() for word in PART.findall(name)]
    return not WORDS.isdisjoint(words) or any(
        after in PAIRS and before in PAIRS[after] for before, after in pairwise(words)
    )


def redact(value: Any, depth: int = DEEPEST) -> Any:
    """A copy of `value` in which each secret is `***`."""
    if isinstance(value, dict):
        return {k: _shown(str(k), v, depth) for k, v in value.items()} if depth else MASK
    if isinstance(value, list | tuple):
        return [redact(v, depth - 1) for v in value] if depth else MASK
    return hide(value) if isinstance(value, str) else value


def _shown(name: str, value: object, depth: int) -> object:
    """What stands behind a name. `password` and `token` are ways to log in as well: those are looked into."""
    if not secret(name) or value is None or isinstance(value, bool):
        return redact(value, depth - 1)
    if name in HIDDEN_IN and isinstance(value, dict) and depth:
        return {k: MASK if HIDDEN_IN[name](k, v) else _shown(str(k), v, depth - 1) for k, v in value.items()}
    return [MASK for _ in value] if isinstance(value, list | tuple) else MASK


def hide(text: str) -> str:
    """Text without what looks like a secret, or stands behind a secret's name."""
    if any(hint in text for hint in HINTS):
        for pattern in PATTERNS:
            text = pattern.sub(MASK, text)
        text = _hide_named(text)
    return text


def masked(error: OpenStackError) -> OpenStackError:
    """An error that quotes a value of a body, without what is secret in it: a client's log or a trace may keep it.

    Where a guest's data are the fault, their sender alone is told.
    """
    name, value = error.values.get("quoted", ("user_data", None))
    if name == "user_data" or (shown := redact({name: value})[name]) == value:
        return error
    text = str(error).replace(f"Value: {value}.", f"Value: {shown}.", 1)
    return type(error)(text.replace(repr(value), repr(shown)))


def _hide_named(text: str) -> str:
    """Text without what stands behind a secret's name."""
    parts, place = [], 0
    for found in NAME.finditer(text):
        value = VALUE.match(text, found.end()) if found.start() >= place and secret(found[1]) else None
        if value:
            parts += [text[place : found.end()], MASK]
            place = value.end()
    return "".join([*parts, text[place:]])
