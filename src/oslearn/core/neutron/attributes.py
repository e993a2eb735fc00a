"""What a client may say of a resource: attributes as data, checked in one place with Neutron's words.

Interface: `load(resource)`, its attributes as resources.toml has them; `declared(specs, checks)` for those of another
table; `read(given, attributes, method)` → the values, defaults filled in.
Invariants: an attribute that is not declared is refused by name; a default is filled in on POST only.
Upstream: neutron_lib/api/attributes.py, neutron_lib/api/validators, neutron_lib/api/definitions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
)
from pathlib import Path
from typing import Any
from uuid import UUID

from oslearn.core.neutron import exceptions as e

RESOURCES = tomllib.loads((Path(__file__).parent / "resources.toml").read_text("utf-8"))
NOT_GIVEN = object()
"""A value that the code works out itself, as upstream's ATTR_NOT_SPECIFIED."""
MAX_INTEGER = 2**31 - 1
MAC = re.compile(
    "([0-9a-f]{2}:){5}[0-9a-f]{2}|([0-9a-f]{2}-){5}[0-9a-f]{2}|([0-9a-f]{4}[.]){2}[0-9a-f]{4}|[0-9a-f]{12}"
)

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


def non_negative(value: Any) -> Checked:
    """0 or more."""
    number, why = integer(value)
    return number, why or (f"'{number}' should be non-negative" if number < 0 else None)


def one_of(*allowed: Any) -> Check:
    """One of a few values."""
    return lambda value: (value, None if value in allowed else f"'{value}' is not in {list(allowed)}")


def ip_version(value: Any) -> Checked:
    """4 or 6."""
    return (int(value), None) if value in (4, 6, "4", "6") else (value, f"'{value}' is not in [4, 6]")


def parsed(parse: Callable[[Any], Any], fault: str) -> Check:
    def check(value: Any) -> Checked:
        try:
            return str(parse(value)), None
        except (AttributeError, TypeError, ValueError):
            return value, f"'{value}' is not a valid {fault}"

    return check


def _address(value: Any) -> IPv4Address | IPv6Address:
    """An address, of any link."""
    if "%" in value:
        raise ValueError(value)
    return ip_address(value)


def _uuid(value: Any) -> str:
    """Without dashes as well, but then nothing is called so."""
    UUID(value)
    return str(value).lower()


def in_network(value: Any) -> IPv4Interface | IPv6Interface:
    """An address with the length of its network. Raises ValueError for a netmask, or for no length at all."""
    address, slash, length = value.partition("/")
    if not slash or not length.isdecimal():
        raise ValueError(value)
    return ip_interface(f"{_address(address)}/{int(length)}")


uuid = parsed(_uuid, "UUID")
address = parsed(_address, "IP address")
interface = parsed(in_network, "IP subnet")
"""An address in its network, which is kept."""


def address_or_cidr(value: Any) -> Checked:
    """An IP address, or a network."""
    return interface(value) if "/" in str(value) else address(value)


def mac(value: Any) -> Checked:
    """A MAC address in any of its spellings: with colons, dashes or dots, or bare."""
    digits = re.sub("[:.-]", "", value.lower()) if isinstance(value, str) and MAC.fullmatch(value.lower()) else ""
    if digits in ("", "0" * 12, "f" * 12):
        return value, f"'{value}' is not a valid MAC address"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)), None


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


dictionary = mapping()
fixed_ip = mapping(subnet_id=uuid, ip_address=address)
address_pair = mapping(("ip_address",), ip_address=address_or_cidr, mac_address=mac)
dhcp_option = mapping(("opt_name",), opt_name=text, opt_value=optional(text), ip_version=ip_version)


@dataclass(frozen=True)
class Attribute:
    """One attribute, as resources.toml says it."""

    check: Check = text
    default: Any = NOT_GIVEN
    required: bool = False
    post: bool = True
    put: bool = True
    column: str = ""
    admin: bool = False
    secret: bool = False
    shown: bool = True


CHECKS: dict[str, Check] = {
    "text": text,
    "boolean": boolean,
    "integer": integer,
    "non_negative": non_negative,
    "ip_version": ip_version,
    "uuid": uuid,
    "mac": mac,
    "dictionary": dictionary,
    "fixed_ip": fixed_ip,
    "address_pair": address_pair,
    "dhcp_option": dhcp_option,
}
"""What resources.toml calls them. Before one may stand `array`."""


def load(resource: str) -> dict[str, Attribute]:
    """The attributes of one of the core's resources."""
    return declared(RESOURCES[resource], CHECKS)


def declared(specs: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Attribute]:
    """A resource's attributes: what all have, but for what it says it has not, and its own."""
    known = RESOURCES["standard"] | specs
    return {name: _attribute(dict(spec), checks) for name, spec in known.items() if spec is not False}


def _attribute(spec: dict[str, Any], checks: Mapping[str, Check]) -> Attribute:
    values, words = spec.pop("one_of", None), spec.pop("check", "").split()
    if values is None and not words:
        return Attribute(post=False, put=False, **spec)
    check = checks[words[-1]] if words else one_of(*values)
    for _ in words[:-1]:
        check = array(check)
    if spec.pop("optional", False):
        check = optional(check, spec.get("default"))
        spec = spec if spec.pop("auto", False) else {"default": None} | spec
    return Attribute(check, **spec)


def read(given: dict[str, Any], attributes: Mapping[str, Attribute], method: str) -> dict[str, Any]:
    """The values of a request by attribute. Raises HTTPBadRequest."""
    if "tenant_id" in given:  # the old name of `project_id`
        if given.get("project_id", given["tenant_id"]) != given["tenant_id"]:
            raise e.HTTPBadRequest("'project_id' and 'tenant_id' do not match")
        given = {k: v for k, v in given.items() if k != "tenant_id"} | {"project_id": given["tenant_id"]}
    if unknown := [name for name in given if name not in attributes]:
        raise e.HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    values = {}
    for name, value in given.items():
        spec = attributes[name]
        if not (spec.post if method == "POST" else spec.put):
            refused = {"POST": f"Attribute '{name}' not allowed in POST"}
            raise e.HTTPBadRequest(refused.get(method, f"Cannot update read-only attribute {name}"))
        values[name], reason = spec.check(value)
        if reason:
            raise e.HTTPBadRequest(f"Invalid input for {name}. Reason: {reason}.")
    return values | (_defaults(attributes, values) if method == "POST" else {})


def _defaults(attributes: Mapping[str, Attribute], values: dict[str, Any]) -> dict[str, Any]:
    missing = {name: spec for name, spec in attributes.items() if spec.post and name not in values}
    if absent := [name for name, spec in missing.items() if spec.required]:
        raise e.HTTPBadRequest(f"Failed to parse request. Required attribute '{absent[0]}' not specified")
    return {name: spec.default for name, spec in missing.items() if spec.default is not NOT_GIVEN}
