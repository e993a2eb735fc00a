"""Neutron's API, against shapes and messages of the recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fake_auth import ADMIN, OTHER, READER, SERVICE, Client
from lone_neutron import address, make, network, port, refused, subnet
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from oslearn import Cloud
from oslearn.core.neutron.binding import DHCP, L2, Binding, RpcCallbacks, plugged
from oslearn.core.neutron.models import Port, ProvisioningBlock
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.deploy import neutron as deploy

NETWORK_KEYS = {
    "id", "name", "tenant_id", "project_id", "admin_state_up", "mtu", "status", "subnets", "shared",
    "availability_zone_hints", "availability_zones", "ipv4_address_scope", "ipv6_address_scope", "router:external",
    "description", "port_security_enabled", "tags", "created_at", "updated_at", "revision_number",
}  # fmt: skip
SUBNET_KEYS = {
    "id", "name", "project_id", "network_id", "ip_version", "subnetpool_id", "enable_dhcp", "ipv6_ra_mode",
    "ipv6_address_mode", "gateway_ip", "cidr", "allocation_pools", "host_routes", "dns_nameservers", "description",
    "router:external", "service_types", "tags", "created_at", "updated_at", "revision_number", "tenant_id",
}  # fmt: skip
PORT_KEYS = {
    "id", "name", "network_id", "project_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner",
    "fixed_ips", "allowed_address_pairs", "extra_dhcp_opts", "security_groups", "description", "binding:vnic_type",
    "port_security_enabled", "tags", "created_at", "updated_at", "revision_number", "tenant_id",
}  # fmt: skip
BINDING_KEYS = {"binding:profile", "binding:host_id", "binding:vif_type", "binding:vif_details"}
RULE_KEYS = {
    "id", "project_id", "security_group_id", "ethertype", "direction", "protocol", "port_range_min", "port_range_max",
    "remote_ip_prefix", "remote_address_group_id", "normalized_cidr", "remote_group_id", "belongs_to_default_sg",
    "description", "created_at", "updated_at", "revision_number", "tenant_id",
}  # fmt: skip
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def neutron() -> Client:
    return make()


def test_versions_link_to_the_requests_own_host(neutron: Client) -> None:
    body = neutron.ok("GET", "/", who=None, host="cloud", root_path="/networking")
    link = {"rel": "self", "href": "http://cloud/networking/v2.0/"}
    assert body == {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}
    assert neutron.call("GET", "/v2.0/networks", who=None).json["error"]["code"] == 401
    assert neutron.ok("GET", "/v2.0/")["resources"][0]["collection"] == "networks"


def test_extensions(neutron: Client) -> None:
    aliases = {e["alias"] for e in neutron.ok("GET", "/v2.0/extensions")["extensions"]}
    assert {"security-group", "binding", "quotas"} <= aliases
    assert neutron.ok("GET", "/v2.0/extensions/binding")["extension"]["alias"] == "binding"
    reply = neutron.call("GET", "/v2.0/extensions/trunk", headers={"Accept": "text/html"})
    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=UTF-8")
    assert reply.text.endswith("\nExtension with alias trunk does not exist\n\n\n </body>\n</html>")


def test_network_has_the_recorded_keys(neutron: Client) -> None:
    reply = neutron.call("POST", "/v2.0/networks", {"network": {"name": "selfservice", "admin_state_up": True}})
    assert reply.status_code == 201
    made = reply.json["network"]
    assert made.keys() == NETWORK_KEYS | {"is_default"}
    assert (made["mtu"], made["status"], made["revision_number"]) == (1450, "ACTIVE", 1)
    subnet_id = subnet(neutron, made["id"], "10.0.0.0/24")["id"]
    shown = neutron.ok("GET", f"/v2.0/networks/{made['id']}")["network"]
    assert shown.keys() == NETWORK_KEYS
    assert (shown["subnets"], shown["availability_zones"], shown["revision_number"]) == ([subnet_id], [], 2)
    as_admin = neutron.ok("GET", f"/v2.0/networks/{made['id']}", who=ADMIN)["network"]
    assert as_admin["provider:network_type"] == "vxlan"
    assert as_admin["provider:segmentation_id"] == 1


def test_provider_network_is_an_admins(neutron: Client) -> None:
    flat = {"provider:network_type": "flat", "provider:physical_network": "provider"}
    wanted = {"network": {"name": "provider", "shared": True, "router:external": True} | flat}
    reply = neutron.call("POST", "/v2.0/networks", {"network": {"shared": True}})
    text = "(rule:create_network and rule:create_network:shared) is disallowed by policy"
    refused(reply, 403, "PolicyNotAuthorized", text)
    made = neutron.ok("POST", "/v2.0/networks", wanted, ADMIN)["network"]
    assert (made["mtu"], made["provider:segmentation_id"], made["is_default"]) == (1500, None, False)
    assert [n["id"] for n in neutron.ok("GET", "/v2.0/networks?router:external=True")["networks"]] == [made["id"]]
    refused(neutron.call("DELETE", f"/v2.0/networks/{made['id']}"), 404, "HTTPNotFound")
    subnet(neutron, made["id"], "203.0.113.0/24", ADMIN)
    assert len(neutron.ok("GET", "/v2.0/subnets")["subnets"]) == 1
    assert address(port(neutron, made["id"])) == "203.0.113.2"


def test_another_projects_things_are_not_found(neutron: Client) -> None:
    net = network(neutron, cidr="10.0.0.0/24")
    made = port(neutron, net["id"])
    path = f"/v2.0/networks/{net['id']}"
    text = f"Network {net['id']} could not be found."
    refused(neutron.call("GET", path, who=OTHER), 404, "NetworkNotFound", text)
    refused(neutron.call("DELETE", path, who=OTHER), 404, "NetworkNotFound", text)
    refused(neutron.call("POST", "/v2.0/ports", {"port": {"network_id": net["id"]}}, OTHER), 404, "NetworkNotFound")
    refused(neutron.call("GET", f"/v2.0/ports/{made['id']}", who=OTHER), 404, "PortNotFound")
    refused(neutron.call("GET", "/v2.0/subnets/x"), 404, "SubnetNotFound", "Subnet x could not be found.")
    for collection in ("networks", "subnets", "ports"):
        assert neutron.ok("GET", f"/v2.0/{collection}", who=OTHER) == {collection: []}
    assert neutron.ok("GET", path, who=ADMIN)["network"]["id"] == net["id"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"network": {"colour": "red"}}, "Unrecognized attribute(s) 'colour'"),
        ({"port": {}}, "Unable to find 'network' in request body"),
        ({"network": {"name": 7}}, "Invalid input for name. Reason: '7' is not a valid string."),
        (
            {"network": {"name": "x" * 256}},
            f"Invalid input for name. Reason: '{'x' * 256}' exceeds maximum length of 255.",
        ),
        ({"network": {"shared": "maybe"}}, "Invalid input for shared. Reason: 'maybe' cannot be converted to boolean."),
        ({"network": {"tenant_id": "a", "project_id": "b"}}, "'project_id' and 'tenant_id' do not match"),
        (
            {"network": {"tenant_id": "other"}},
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin "
            "privileges",
        ),
    ],
)
def test_bad_networks(neutron: Client, body: dict[str, Any], message: str) -> None:
    refused(neutron.call("POST", "/v2.0/networks", body), 400, "HTTPBadRequest", message)


def test_update_and_delete_network(neutron: Client) -> None:
    path = f"/v2.0/networks/{network(neutron, cidr='10.0.0.0/24')['id']}"
    assert neutron.ok("PUT", path, {"network": {"name": "new"}})["network"]["name"] == "new"
    refused(neutron.call("PUT", path, {"network": {"shared": True}}), 403, "PolicyNotAuthorized")
    text = "Cannot update read-only attribute project_id"
    refused(neutron.call("PUT", path, {"network": {"tenant_id": "x"}}, ADMIN), 400, "HTTPBadRequest", text)
    refused(neutron.call("POST", "/v2.0/networks", {"network": {}}, READER), 403, "PolicyNotAuthorized")
    assert neutron.call("DELETE", path).status_code == 204
    assert neutron.ok("GET", "/v2.0/subnets") == {"subnets": []}


def test_subnet_has_the_recorded_keys_and_defaults(neutron: Client) -> None:
    made = subnet(neutron, network(neutron)["id"], "192.168.1.0/24", dns_nameservers=["8.8.4.4"], enable_dhcp=True)
    assert made.keys() == SUBNET_KEYS
    assert made["gateway_ip"] == "192.168.1.1"
    assert made["allocation_pools"] == [{"start": "192.168.1.2", "end": "192.168.1.254"}]
    assert (made["enable_dhcp"], made["revision_number"]) == (True, 0)
    path = f"/v2.0/subnets/{made['id']}"
    assert neutron.ok("PUT", path, {"subnet": {"dns_nameservers": []}})["subnet"]["dns_nameservers"] == []


@pytest.mark.parametrize(
    ("values", "code", "kind", "message"),
    [
        ({"cidr": "10.0.0.0/33"}, 400, "HTTPBadRequest", "'10.0.0.0/33' is not a valid IP subnet."),
        ({"cidr": "10.0.0.1"}, 400, "HTTPBadRequest", "'10.0.0.1' is not a valid IP subnet."),
        ({"cidr": "10.0.0.0/255.255.255.0"}, 400, "HTTPBadRequest", "is not a valid IP subnet."),
        (
            {"host_routes": [{"destination": "10.9.0.1/24", "nexthop": "10.0.0.2"}]},
            400,
            "HTTPBadRequest",
            "'10.9.0.1/24' is not a valid CIDR.",
        ),
        ({"ip_version": 6}, 400, "InvalidInput", "cidr '10.0.0.0/24' does not match the ip_version '6'."),
        ({"gateway_ip": "10.0.0.0"}, 400, "InvalidInput", "Gateway is not valid on subnet."),
        ({"network_id": NOBODY}, 404, "NetworkNotFound", "could not be found."),
        (
            {"allocation_pools": [{"start": "10.0.0.9", "end": "10.0.0.2"}]},
            400,
            "InvalidAllocationPool",
            "is not valid.",
        ),
        ({"allocation_pools": [{"start": "10.0.0.9"}]}, 400, "HTTPBadRequest", "Expected keys not found: end."),
        ({"allocation_pools": [{"start": "a", "end": "b"}]}, 400, "HTTPBadRequest", "'a' is not a valid IP address."),
        (
            {"allocation_pools": [{"start": "10.0.0.9", "end": "10.0.1.2"}]},
            400,
            "OutOfBoundsAllocationPool",
            "The allocation pool 10.0.0.9-10.0.1.2 spans beyond the subnet cidr 10.0.0.0/24.",
        ),
        (
            {"allocation_pools": [{"start": "10.0.0.1", "end": "10.0.0.9"}]},
            409,
            "GatewayConflictWithAllocationPools",
            "Gateway ip 10.0.0.1 conflicts with allocation pool 10.0.0.1-10.0.0.9.",
        ),
        (
            {"allocation_pools": [{"start": "10.0.0.2", "end": "10.0.0.9"}, {"start": "10.0.0.9", "end": "10.0.0.12"}]},
            409,
            "OverlappingAllocationPools",
            "for subnet 10.0.0.0/24.",
        ),
    ],
)
def test_bad_subnets(neutron: Client, values: dict[str, Any], code: int, kind: str, message: str) -> None:
    body = {"network_id": network(neutron)["id"], "cidr": "10.0.0.0/24", "ip_version": 4} | values
    reply = neutron.call("POST", "/v2.0/subnets", {"subnet": body})
    refused(reply, code, kind)
    assert message in reply.json["NeutronError"]["message"]


def test_subnets_of_a_network_do_not_overlap(neutron: Client) -> None:
    net = network(neutron, cidr="10.0.0.0/24")["id"]
    body = {"subnet": {"network_id": net, "cidr": "10.0.0.128/25", "ip_version": 4}}
    text = (
        f"Invalid input for operation: Requested subnet with cidr: 10.0.0.128/25 for network: {net} overlaps with "
        "another subnet."
    )
    refused(neutron.call("POST", "/v2.0/subnets", body), 400, "InvalidInput", text)
    missing = neutron.call("POST", "/v2.0/subnets", {"subnet": {"network_id": net}})
    text = "Failed to parse request. Required attribute 'ip_version' not specified"
    refused(missing, 400, "HTTPBadRequest", text)


def test_port_as_nova_compute_asks_for_it(neutron: Client) -> None:
    net = network(neutron, cidr="192.168.1.0/24")["id"]
    (group,) = neutron.ok("GET", "/v2.0/security-groups")["security_groups"]
    wanted = {"device_id": NOBODY, "tenant_id": "demo", "admin_state_up": True, "security_groups": [group["id"]]}
    made = port(neutron, net, **wanted)
    assert made.keys() == PORT_KEYS
    assert address(made) == "192.168.1.2"
    assert made["mac_address"].startswith("fa:16:3e:")
    assert (made["status"], made["revision_number"], made["security_groups"]) == ("DOWN", 1, [group["id"]])
    bound = {"port": {"device_owner": "compute:nova", "binding:host_id": "compute2"}}
    refused(neutron.call("PUT", f"/v2.0/ports/{made['id']}", bound), 403, "PolicyNotAuthorized")
    shown = neutron.ok("PUT", f"/v2.0/ports/{made['id']}", bound, SERVICE)["port"]
    assert shown.keys() == PORT_KEYS | BINDING_KEYS
    assert (shown["status"], shown["binding:host_id"], shown["binding:vif_type"]) == ("DOWN", "compute2", "ovs")
    listed = neutron.ok("GET", f"/v2.0/ports?device_id={NOBODY}&fields=id&fields=status")
    assert listed == {"ports": [{"id": made["id"], "status": "ACTIVE"}]}
    assert neutron.call("DELETE", f"/v2.0/ports/{made['id']}", who=SERVICE).status_code == 204
    assert address(port(neutron, net)) == "192.168.1.2"


def test_exhausted_pool_leaves_no_port_behind(neutron: Client) -> None:
    net = network(neutron, cidr="10.0.0.0/30")["id"]
    first = port(neutron, net)
    reply = neutron.call("POST", "/v2.0/ports", {"port": {"network_id": net}})
    refused(reply, 409, "IpAddressGenerationFailure", f"No more IP addresses available on network {net}.")
    assert [p["id"] for p in neutron.ok("GET", "/v2.0/ports")["ports"]] == [first["id"]]
    neutron.ok("DELETE", f"/v2.0/ports/{first['id']}")
    assert address(port(neutron, net)) == address(first)


def test_a_second_subnet_helps_out_and_each_version_gives_one(neutron: Client) -> None:
    net = network(neutron, cidr="10.0.0.0/30")["id"]
    subnet(neutron, net, "10.0.1.0/24")
    subnet(neutron, net, "2001:db8::/64")
    assert [ip["ip_address"] for ip in port(neutron, net)["fixed_ips"]] == ["10.0.0.2", "2001:db8::2"]
    assert [ip["ip_address"] for ip in port(neutron, net)["fixed_ips"]] == ["10.0.1.2", "2001:db8::3"]


def test_a_requested_address(neutron: Client) -> None:
    net = network(neutron)["id"]
    inside = subnet(neutron, net, "10.0.0.0/24", allocation_pools=[{"start": "10.0.0.2", "end": "10.0.0.9"}])["id"]
    for wanted in ("10.0.0.3", "10.0.0.77"):
        assert address(port(neutron, net, fixed_ips=[{"ip_address": wanted}])) == wanted
        reply = neutron.call(
            "POST", "/v2.0/ports", {"port": {"network_id": net, "fixed_ips": [{"ip_address": wanted}]}}
        )
        text = f"IP address {wanted} already allocated in subnet {inside}"
        refused(reply, 409, "IpAddressAlreadyAllocated", text)
    assert [address(port(neutron, net)) for _ in range(3)] == ["10.0.0.2", "10.0.0.4", "10.0.0.5"]
    assert address(port(neutron, net, fixed_ips=[{"subnet_id": inside}])) == "10.0.0.6"
    assert port(neutron, net, fixed_ips=[])["fixed_ips"] == []


@pytest.mark.parametrize(
    ("fixed_ip", "kind"),
    [
        ({"ip_address": "10.9.0.1"}, "InvalidIpForNetwork"),
        ({"ip_address": "10.0.0.255"}, "InvalidIpForNetwork"),
        ({"ip_address": "ten"}, "HTTPBadRequest"),
        ({"subnet_id": NOBODY}, "InvalidInput"),
        ({}, "InvalidInput"),
        ({"ip": "10.0.0.4"}, "HTTPBadRequest"),
    ],
)
def test_bad_addresses(neutron: Client, fixed_ip: dict[str, str], kind: str) -> None:
    net = network(neutron, cidr="10.0.0.0/24")["id"]
    reply = neutron.call("POST", "/v2.0/ports", {"port": {"network_id": net, "fixed_ips": [fixed_ip]}})
    refused(reply, 400, kind)


def test_mac_addresses_are_unique_on_a_network(neutron: Client) -> None:
    net = network(neutron)["id"]
    mac = "fa:16:3e:00:00:01"
    assert port(neutron, net, mac_address=mac)["mac_address"] == mac
    reply = neutron.call("POST", "/v2.0/ports", {"port": {"network_id": net, "mac_address": mac}})
    text = f"Unable to complete operation for network {net}. The mac address {mac} is in use."
    refused(reply, 409, "MacAddressInUse", text)
    reply = neutron.call("POST", "/v2.0/ports", {"port": {"network_id": net, "mac_address": "zz"}})
    refused(reply, 400, "HTTPBadRequest")
    assert len({port(neutron, net)["mac_address"] for _ in range(20)}) == 20


def test_what_is_in_use_stays(neutron: Client) -> None:
    net = network(neutron)["id"]
    sub = subnet(neutron, net, "10.0.0.0/24")["id"]
    made = port(neutron, net)
    reply = neutron.call("DELETE", f"/v2.0/networks/{net}")
    refused(reply, 409, "NetworkInUse")
    assert "There are one or more ports still in use on the network" in reply.json["NeutronError"]["message"]
    text = f"Unable to complete operation on subnet {sub}: One or more ports have an IP allocation from this subnet."
    refused(neutron.call("DELETE", f"/v2.0/subnets/{sub}"), 409, "SubnetInUse", text)
    group = made["security_groups"][0]
    text = f"Security Group {group} in use."
    refused(neutron.call("DELETE", f"/v2.0/security-groups/{group}"), 409, "SecurityGroupInUse", text)
    neutron.ok("DELETE", f"/v2.0/ports/{made['id']}")
    assert neutron.call("DELETE", f"/v2.0/subnets/{sub}").status_code == 204
    text = "Insufficient rights for removing default security group."
    refused(neutron.call("DELETE", f"/v2.0/security-groups/{group}"), 409, "SecurityGroupCannotRemoveDefault", text)


def test_port_security(neutron: Client) -> None:
    net = network(neutron)["id"]
    made = port(neutron, net, port_security_enabled=False)
    assert made["security_groups"] == []
    reply = neutron.call("PUT", f"/v2.0/ports/{port(neutron, net)['id']}", {"port": {"port_security_enabled": False}})
    refused(reply, 409, "PortSecurityPortHasSecurityGroup")
    reply = neutron.call("POST", "/v2.0/ports", {"port": {"network_id": net, "security_groups": [NOBODY]}})
    refused(reply, 404, "SecurityGroupNotFound", f"Security group {NOBODY} does not exist")


def test_quotas() -> None:
    neutron = make(quota_ports=1)
    net = network(neutron)["id"]
    port(neutron, net)
    reply = neutron.call("POST", "/v2.0/ports", {"port": {"network_id": net}})
    refused(reply, 409, "OverQuota", "Quota exceeded for resources: ['port'].")
    assert neutron.ok("GET", "/v2.0/quotas/demo")["quota"] == {
        "network": 100, "subnet": 100, "subnetpool": -1, "port": 1, "router_route": 30, "router": 10, "floatingip": 50,
        "rbac_policy": 10, "security_group": 10, "security_group_rule": 100,
    }  # fmt: skip
    details = neutron.ok("GET", "/v2.0/quotas/demo/details")["quota"]
    assert details["port"] == {"limit": 1, "used": 1, "reserved": 0}
    refused(neutron.call("GET", "/v2.0/quotas/demo", who=OTHER), 403, "PolicyNotAuthorized")


def test_the_default_group_lets_its_own_members_in(neutron: Client) -> None:
    (group,) = neutron.ok("GET", "/v2.0/security-groups?name=default")["security_groups"]
    assert group["description"] == "Default security group"
    rules = group["security_group_rules"]
    assert rules[0].keys() == RULE_KEYS | {"standard_attr_id", "tags"}
    assert sorted((r["direction"], r["ethertype"], r["remote_group_id"] == group["id"]) for r in rules) == [
        ("egress", "IPv4", False),
        ("egress", "IPv6", False),
        ("ingress", "IPv4", True),
        ("ingress", "IPv6", True),
    ]
    assert len(neutron.ok("GET", "/v2.0/security-groups")["security_groups"]) == 1
    reply = neutron.call("POST", "/v2.0/security-groups", {"security_group": {"name": "default"}})
    refused(reply, 409, "SecurityGroupDefaultAlreadyExists")


def test_groups_and_rules(neutron: Client) -> None:
    web = neutron.ok("POST", "/v2.0/security-groups", {"security_group": {"name": "web"}})["security_group"]
    assert {r["direction"] for r in web["security_group_rules"]} == {"egress"}
    wanted = {"security_group_id": web["id"], "direction": "ingress", "protocol": "tcp", "port_range_min": 22}
    wanted |= {"port_range_max": 22, "remote_ip_prefix": "0.0.0.0/0", "ethertype": "IPv4"}
    body = {"security_group_rule": wanted}
    rule = neutron.ok("POST", "/v2.0/security-group-rules", body)["security_group_rule"]
    assert rule.keys() == RULE_KEYS
    assert (rule["normalized_cidr"], rule["belongs_to_default_sg"]) == ("0.0.0.0/0", False)
    text = f"Security group rule already exists. Rule id is {rule['id']}."
    refused(neutron.call("POST", "/v2.0/security-group-rules", body), 409, "SecurityGroupRuleExists", text)
    path = f"/v2.0/security-group-rules/{rule['id']}"
    assert neutron.ok("GET", path)["security_group_rule"] == rule
    assert (
        len(neutron.ok("GET", f"/v2.0/security-group-rules?security_group_id={web['id']}")["security_group_rules"]) == 3
    )
    assert neutron.call("DELETE", path).status_code == 204
    refused(neutron.call("GET", path), 404, "SecurityGroupRuleNotFound")
    group_path = f"/v2.0/security-groups/{web['id']}"
    assert neutron.ok("PUT", group_path, {"security_group": {"name": "www"}})["security_group"]["name"] == "www"
    refused(neutron.call("GET", group_path, who=OTHER), 404, "SecurityGroupNotFound")
    assert neutron.call("DELETE", group_path).status_code == 204


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"port_range_min": 22}, "SecurityGroupProtocolRequiredWithPorts"),
        ({"protocol": "tcp", "port_range_min": 30, "port_range_max": 20}, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_min": 30}, "SecurityGroupInvalidPortRange"),
        ({"direction": "sideways"}, "HTTPBadRequest"),
        ({"remote_ip_prefix": "2001:db8::/64"}, "SecurityGroupRuleParameterConflict"),
        ({"protocol": "quic"}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": "icmp", "port_range_max": 0}, "SecurityGroupMissingIcmpType"),
        ({"protocol": "icmp", "port_range_min": 300}, "SecurityGroupInvalidIcmpValue"),
        ({"protocol": "ipv6-icmp"}, "SecurityGroupEthertypeConflictWithProtocol"),
        ({"protocol": "gre", "port_range_min": 1, "port_range_max": 2}, "SecurityGroupInvalidProtocolForPort"),
        ({"protocol": "tcp", "port_range_min": 70000, "port_range_max": 70001}, "SecurityGroupInvalidPortValue"),
        ({"remote_ip_prefix": "x"}, "InvalidCIDR"),
        ({"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": NOBODY}, "SecurityGroupRemoteGroupAndRemoteIpPrefix"),
    ],
)
def test_bad_rules(neutron: Client, values: dict[str, Any], kind: str) -> None:
    (group,) = neutron.ok("GET", "/v2.0/security-groups")["security_groups"]
    body = {"security_group_rule": {"security_group_id": group["id"], "direction": "ingress"} | values}
    refused(neutron.call("POST", "/v2.0/security-group-rules", body), 400, kind)


def test_lists_filter_sort_and_page(neutron: Client) -> None:
    made = [network(neutron, name=f"net{n % 2}") for n in range(5)]
    ids = sorted(n["id"] for n in made)
    assert [n["id"] for n in neutron.ok("GET", "/v2.0/networks")["networks"]] == ids
    assert len(neutron.ok("GET", "/v2.0/networks?name=net0&tenant_id=demo")["networks"]) == 3
    both = f"/v2.0/networks?id={ids[0]}&id={ids[1]}&admin_state_up=true"
    assert len(neutron.ok("GET", both)["networks"]) == 2
    down = [n["name"] for n in neutron.ok("GET", "/v2.0/networks?sort_key=name&sort_dir=desc")["networks"]]
    assert down == sorted(down, reverse=True)
    seen, url = [], "/v2.0/networks?limit=2&sort_key=name&fields=id"
    while url:
        body = neutron.ok("GET", url)
        seen += [n["id"] for n in body["networks"]]
        following = [link["href"] for link in body.get("networks_links", []) if link["rel"] == "next"]
        url = following[0].partition("falconframework.org")[2] if following else None
    assert sorted(seen) == ids
    text = "['colour'] is invalid attribute for filtering"
    refused(neutron.call("GET", "/v2.0/networks?colour=red"), 400, "HTTPBadRequest", text)
    refused(neutron.call("GET", "/v2.0/networks?limit=x"), 400, "BadRequest")
    refused(neutron.call("GET", "/v2.0/networks?marker=x"), 400, "InvalidInput")


def test_the_same_seed_gives_the_same_addresses() -> None:
    runs = []
    for _ in range(2):
        neutron = make()
        net = network(neutron, cidr="10.0.0.0/24")["id"]
        runs.append([port(neutron, net) for _ in range(3)])
    assert runs[0] == runs[1]


def test_what_hangs_on_an_external_network_is_seen_by_all_and_changed_by_its_owner() -> None:
    cloud = Cloud(seed=7, trace=False)
    admin, demo = cloud.connect("admin").network, cloud.connect("demo").network
    values = {"name": "outside", "router:external": True}
    network = admin.post("/networks", json={"network": values}).json()["network"]["id"]
    body = {"subnet": {"network_id": network, "ip_version": 4, "cidr": "198.51.100.0/24"}}
    subnet = admin.post("/subnets", json=body).json()["subnet"]["id"]
    assert [row["id"] for row in demo.get("/subnets").json()["subnets"]] == [subnet]
    shown = demo.get(f"/subnets/{subnet}").json()["subnet"]
    assert (shown["cidr"], shown["router:external"]) == ("198.51.100.0/24", True)
    assert [row["subnets"] for row in demo.get("/networks").json()["networks"]] == [[subnet]]
    assert demo.get(f"/ports?network_id={network}").json()["ports"] == []
    for reply in (
        demo.put(f"/subnets/{subnet}", json={"subnet": {"name": "x"}}, raise_exc=False),
        demo.delete(f"/subnets/{subnet}", raise_exc=False),
    ):
        assert reply.status_code in (403, 404)
    admin.put(f"/networks/{network}", json={"network": {"router:external": False}})
    assert demo.get(f"/subnets/{subnet}", raise_exc=False).status_code == 404


VLAN = {"provider:network_type": "vlan", "provider:physical_network": "provider"}


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"availability_zone_hints": ["nope"]}, 404, "AvailabilityZone nope could not be found."),
        ({"mtu": 1451}, 400, "Invalid input for operation: Requested MTU is too big, maximum is 1450."),
        ({"mtu": -1}, 400, "Invalid input for mtu. Reason: '-1' should be non-negative."),
        (VLAN | {"mtu": 1501}, 400, "Invalid input for operation: Requested MTU is too big, maximum is 1500."),
        (VLAN | {"provider:segmentation_id": 4095}, 400,
         "Invalid input for operation: segmentation_id out of range (1 through 4094)."),
    ],
)  # fmt: skip
def test_what_no_network_can_have_is_refused(neutron: Client, values: Any, code: int, message: str) -> None:
    reply = neutron.call("POST", "/v2.0/networks", {"network": values}, ADMIN)
    assert (reply.status_code, reply.json["NeutronError"]["message"]) == (code, message)
    assert neutron.ok("GET", "/v2.0/networks", who=ADMIN) == {"networks": []}


def test_what_a_network_just_can_have_is_taken(neutron: Client) -> None:
    made = neutron.ok("POST", "/v2.0/networks", {"network": {"mtu": 1450}})["network"]
    path = f"/v2.0/networks/{made['id']}"
    assert neutron.call("PUT", path, {"network": {"mtu": 1451}}).status_code == 400
    assert neutron.ok("PUT", path, {"network": {"mtu": 1400}})["network"]["mtu"] == 1400
    assert neutron.ok("PUT", path, {"network": {"mtu": 0}})["network"]["mtu"] == 1450
    vlan = {"network": VLAN | {"provider:segmentation_id": 4094}}
    assert neutron.ok("POST", "/v2.0/networks", vlan, ADMIN)["network"]["mtu"] == 1500


@pytest.mark.parametrize(("cidr", "kind"), [("224.0.0.0/8", "Multicast"), ("127.0.0.0/8", "Loopback")])
def test_no_guest_is_given_such_an_address(neutron: Client, cidr: str, kind: str) -> None:
    net = network(neutron)
    wanted = {"network_id": net["id"], "ip_version": 4, "cidr": cidr}
    text = f"Invalid input for operation: {kind} IP subnet is not supported if enable_dhcp is True."
    refused(neutron.call("POST", "/v2.0/subnets", {"subnet": wanted}), 400, "InvalidInput", text)
    assert neutron.call("POST", "/v2.0/subnets", {"subnet": wanted | {"enable_dhcp": False}}).status_code == 201


def test_a_router_in_a_zone_that_is_not_there_is_refused(neutron: Client) -> None:
    reply = neutron.call("POST", "/v2.0/routers", {"router": {"availability_zone_hints": ["nope"]}})
    assert (reply.status_code, reply.json["NeutronError"]["type"]) == (404, "AvailabilityZoneNotFound")


def test_of_two_requests_that_choose_one_segment_at_once_the_later_chooses_again():
    neutron = make()
    first, others = network(neutron, ADMIN)["provider:segmentation_id"], iter([True])

    def be_quicker(connection, cursor, statement, *rest):
        if statement.startswith("INSERT INTO networks") and next(others, False):
            cursor.execute("UPDATE networks SET segmentation_id = segmentation_id + 1")

    event.listen(neutron.cloud.databases["neutron"].engine, "before_cursor_execute", be_quicker)
    assert network(neutron, ADMIN)["provider:segmentation_id"] == first + 1
    assert next(others, None) is None, "somebody was quicker"


class HalfWay:
    """An outbox whose transaction begins after somebody else's."""

    def __init__(self, outbox: Outbox, meanwhile: Callable[[], None]) -> None:
        self.outbox, self.later, self.handle, self.meanwhile = outbox, outbox.later, outbox.handle, meanwhile

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        self.meanwhile()
        with self.outbox.transaction() as session:
            yield session


