"""What a client may say of what the extensions bring: their attributes, and the checks that only they need.

Interface: `RESOURCES`, as resources.toml beside this has them; `CHECKS`; `PROTOCOLS`.
Upstream: neutron_lib/api/definitions, neutron/extensions/securitygroup.py (`convert_protocol` and its like).
"""

from __future__ import annotations

import re
import tomllib
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

from oslearn.core.neutron import attributes as core
from oslearn.core.neutron.attributes import Check, Checked, array, boolean, optional, parsed, text, uuid
from oslearn.extensions.neutron import exceptions as e

RESOURCES = tomllib.loads((Path(__file__).parent / "resources.toml").read_text("utf-8"))
MAX_INTEGER = 2**31 - 1
MAC = re.compile(
    "([0-9a-f]{2}:){5}[0-9a-f]{2}|([0-9a-f]{2}-){5}[0-9a-f]{2}|([0-9a-f]{4}[.]){2}[0-9a-f]{4}|[0-9a-f]{12}"
)
PROTOCOLS = {"ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "icmp": 1, "icmpv6": 58, "igmp": 2,
             "ip": 0, "ipip": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60,
             "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136,
             "vrrp": 112}  # fmt: skip


def plain_address(value: str) -> IPv4Address | IPv6Address:
    """An address that is not of one link alone. Raises ValueError for `fe80::1%eth0`."""
    if "%" in value:
        raise ValueError(value)
    return ip_address(value)


def mapping(required: tuple[str, ...], **keys: Check) -> Check:
    """A dictionary with no other keys."""

    def check(value: object) -> Checked:
        if not isinstance(value, dict):
            return value, f"'{value}' is not a dictionary"
        if unexpected := sorted(set(value) - set(keys)):
            return value, f"Unexpected keys supplied: {', '.join(unexpected)}"
        if missing := [key for key in required if key not in value]:
            return value, f"Expected keys not found: {', '.join(missing)}"
        checked = {key: keys[key](v) for key, v in value.items()}
        return {k: v for k, (v, _) in checked.items()}, next((r for _, r in checked.values() if r), None)

    return check


def one_of(*allowed: object) -> Check:
    """One of a few values."""
    return lambda value: (value, None if value in allowed else f"'{value}' is not in {list(allowed)}")


def integer(value: Any) -> Checked:
    """A whole number that a database column holds."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return value, f"'{value}' is not an integer"
    return number, None if abs(number) <= MAX_INTEGER else f"'{value}' is too large"


def non_negative(value: object) -> Checked:
    """A whole number that is 0 or more."""
    number, why = integer(value)
    return number, why or (f"'{number}' should be non-negative" if number < 0 else None)


def ip_version(value: object) -> Checked:
    """4 or 6, as a number or a word."""
    return (int(value), None) if value in (4, 6, "4", "6") else (value, f"'{value}' is not in [4, 6]")


def ethertype(value: object) -> Checked:
    """In any case of letters."""
    made = {"ipv4": "IPv4", "ipv6": "IPv6"}.get(str(value).lower())
    return made, None if made else f"'{value}' is not in ['IPv4', 'IPv6']"


def protocol(value: object) -> Checked:
    """A name or a number; `any` is no protocol. Raises SecurityGroupRuleInvalidProtocol."""
    name = str(value).lower()
    if name in ("none", "any", ""):
        return None, None
    if name not in PROTOCOLS and not (name.isdecimal() and int(name) <= 255):
        raise e.SecurityGroupRuleInvalidProtocol(protocol=value, values=list(PROTOCOLS))
    return name, None


def port_number(value: object) -> Checked:
    """Or null. Raises SecurityGroupInvalidPortValue."""
    number, reason = (None, None) if value in (None, "") else integer(value)
    if reason or not 0 <= (number or 0) <= 65535:
        raise e.SecurityGroupInvalidPortValue(port=value)
    return number, None


address = parsed(plain_address, "IP address")


def in_network(value: str) -> IPv4Interface | IPv6Interface:
    """An address with the length of its network. Raises ValueError for a netmask, or for no length at all."""
    address, slash, length = value.partition("/")
    if not slash or not length.isdecimal():
        raise ValueError(value)
    return ip_interface(f"{plain_address(address)}/{int(length)}")


def _route(value: str) -> IPv4Network | IPv6Network:
    """Where packets go. Raises ValueError for a host's bits."""
    network = in_network(value)
    if network.ip != network.network.network_address or network.is_loopback:
        raise ValueError(value)
    return network.network


interface = parsed(in_network, "IP subnet")
"""An address in its network, which is kept."""


cidr = parsed(lambda value: in_network(value).network, "IP subnet")
"""A network; whoever names one of its addresses means the network."""
route_cidr = parsed(_route, "CIDR")


def address_or_cidr(value: object) -> Checked:
    """An IP address, or a network."""
    return interface(value) if "/" in str(value) else address(value)


def mac(value: object) -> Checked:
    """A MAC address in any of its spellings: with colons, dashes or dots, or bare."""
    digits = re.sub("[:.-]", "", value.lower()) if isinstance(value, str) and MAC.fullmatch(value.lower()) else ""
    if digits in ("", "0" * 12, "f" * 12):
        return value, f"'{value}' is not a valid MAC address"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)), None


def prefix(value: Any) -> Checked:
    """An address, alone or in its network. Raises InvalidCIDR."""
    try:
        return str(ip_interface(value.strip())) if value else None, None
    except (AttributeError, ValueError):
        raise e.InvalidCIDR(input=value) from None


fixed_ip = mapping((), subnet_id=uuid, ip_address=address)
address_pair = mapping(("ip_address",), ip_address=address_or_cidr, mac_address=mac)
dhcp_option = mapping(("opt_name",), opt_name=text, opt_value=optional(text), ip_version=ip_version)


route = mapping(("destination", "nexthop"), destination=route_cidr, nexthop=address)
pool = mapping(("start", "end"), start=address, end=address)
GATEWAY = {"network_id": uuid, "enable_snat": boolean, "external_fixed_ips": optional(array(fixed_ip))}
gateway = mapping(("network_id",), **GATEWAY)


CHECKS: dict[str, Check] = core.CHECKS | {
    "integer": integer, "non_negative": non_negative, "ip_version": ip_version, "mac": mac, "address": address,
    "fixed_ip": fixed_ip, "address_pair": address_pair, "dhcp_option": dhcp_option, "cidr": cidr, "prefix": prefix,
    "pool": pool, "route": route, "gateway": gateway, "ethertype": ethertype, "protocol": protocol,
    "port_number": port_number, "direction": one_of("ingress", "egress"), "nothing": one_of(),
    "ipv6_mode": one_of("dhcpv6-stateful", "dhcpv6-stateless", "slaac"),
    "vnic_type": one_of("normal", "direct", "macvtap", "baremetal", "direct-physical"),
}  # fmt: skip
"""What resources.toml calls them."""
