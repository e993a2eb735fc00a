"""What a client may say of a resource: attributes as data, checked in one place with Neutron's words.

Interface: `load(resource)`, its attributes as resources.toml has them; `read(given, attributes, method)` → the values,
defaults filled in.
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
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
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
PROTOCOLS = {"ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "icmp": 1, "icmpv6": 58, "igmp": 2,
             "ip": 0, "ipip": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60,
             "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136,
             "vrrp": 112}  # fmt: skip

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


def ethertype(value: Any) -> Checked:
    """In any case of letters."""
    made = {"ipv4": "IPv4", "ipv6": "IPv6"}.get(str(value).lower())
    return made, None if made else f"'{value}' is not in ['IPv4', 'IPv6']"


def protocol(value: Any) -> Checked:
    """A name or a number; `any` is no protocol. Raises SecurityGroupRuleInvalidProtocol."""
    name = str(value).lower()
    if name in ("none", "any", ""):
        return None, None
    if name not in PROTOCOLS and not (name.isdecimal() and int(name) <= 255):
        raise e.SecurityGroupRuleInvalidProtocol(protocol=value, values=list(PROTOCOLS))
    return name, None


def port_number(value: Any) -> Checked:
    """Or null. Raises SecurityGroupInvalidPortValue."""
    number, reason = (None, None) if value in (None, "") else integer(value)
    if reason or not 0 <= (number or 0) <= 65535:
        raise e.SecurityGroupInvalidPortValue(port=value)
    return number, None


def _parsed(parse: Callable[[Any], Any], fault: str) -> Check:
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


def _network(value: Any) -> IPv4Interface | IPv6Interface:
    """An address with the length of its network. Raises ValueError for a netmask, or for no length at all."""
    address, slash, length = value.partition("/")
    if not slash or not length.isdecimal():
        raise ValueError(value)
    return ip_interface(f"{_address(address)}/{int(length)}")


def _route(value: Any) -> IPv4Network | IPv6Network:
    """Where packets go. Raises ValueError for a host's bits."""
    network = _network(value)
    if network.ip != network.network.network_address or network.is_loopback:
        raise ValueError(value)
    return network.network


uuid = _parsed(_uuid, "UUID")
address = _parsed(_address, "IP address")
interface = _parsed(_network, "IP subnet")
"""An address in its network, which is kept."""
cidr = _parsed(lambda value: _network(value).network, "IP subnet")
"""A network; whoever names one of its addresses means the network."""
route_cidr = _parsed(_route, "CIDR")


def prefix(value: Any) -> Checked:
    """An address, alone or in its network. Raises InvalidCIDR."""
    try:
        return str(ip_interface(value.strip())) if value else None, None
    except (AttributeError, ValueError):
        raise e.InvalidCIDR(input=value) from None


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
route = mapping(("destination", "nexthop"), destination=route_cidr, nexthop=address)
pool = mapping(("start", "end"), start=address, end=address)
fixed_ip = mapping(subnet_id=uuid, ip_address=address)
address_pair = mapping(("ip_address",), ip_address=address_or_cidr, mac_address=mac)
dhcp_option = mapping(("opt_name",), opt_name=text, opt_value=optional(text), ip_version=ip_version)
GATEWAY = {"network_id": uuid, "enable_snat": boolean, "external_fixed_ips": optional(array(fixed_ip))}
gateway = mapping(("network_id",), **GATEWAY)


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


def load(resource: str) -> dict[str, Attribute]:
    """A resource's attributes."""
    known = RESOURCES["standard"] | RESOURCES[resource]
    return {name: _attribute(dict(spec)) for name, spec in known.items() if spec is not False}


def _attribute(spec: dict[str, Any]) -> Attribute:
    values, words = spec.pop("one_of", None), spec.pop("check", "").split()
    if values is None and not words:
        return Attribute(post=False, put=False, **spec)
    check: Check = globals()[words[-1]] if words else one_of(*values)
    for word in words[-2::-1]:
        check = globals()[word](check)
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
