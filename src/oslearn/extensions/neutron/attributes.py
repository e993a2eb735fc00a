"""What a client may say of what the extensions bring: their attributes, and the checks that only they need.

Interface: `load(resource)`, its attributes as resources.toml beside this has them; `CHECKS`; `PROTOCOLS`.
Upstream: neutron_lib/api/definitions, neutron/extensions/securitygroup.py (`convert_protocol` and its like).
"""

from __future__ import annotations

import tomllib
from ipaddress import IPv4Network, IPv6Network, ip_interface
from pathlib import Path
from typing import Any

from oslearn.core.neutron import attributes as core
from oslearn.core.neutron.attributes import (
    Attribute,
    Check,
    Checked,
    address,
    array,
    boolean,
    fixed_ip,
    in_network,
    integer,
    mapping,
    optional,
    parsed,
    uuid,
)
from oslearn.extensions.neutron import exceptions as e

RESOURCES = tomllib.loads((Path(__file__).parent / "resources.toml").read_text("utf-8"))
PROTOCOLS = {"ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "icmp": 1, "icmpv6": 58, "igmp": 2,
             "ip": 0, "ipip": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60,
             "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136,
             "vrrp": 112}  # fmt: skip


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


def _route(value: Any) -> IPv4Network | IPv6Network:
    """Where packets go. Raises ValueError for a host's bits."""
    network = in_network(value)
    if network.ip != network.network.network_address or network.is_loopback:
        raise ValueError(value)
    return network.network


cidr = parsed(lambda value: in_network(value).network, "IP subnet")
"""A network; whoever names one of its addresses means the network."""
route_cidr = parsed(_route, "CIDR")


def prefix(value: Any) -> Checked:
    """An address, alone or in its network. Raises InvalidCIDR."""
    try:
        return str(ip_interface(value.strip())) if value else None, None
    except (AttributeError, ValueError):
        raise e.InvalidCIDR(input=value) from None


route = mapping(("destination", "nexthop"), destination=route_cidr, nexthop=address)
pool = mapping(("start", "end"), start=address, end=address)
GATEWAY = {"network_id": uuid, "enable_snat": boolean, "external_fixed_ips": optional(array(fixed_ip))}
gateway = mapping(("network_id",), **GATEWAY)


CHECKS: dict[str, Check] = core.CHECKS | {
    "address": address,
    "cidr": cidr,
    "prefix": prefix,
    "pool": pool,
    "route": route,
    "gateway": gateway,
    "ethertype": ethertype,
    "protocol": protocol,
    "port_number": port_number,
}
"""What resources.toml calls them."""


def load(resource: str) -> dict[str, Attribute]:
    """The attributes of one of the extensions' resources."""
    return core.declared(RESOURCES[resource], CHECKS)