def test_of_two_agents_that_report_at_once_the_later_sees_that_nobody_is_left():
    neutron = make()
    network_id = network(neutron, cidr="10.0.0.0/24")["id"]
    made = port(neutron, network_id, who=ADMIN, **{"binding:host_id": "compute1"})
    parts = deploy.plugin(neutron.cloud, "test")
    with parts.outbox.transaction() as session:
        known = session.get_one(Port, made["id"])
        known.status = "DOWN"
        session.add_all([ProvisioningBlock(port=known, entity=who) for who in (DHCP, L2)])
    outbox: Any = HalfWay(parts.outbox, lambda: parts.binding.provisioned(L2, [made["id"]]))
    binding = Binding(outbox, parts.notifier, parts.stamps, parts.agents, plugged)
    RpcCallbacks(outbox, binding).dhcp_ready_on_ports(Context("req-1"), [made["id"]])
    assert neutron.ok("GET", f"/v2.0/ports/{made['id']}")["port"]["status"] == "ACTIVE"
    with parts.outbox.transaction() as session:
        assert session.scalars(select(ProvisioningBlock)).all() == []


def test_the_core_alone_makes_binds_and_deletes_ports_on_what_the_whole_has_made(tmp_path):
    whole = make(database_dir=str(tmp_path))
    made = network(whole, cidr="10.0.0.0/24", name="private")
    core = make(extensions=False, database_dir=str(tmp_path))
    assert [row["id"] for row in core.ok("GET", "/v2.0/networks?name=private")["networks"]] == [made["id"]]
    created = port(core, made["id"], device_id="vm1", device_owner="compute:nova")
    assert address(created) == "10.0.0.2"
    assert created["security_groups"] == [core.ok("GET", "/v2.0/security-groups")["security_groups"][0]["id"]]
    bound = {"port": {"binding:host_id": "compute1"}}
    assert core.ok("PUT", f"/v2.0/ports/{created['id']}", bound, SERVICE)["port"]["binding:vif_type"] == "ovs"
    assert core.ok("GET", "/v2.0/ports?device_id=vm1")["ports"][0]["status"] == "ACTIVE"
    refused(core.call("POST", "/v2.0/routers", {"router": {}}), 404, "HTTPNotFound")
    mac = {"port": {"mac_address": "fa:16:3e:00:00:99"}}
    refused(core.call("PUT", f"/v2.0/ports/{created['id']}", mac), 400, "HTTPBadRequest",
            "Cannot update read-only attribute mac_address")  # fmt: skip
    assert core.call("DELETE", f"/v2.0/ports/{created['id']}").status_code == 204
    assert core.ok("GET", "/v2.0/ports")["ports"] == []
