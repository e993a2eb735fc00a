"""What headers may say, and which of them are kept.

Interface: `LIMITS`, `named(req)`, `merge(meta, req, kind, acls)`, `account_quotas`, `object_meta(req)`, `delete_at`.
Upstream: swift/common/constraints.py (`check_metadata`, `check_delete_headers`).
"""

from __future__ import annotations

import re

from oslearn.core.oslo.exception import BadRequest, Forbidden
from oslearn.core.oslo.http import Request
from oslearn.extensions.swift.auth import clean_acl

LIMITS = {
    "max_file_size": 5368709122, "max_meta_name_length": 128, "max_meta_value_length": 256, "max_meta_count": 90,
    "max_meta_overall_size": 4096, "max_header_size": 8192, "max_object_name_length": 1024,
    "container_listing_limit": 10000, "account_listing_limit": 10000, "max_account_name_length": 256,
    "max_container_name_length": 256,
}  # fmt: skip
POLICY = "Policy-0"
"""The one storage policy."""
LAST_SECOND = 9999999999
TRUE = ("true", "1", "yes", "on", "t", "y")
KEPT = ("Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires", "X-Object-Manifest",
        "X-Robots-Tag")  # fmt: skip
"""What an object keeps of a request's headers, besides its metadata."""


def named(req: Request) -> dict[str, str]:
    """The request's headers, spelt as Swift spells them."""
    return {spelt(key): value for key, value in req.headers.items()}


def spelt(name: str) -> str:
    """A header's name as Swift writes it."""
    return "-".join(part.capitalize() for part in name.split("-"))


def merge(meta: dict[str, str], req: Request, kind: str, acls: tuple[str, ...] = ()) -> dict[str, str]:
    """The metadata after this request: an empty value, or X-Remove-, takes one away. Raises BadRequest."""
    kept = dict(meta)
    for name, value in named(req).items():
        plain = name.replace("X-Remove-", "X-", 1)
        if plain in acls or plain.startswith(f"X-{kind}-Meta-"):
            kept.pop(plain, None)
            if value and plain == name:
                kept[name] = clean_acl(name, value) if name in acls else value
                if "Container-Meta-Quota-" in name and not value.isdecimal():
                    raise BadRequest(f"Invalid {name.rpartition('-')[2].lower()} quota.")
    return check(kept, kind)


def object_meta(req: Request) -> dict[str, str]:
    """What an object keeps of the request. Raises BadRequest."""
    kept = {k: v for k, v in named(req).items() if k.startswith("X-Object-Meta-") or (k in KEPT and v)}
    manifest = kept.get("X-Object-Manifest", "c/p")
    container, _, prefix = manifest.partition("/")
    if not container or not prefix or "?" in manifest or "&" in manifest or prefix.startswith("/"):
        raise BadRequest("X-Object-Manifest must be in the format container/prefix")
    return check(kept, "Object")


def account_quotas(meta: dict[str, str], req: Request, *, reseller: bool) -> dict[str, str]:
    """The account's metadata with the quotas that a reseller sets. Raises Forbidden for others, BadRequest."""
    given, kept = named(req), dict(meta)
    for kind in ("Quota-Bytes", "Quota-Count", f"Quota-Bytes-Policy-{POLICY}", f"Quota-Count-Policy-{POLICY}"):
        name, old = f"X-Account-{kind}", f"X-Account-Meta-{kind}"
        gone = any(given.get(each.replace("X-", "X-Remove-", 1)) for each in (name, old))
        value = "" if gone else given.get(name, given.get(old))
        if value is None:
            continue
        if not reseller:
            raise Forbidden()
        if value and not value.isdecimal():
            raise BadRequest(BadRequest.message)
        kept.pop(name, None)
        kept |= {name: value} if value else {}
    return kept


def copied(headers: dict[str, str]) -> dict[str, str]:
    """What of an object's headers a copy has, too."""
    return {k: v for k, v in headers.items() if k.startswith("X-Object-Meta-") or k in KEPT[:-2] + KEPT[-1:]}


def delete_at(req: Request, now: float) -> int | None:
    """When the object ends. Raises BadRequest."""
    for header, start in (("X-Delete-After", int(now)), ("X-Delete-At", 0)):
        given = req.get_header(header)
        if given and not re.fullmatch(r"-?[0-9]{1,99}", given):
            raise BadRequest(f"Non-integer {header}")
        if given and start + int(given) <= now:
            raise BadRequest(f"{header} in past")
        if given:
            return min(start + int(given), LAST_SECOND)
    return None


def check(kept: dict[str, str], kind: str) -> dict[str, str]:
    """The metadata again. Raises BadRequest if it is too long or too much."""
    prefix = f"x-{kind.lower()}-meta-"
    meta = {k[len(prefix) :]: v for k, v in kept.items() if k.lower().startswith(prefix)}
    for name, value in meta.items():
        if not name:
            raise BadRequest("Metadata name cannot be empty")
        if len(name) > LIMITS["max_meta_name_length"]:
            raise BadRequest(f"Metadata name too long: {prefix}{name}")
        if len(value) > LIMITS["max_meta_value_length"]:
            raise BadRequest(f"Metadata value longer than {LIMITS['max_meta_value_length']}: {prefix}{name}")
    if len(meta) > LIMITS["max_meta_count"]:
        raise BadRequest(f"Too many metadata items; max {LIMITS['max_meta_count']}")
    if sum(len(name) + len(value) for name, value in meta.items()) > LIMITS["max_meta_overall_size"]:
        raise BadRequest(f"Total metadata too large; max {LIMITS['max_meta_overall_size']}")
    return kept


def check_length(kind: str, name: str) -> None:
    """Raises BadRequest if the name of a container or object is too long."""
    length, limit = len(name.encode()), LIMITS[f"max_{kind.lower()}_name_length"]
    if length > limit:
        raise BadRequest(f"{kind} name length of {length} longer than {limit}")
