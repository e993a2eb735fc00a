"""What a client may say of a resource: attributes as data, checked in one place with Neutron's words.

Interface: `Attribute`; `read(given, attributes, method)` → the values, defaults filled in; `STANDARD`, the attributes
that every resource has.
Invariants: an attribute that is not declared is refused by name; a default is filled in on POST only.
Upstream: neutron_lib/api/attributes.py, neutron_lib/api/validators, neutron_lib/api/definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from oslearn.neutron.exceptions import HTTPBadRequest
from oslearn.oslo.clock import iso

REQUIRED = object()
NOT_GIVEN = object()
"""A value that the code works out itself, as upstream's ATTR_NOT_SPECIFIED."""

MAX_INTEGER = 2**31 - 1

Checked = tuple[Any, str | None]
"""The value as it is kept, and what is wrong with it."""
Check = Callable[[Any], Checked]


def text(value: Any) -> Checked:
    """A string of at most 255 characters."""
    if not isinstance(value, str):
        return value, f"'{value}' is not a valid string"
    return value, f"'{value}' exceeds maximum length of 255" if len(value) > 255 else None


def boolean(value: Any) -> Checked:
    """True, or something that clients write for it."""
    known = {"true": True, "false": False, "1": True, "0": False}
    made = value if isinstance(value, bool) else known.get(str(value).lower())
    return made, None if made is not None else f"'{value}' cannot be converted to boolean"


def integer(value: Any) -> Checked:
    """A whole number that a database column holds."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return value, f"'{value}' is not an integer"
    return number, None if abs(number) <= MAX_INTEGER else f"'{value}' is too large"


def one_of(*allowed: Any) -> Check:
    """One of a few values."""
    return lambda value: (value, None if value in allowed else f"'{value}' is not in {list(allowed)}")


def ip_version(value: Any) -> Checked:
    """4 or 6."""
    return (int(value), None) if value in (4, 6, "4", "6") else (value, f"'{value}' is not in [4, 6]")


def _parsed(parse: Callable[[Any], Any], fault: str) -> Check:
    def check(value: Any) -> Checked:
        try:
            return str(parse(value)), None
        except (AttributeError, TypeError, ValueError):
            return value, f"'{value}' is not a valid {fault}"

    return check


uuid = _parsed(UUID, "UUID")
address = _parsed(lambda value: ip_address(str(value)), "IP address")
prefix = _parsed(lambda value: f"{value.partition('/')[0]}/{ip_network(value, strict=False).prefixlen}", "IP subnet")
"""A network or an address, kept with its length."""


def cidr(value: Any) -> Checked:
    """A network without host bits."""
    network, reason = _parsed(lambda value: ip_network(str(value), strict=False), "IP subnet")(value)
    if reason is None and network != str(value).lower():
        reason = f"'{value}' isn't a recognized IP subnet cidr, '{network}' is recommended"
    return network, reason


def address_or_cidr(value: Any) -> Checked:
    """An IP address, or a network."""
    return prefix(value) if "/" in str(value) else address(value)


def mac(value: Any) -> Checked:
    """A MAC address."""
    parts = str(value).lower().split(":")
    good = len(parts) == 6 and all(len(p) == 2 and set(p) <= set("0123456789abcdef") for p in parts)
    return ":".join(parts), None if good else f"'{value}' is not a valid MAC address"


def optional(check: Check, instead: Any = None) -> Check:
    """Or null, or an empty dictionary, which stand for `instead`."""
    return lambda value: (instead, None) if value in (None, {}) else check(value)


def array(item: Check) -> Check:
    """A list."""

    def check(value: Any) -> Checked:
        if not isinstance(value, list):
            return value, f"'{value}' is not a list"
        checked = [item(v) for v in value]
        return [v for v, _ in checked], next((reason for _, reason in checked if reason), None)

    return check


def mapping(required: tuple[str, ...] = (), **keys: Check) -> Check:
    """A dictionary with no other keys; with any if none are named."""

    def check(value: Any) -> Checked:
        if not isinstance(value, dict):
            return value, f"'{value}' is not a dictionary"
        if keys and (unexpected := sorted(set(value) - set(keys))):
            return value, f"Unexpected keys supplied: {', '.join(unexpected)}"
        if missing := [key for key in required if key not in value]:
            return value, f"Expected keys not found: {', '.join(missing)}"
        checked = {key: keys[key](v) if key in keys else (v, None) for key, v in value.items()}
        return {k: v for k, (v, _) in checked.items()}, next((r for _, r in checked.values() if r), None)

    return check


@dataclass(frozen=True)
class Attribute:
    """One attribute: how it is checked, what it is if not given, whether POST and PUT may set it."""

    check: Check = text
    default: Any = NOT_GIVEN
    post: bool = True
    put: bool = True
    column: str | Callable[[Any], Any] = ""
    """Where the row has it, if not under the same name; or what makes it of the row."""
    admin: bool = False
    """Only an admin may set another value than the default."""
    secret: bool = False
    """Only an admin sees it."""
    shown: bool = True


def shown(column: str | Callable[[Any], Any] = "", secret: bool = False) -> Attribute:
    """An attribute that a client can only read."""
    return Attribute(post=False, put=False, column=column, secret=secret)


ROUTE = mapping(("destination", "nexthop"), destination=cidr, nexthop=address)
STANDARD = {
    "id": shown(),
    "name": Attribute(text, ""),
    "description": Attribute(text, ""),
    "project_id": Attribute(text, put=False),
    "tenant_id": shown("project_id"),
    "created_at": shown(lambda row: iso(row.created_at)),
    "updated_at": shown(lambda row: iso(row.updated_at)),
    "revision_number": shown(),
    "tags": shown(),
}


def without(*names: str) -> dict[str, Attribute]:
    """The standard attributes but these."""
    return {name: spec for name, spec in STANDARD.items() if name not in names}


def read(given: dict[str, Any], attributes: Mapping[str, Attribute], method: str) -> dict[str, Any]:
    """The values of a request by attribute. Raises HTTPBadRequest."""
    if "tenant_id" in given:  # the old name of `project_id`
        if given.get("project_id", given["tenant_id"]) != given["tenant_id"]:
            raise HTTPBadRequest("'project_id' and 'tenant_id' do not match")
        given = {k: v for k, v in given.items() if k != "tenant_id"} | {"project_id": given["tenant_id"]}
    if unknown := [name for name in given if name not in attributes]:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    values = {}
    for name, value in given.items():
        spec = attributes[name]
        if not (spec.post if method == "POST" else spec.put):
            refused = {"POST": f"Attribute '{name}' not allowed in POST"}
            raise HTTPBadRequest(refused.get(method, f"Cannot update read-only attribute {name}"))
        values[name], reason = spec.check(value)
        if reason:
            raise HTTPBadRequest(f"Invalid input for {name}. Reason: {reason}.")
    return (_defaults(attributes, values) | values) if method == "POST" else values


def _defaults(attributes: Mapping[str, Attribute], values: dict[str, Any]) -> dict[str, Any]:
    missing = {name: a.default for name, a in attributes.items() if a.post and name not in values}
    for name, default in missing.items():
        if default is REQUIRED:
            raise HTTPBadRequest(f"Failed to parse request. Required attribute '{name}' not specified")
    return {name: default for name, default in missing.items() if default is not NOT_GIVEN}
