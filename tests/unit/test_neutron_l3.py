"""Routers, floating addresses, agents, and the way of a packet."""

from __future__ import annotations

from typing import Any

import pytest
from fake_auth import ADMIN, DEMO, OTHER, Client
from lone_neutron import Neutron, address, make, network, port, refused, router, subnet

from oslearn.core.oslo.context import RequestContext
from oslearn.extensions.neutron.reachability import explain

GATEWAY_KEYS = {"network_id", "external_fixed_ips", "enable_snat"}
ROUTER_KEYS = {
    "id", "name", "project_id", "tenant_id", "admin_state_up", "status", "external_gateway_info", "description",
    "availability_zones", "availability_zone_hints", "routes", "flavor_id", "tags", "created_at", "updated_at",
    "revision_number",
}  # fmt: skip
FLOATING_KEYS = {
    "id", "tenant_id", "project_id", "floating_ip_address", "floating_network_id", "router_id", "port_id",
    "fixed_ip_address", "status", "description", "port_details", "tags", "created_at", "updated_at", "revision_number",
}  # fmt: skip
NOBODY = "00000000-0000-4000-8000-000000000000"


class Site:
    """A router between a project's network and an external one, and a server's port."""

    def __init__(self, **settings: Any) -> None:
        self.api = make(**settings)
        flat = {"provider:network_type": "flat", "provider:physical_network": "provider"}
        self.outside = network(self.api, ADMIN, **{"router:external": True, "shared": True} | flat)["id"]
        subnet(self.api, self.outside, "203.0.113.0/24", ADMIN)
        self.inside = network(self.api)["id"]
        self.subnet = subnet(self.api, self.inside, "192.168.1.0/24", enable_dhcp=True)["id"]
        self.router = router(self.api, name="r1", external_gateway_info={"network_id": self.outside})["id"]
        self.join(self.subnet)
        self.port = self.server("compute1")

    def join(self, subnet_id: str) -> Any:
        path = f"/v2.0/routers/{self.router}/add_router_interface"
        return self.api.call("PUT", path, {"subnet_id": subnet_id})

    def server(self, host: str, network_id: str = "", **values: Any) -> dict[str, Any]:
        """A port as nova-compute makes and binds it."""
        made = port(self.api, network_id or self.inside, device_id=NOBODY, **values)
        bound = {"port": {"device_owner": "compute:nova", "binding:host_id": host}}
        self.api.ok("PUT", f"/v2.0/ports/{made['id']}", bound, ADMIN)
        return self.api.ok("GET", f"/v2.0/ports/{made['id']}", who=ADMIN)["port"]

    def floating(self, **values: Any) -> Any:
        body = {"floatingip": {"floating_network_id": self.outside} | values}
        return self.api.call("POST", "/v2.0/floatingips", body)

    def allow(self, group: str, **values: Any) -> None:
        body = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"} | values
        self.api.ok("POST", "/v2.0/security-group-rules", {"security_group_rule": body})

    def path(self, source: str, destination: str, to: int | None = 22, protocol: str = "tcp") -> Any:
        caller = RequestContext("req-test", project_id="demo", roles=["member"])
        return explain(self.api.cloud.database("neutron", _models(), "test"), source, destination, to, protocol, caller)


def _models() -> Any:
    from oslearn.core.neutron.models import Base

    return Base


@pytest.fixture
def site() -> Site:
    return Site()


# --- agents ---------------------------------------------------------------------------------------------------------


def test_the_agents_of_three_hosts() -> None:
    agents = make(hosts=2).ok("GET", "/v2.0/agents", who=ADMIN)["agents"]
    assert sorted((a["agent_type"], a["host"], a["alive"]) for a in agents) == [
        ("DHCP agent", "controller", True),
        ("L3 agent", "controller", True),
        ("Metadata agent", "controller", True),
        ("Open vSwitch agent", "compute1", True),
        ("Open vSwitch agent", "compute2", True),
        ("Open vSwitch agent", "controller", True),
    ]
    tunnels = {a["host"]: a["configurations"]["tunneling_ip"] for a in agents if "vSwitch" in a["agent_type"]}
    assert tunnels == {"controller": "10.0.0.11", "compute1": "10.0.0.31", "compute2": "10.0.0.32"}


def test_agents_are_an_admins() -> None:
    neutron = make()
    assert neutron.ok("GET", "/v2.0/agents") == {"agents": []}
    (dhcp,) = neutron.ok("GET", "/v2.0/agents?agent_type=DHCP%20agent", who=ADMIN)["agents"]
    assert neutron.call("GET", f"/v2.0/agents/{dhcp['id']}").status_code == 404
    path = f"/v2.0/agents/{dhcp['id']}"
    assert neutron.call("PUT", path, {"agent": {"admin_state_up": False}}).status_code == 403
    assert not neutron.ok("PUT", path, {"agent": {"admin_state_up": False}}, ADMIN)["agent"]["admin_state_up"]
    net = network(neutron)["id"]
    subnet(neutron, net, "10.0.0.0/24", enable_dhcp=True)
    assert neutron.ok("GET", f"/v2.0/networks/{net}/dhcp-agents", who=ADMIN) == {"agents": []}
    served = f"{path}/dhcp-networks"
    refused(neutron.call("POST", served, {"network_id": net}, ADMIN), 409, "InvalidDHCPAgent")
    neutron.ok("PUT", path, {"agent": {"admin_state_up": True}}, ADMIN)
    assert neutron.call("POST", served, {"network_id": net}, ADMIN).status_code == 201
    refused(neutron.call("POST", served, {"network_id": net}, ADMIN), 409, "NetworkHostedByDHCPAgent")
    assert [n["id"] for n in neutron.ok("GET", served, who=ADMIN)["networks"]] == [net]
    assert len(neutron.ok("GET", f"/v2.0/ports?network_id={net}")["ports"]) == 1, "the agent has made its port"
    assert neutron.call("DELETE", f"{served}/{net}", who=ADMIN).status_code == 204
    assert neutron.ok("GET", f"/v2.0/ports?network_id={net}")["ports"] == []
    refused(neutron.call("DELETE", f"{served}/{net}", who=ADMIN), 409, "NetworkNotHostedByDhcpAgent")


def test_the_dhcp_agent_takes_an_address_of_each_subnet() -> None:
    neutron = make()
    net = network(neutron)["id"]
    first = subnet(neutron, net, "10.0.0.0/24", enable_dhcp=True)["id"]

    def held() -> list[list[str]]:
        ports = neutron.ok("GET", "/v2.0/ports?device_owner=network:dhcp")["ports"]
        assert {p["status"] for p in ports} <= {"ACTIVE"}
        return [[ip["ip_address"] for ip in p["fixed_ips"]] for p in ports]

    assert held() == [["10.0.0.2"]]
    (dhcp,) = neutron.ok("GET", "/v2.0/ports", who=ADMIN)["ports"]
    assert dhcp["device_id"] == f"dhcpd3377d3c-a0d1-5d71-9947-f17125c357bb-{net}"
    assert (dhcp["binding:host_id"], dhcp["revision_number"], dhcp["security_groups"]) == ("controller", 4, [])
    second = subnet(neutron, net, "10.0.1.0/24", enable_dhcp=True)["id"]
    assert held() == [["10.0.0.2", "10.0.1.2"]]
    neutron.ok("DELETE", f"/v2.0/subnets/{second}")
    assert held() == [["10.0.0.2"]]
    neutron.ok("PUT", f"/v2.0/subnets/{first}", {"subnet": {"enable_dhcp": False}})
    assert held() == []
    neutron.ok("PUT", f"/v2.0/subnets/{first}", {"subnet": {"enable_dhcp": True}})
    neutron.ok("DELETE", f"/v2.0/networks/{net}")
    assert neutron.ok("GET", "/v2.0/ports", who=ADMIN) == {"ports": []}


def test_a_port_is_active_once_both_agents_have_reported(site: Site) -> None:
    neutron, cloud = site.api, site.api.cloud
    assert (site.port["status"], site.port["binding:vif_type"], site.port["revision_number"]) == ("ACTIVE", "ovs", 5)
    cloud.stop("neutron-dhcp-agent")
    waiting = site.server("compute2")
    assert waiting["status"] == "DOWN"
    cloud.start("neutron-dhcp-agent")
    cloud.bus.drain()
    assert neutron.ok("GET", f"/v2.0/ports/{waiting['id']}")["port"]["status"] == "ACTIVE"
    cloud.stop("neutron-openvswitch-agent@compute3")
    failed = site.server("compute3")
    assert (failed["status"], failed["binding:vif_type"], failed["binding:vif_details"]) == (
        "DOWN",
        "binding_failed",
        {},
    )
    assert {a["host"] for a in neutron.ok("GET", "/v2.0/agents", who=ADMIN)["agents"] if not a["alive"]} == {"compute3"}
    moved = {"port": {"binding:host_id": "compute1"}}
    assert neutron.ok("PUT", f"/v2.0/ports/{waiting['id']}", moved, ADMIN)["port"]["status"] == "DOWN"
    assert neutron.ok("GET", f"/v2.0/ports/{waiting['id']}")["port"]["status"] == "ACTIVE"
    free = neutron.ok("PUT", f"/v2.0/ports/{waiting['id']}", {"port": {"binding:host_id": ""}}, ADMIN)["port"]
    assert (free["status"], free["binding:vif_type"]) == ("DOWN", "unbound")


# --- routers --------------------------------------------------------------------------------------------------------


def test_a_router_as_recorded(site: Site) -> None:
    shown = site.api.ok("GET", f"/v2.0/routers/{site.router}")["router"]
    assert shown.keys() == ROUTER_KEYS
    assert shown["external_gateway_info"].keys() == GATEWAY_KEYS
    assert (shown["availability_zones"], shown["status"], shown["revision_number"]) == (["nova"], "ACTIVE", 2)
    as_admin = site.api.ok("GET", f"/v2.0/routers/{site.router}", who=ADMIN)["router"]
    assert as_admin.keys() == ROUTER_KEYS | {"ha", "distributed"}
    (interface,) = site.api.ok("GET", f"/v2.0/ports?device_id={site.router}")["ports"]
    assert (interface["device_owner"], interface["status"]) == ("network:router_interface", "ACTIVE")
    assert (address(interface), interface["port_security_enabled"], interface["revision_number"]) == (
        "192.168.1.1",
        False,
        5,
    )
    owners = {p["device_owner"] for p in site.api.ok("GET", f"/v2.0/ports?device_id={site.router}", who=ADMIN)["ports"]}
    assert owners == {"network:router_interface", "network:router_gateway"}, (
        "the gateway's port is hidden from projects"
    )
    (agent,) = site.api.ok("GET", f"/v2.0/routers/{site.router}/l3-agents", who=ADMIN)["agents"]
    assert agent["binary"] == "neutron-l3-agent"


def test_interfaces_come_and_go(site: Site) -> None:
    neutron, path = site.api, f"/v2.0/routers/{site.router}"
    other = subnet(neutron, network(neutron)["id"], "10.2.0.0/24")
    added = site.join(other["id"]).json
    assert added.keys() == {"id", "project_id", "port_id", "network_id", "subnet_id", "subnet_ids"}
    refused(neutron.call("DELETE", path), 409, "RouterInUse", f"Router {site.router} still has ports")
    text = f"Port {added['port_id']} cannot be deleted directly via the port API: has device owner "
    refused(neutron.call("DELETE", f"/v2.0/ports/{added['port_id']}"), 409, "ServicePortInUse",
            f"{text}network:router_interface.")  # fmt: skip
    gateway = {"subnet": {"gateway_ip": "10.2.0.9"}}
    refused(neutron.call("PUT", f"/v2.0/subnets/{other['id']}", gateway), 409, "GatewayIpInUse")
    neutron.ok("PUT", f"{path}/remove_router_interface", {"subnet_id": other["id"]})
    text = f"Router {site.router} has no interface on subnet {other['id']}"
    reply = neutron.call("PUT", f"{path}/remove_router_interface", {"subnet_id": other["id"]})
    refused(reply, 404, "RouterInterfaceNotFoundForSubnet", text)
    made = port(neutron, other["network_id"])
    assert neutron.ok("PUT", f"{path}/add_router_interface", {"port_id": made["id"]})["port_id"] == made["id"]
    refused(neutron.call("PUT", f"{path}/add_router_interface", {"port_id": made["id"]}), 409, "PortInUse")
    neutron.ok("PUT", f"{path}/remove_router_interface", {"port_id": made["id"]})
    assert neutron.call("GET", f"/v2.0/ports/{made['id']}").status_code == 404
    neutron.ok("PUT", f"{path}/remove_router_interface", {"subnet_id": site.subnet})
    assert neutron.call("DELETE", path).status_code == 204
    assert neutron.ok("GET", f"/v2.0/ports?device_id={site.router}", who=ADMIN)["ports"] == []


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({}, "Either subnet_id or port_id must be specified"),
        ({"subnet_id": "x"}, "'x' is not a valid UUID"),
        ({"subnet_id": NOBODY, "port_id": NOBODY}, "Cannot specify both subnet-id and port-id"),
        ({"subnet_id": "{same}"}, "Router already has a port on subnet {same}"),
        (
            {"subnet_id": "{overlap}"},
            "Cidr 192.168.1.0/25 of subnet {overlap} overlaps with cidr 192.168.1.0/24 of subnet {same}",
        ),
        ({"subnet_id": "{dead_end}"}, "Subnet for router interface must have a gateway IP"),
        ({"port_id": "{bare}"}, "Router port must have at least one fixed IP"),
    ],
)
def test_interfaces_that_cannot_be(site: Site, info: dict[str, str], message: str) -> None:
    neutron = site.api
    ids = {
        "same": site.subnet,
        "overlap": subnet(neutron, network(neutron)["id"], "192.168.1.0/25")["id"],
        "dead_end": subnet(neutron, network(neutron)["id"], "10.3.0.0/24", gateway_ip=None)["id"],
        "bare": port(neutron, network(neutron)["id"])["id"],
    }
    body = {key: value.format(**ids) for key, value in info.items()}
    reply = neutron.call("PUT", f"/v2.0/routers/{site.router}/add_router_interface", body)
    refused(reply, 400, "BadRequest", f"Bad router request: {message.format(**ids)}.")


def test_gateways_and_routes(site: Site) -> None:
    neutron, path = site.api, f"/v2.0/routers/{site.router}"
    inside = {"router": {"external_gateway_info": {"network_id": site.inside}}}
    text = f"Bad router request: Network {site.inside} is not an external network."
    refused(neutron.call("PUT", path, inside), 400, "BadRequest", text)
    snat = {"router": {"external_gateway_info": {"network_id": site.outside, "enable_snat": False}}}
    assert neutron.call("PUT", path, snat).status_code == 403
    info = neutron.ok("PUT", path, snat, ADMIN)["router"]["external_gateway_info"]
    assert info["enable_snat"] is False
    snat["router"]["external_gateway_info"]["external_fixed_ips"] = [{"ip_address": "203.0.113.77"}]
    info = neutron.ok("PUT", path, snat, ADMIN)["router"]["external_gateway_info"]
    assert [ip["ip_address"] for ip in info["external_fixed_ips"]] == ["203.0.113.77"]
    route = {"destination": "10.9.0.0/16", "nexthop": "192.168.1.9"}
    assert neutron.ok("PUT", path, {"router": {"routes": [route]}})["router"]["routes"] == [route]
    reply = neutron.call("PUT", f"{path}/remove_router_interface", {"subnet_id": site.subnet})
    refused(reply, 409, "RouterInterfaceInUseByRoute")
    far = {"router": {"routes": [route | {"nexthop": "10.8.0.1"}]}}
    refused(neutron.call("PUT", path, far), 400, "InvalidRoutes")
    refused(neutron.call("DELETE", f"/v2.0/networks/{site.outside}", who=ADMIN), 409, "NetworkInUse")
    assert neutron.ok("PUT", path, {"router": {"external_gateway_info": {}}})["router"]["external_gateway_info"] is None
    assert neutron.call("GET", path, who=OTHER).status_code == 404


def test_ipv6_prefixes_of_a_network_share_the_routers_port(site: Site) -> None:
    neutron, modes = site.api, {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac", "enable_dhcp": True}
    net = network(neutron)["id"]
    made = [subnet(neutron, net, f"2001:db8:{n}::/64", **modes) for n in (1, 2)]
    assert len({site.join(one["id"]).json["port_id"] for one in made}) == 1
    own = port(neutron, net, mac_address="fa:16:3e:00:00:01")["fixed_ips"]
    assert [ip["ip_address"] for ip in own] == ["2001:db8:1:0:f816:3eff:fe00:1", "2001:db8:2:0:f816:3eff:fe00:1"]


# --- floating addresses ---------------------------------------------------------------------------------------------


def test_a_floating_address_is_active_once_the_router_translates_it(site: Site) -> None:
    neutron = site.api
    made = site.floating().json["floatingip"]
    assert made.keys() == FLOATING_KEYS
    path = f"/v2.0/floatingips/{made['id']}"
    leads = neutron.ok("PUT", path, {"floatingip": {"port_id": site.port["id"]}})["floatingip"]
    assert (leads["status"], leads["router_id"], leads["fixed_ip_address"]) == ("DOWN", site.router, address(site.port))
    assert leads["port_details"]["device_owner"] == "compute:nova"
    shown = neutron.ok("GET", path)["floatingip"]
    assert (shown["status"], shown["revision_number"]) == ("ACTIVE", 2)
    text = (
        f"Router interface for subnet {site.subnet} on router {site.router} cannot be deleted, as it is required by one"
    )
    reply = neutron.call("PUT", f"/v2.0/routers/{site.router}/remove_router_interface", {"subnet_id": site.subnet})
    refused(reply, 409, "RouterInterfaceInUseByFloatingIP", f"{text} or more floating IPs.")
    reply = neutron.call("PUT", f"/v2.0/routers/{site.router}", {"router": {"external_gateway_info": None}})
    refused(reply, 409, "RouterExternalGatewayInUseByFloatingIp")
    reply = site.floating(port_id=site.port["id"])
    refused(reply, 409, "FloatingIPPortAlreadyAssociated")
    assert len(neutron.ok("GET", f"/v2.0/floatingips?port_id={site.port['id']}")["floatingips"]) == 1
    alone = neutron.ok("PUT", path, {"floatingip": {"port_id": None}})["floatingip"]
    assert (alone["status"], alone["router_id"], alone["port_details"]) == ("ACTIVE", None, None)
    assert neutron.ok("GET", path)["floatingip"]["status"] == "DOWN"
    neutron.ok("PUT", path, {"floatingip": {"port_id": site.port["id"]}})
    neutron.ok("DELETE", f"/v2.0/ports/{site.port['id']}")
    assert neutron.ok("GET", path)["floatingip"]["port_id"] is None
    assert neutron.call("GET", path, who=OTHER).status_code == 404
    assert neutron.call("DELETE", path).status_code == 204
    assert site.floating().json["floatingip"]["floating_ip_address"] == made["floating_ip_address"]


def test_floating_addresses_that_cannot_be(site: Site) -> None:
    neutron = site.api
    far = subnet(neutron, network(neutron)["id"], "10.4.0.0/24")
    lonely = port(neutron, far["network_id"])
    text = (
        f"External network {site.outside} is not reachable from subnet {far['id']}.  Therefore, cannot associate Port "
        f"{lonely['id']} with a Floating IP."
    )
    refused(site.floating(port_id=lonely["id"]), 404, "ExternalGatewayForFloatingIPNotFound", text)
    refused(site.floating(port_id=NOBODY), 404, "PortNotFound")
    refused(site.floating(floating_network_id=site.inside), 400, "BadRequest")
    refused(site.floating(fixed_ip_address="192.168.1.9"), 400, "BadRequest")
    refused(site.floating(port_id=site.port["id"], fixed_ip_address="192.168.1.99"), 400, "BadRequest")
    assert site.floating(floating_ip_address="203.0.113.50").status_code == 403
    body = {"floatingip": {"floating_network_id": site.outside, "floating_ip_address": "203.0.113.50"}}
    assert neutron.ok("POST", "/v2.0/floatingips", body, ADMIN)["floatingip"]["floating_ip_address"] == "203.0.113.50"
    refused(neutron.call("POST", "/v2.0/floatingips", body, ADMIN), 409, "IpAddressAlreadyAllocated")


def test_an_exhausted_pool_of_floating_addresses() -> None:
    neutron = make()
    outside = network(neutron, ADMIN, **{"router:external": True})["id"]
    pool = [{"start": "203.0.113.9", "end": "203.0.113.9"}]
    subnet(neutron, outside, "203.0.113.0/24", ADMIN, allocation_pools=pool)
    body = {"floatingip": {"floating_network_id": outside}}
    neutron.ok("POST", "/v2.0/floatingips", body)
    text = f"No more IP addresses available on network {outside}."
    refused(neutron.call("POST", "/v2.0/floatingips", body), 409, "IpAddressGenerationFailure", text)
    neutron.ok("DELETE", f"/v2.0/networks/{outside}", who=ADMIN)
    assert neutron.ok("GET", "/v2.0/floatingips") == {"floatingips": []}, "it went with its network"


# --- the way of a packet --------------------------------------------------------------------------------------------


def why(path: Any) -> tuple[bool, str, str]:
    return path["reaches"], path["hops"][-1]["kind"], path["hops"][-1]["why"]


def test_within_a_network_the_default_group_lets_members_in(site: Site) -> None:
    peer = site.server("compute2")
    found = site.path(address(site.port), address(peer))
    assert [hop["kind"] for hop in found["hops"]] == ["port", "security group", "subnet", "port", "security group"]
    assert found["reaches"]
    group = site.api.ok("POST", "/v2.0/security-groups", {"security_group": {"name": "web"}})["security_group"]["id"]
    walled = site.server("compute2", security_groups=[group])
    blocked = site.path(address(site.port), address(walled))
    assert why(blocked) == (False, "security group", f"no rule allows ingress tcp 22, remote {address(site.port)}")
    site.allow(group, port_range_min=20, port_range_max=25, remote_ip_prefix="192.168.1.0/24")
    assert site.path(address(site.port), address(walled))["reaches"]
    assert not site.path(address(site.port), address(walled), 80)["reaches"]
    assert not site.path(address(site.port), address(walled), 22, "udp")["reaches"]


def test_between_subnets_a_router_is_needed_and_the_way_back(site: Site) -> None:
    far = subnet(site.api, network(site.api)["id"], "10.5.0.0/24")
    there = site.server("compute1", far["network_id"])
    ends = address(site.port), address(there)
    assert why(site.path(*ends)) == (False, "router", "has no interface on and no route to 10.5.0.0/24")
    assert why(site.path(*reversed(ends))) == (False, "subnet", "no router has its gateway address 10.5.0.1")
    site.join(far["id"])
    assert site.path(*ends)["reaches"]
    site.api.ok("PUT", f"/v2.0/routers/{site.router}", {"router": {"admin_state_up": False}})
    assert why(site.path(*ends))[:2] == (False, "router")


def test_in_and_out_of_the_cloud(site: Site) -> None:
    fixed = address(site.port)
    out = site.path(fixed, "198.51.100.7", 443)
    assert out["reaches"]
    assert out["hops"][-2]["why"].endswith("the router's own address (SNAT)")
    blocked = "no way leads from outside to 192.168.1.3: it needs a floating address"
    assert why(site.path("198.51.100.7", fixed)) == (False, "network", blocked)
    unused = site.floating().json["floatingip"]
    assert why(site.path("198.51.100.7", unused["floating_ip_address"])) == (
        False,
        "floating ip",
        "it leads to no port",
    )
    path = f"/v2.0/floatingips/{unused['id']}"
    site.api.ok("PUT", path, {"floatingip": {"port_id": site.port["id"]}})
    assert why(site.path("198.51.100.7", unused["floating_ip_address"]))[:2] == (False, "security group")
    site.allow(site.port["security_groups"][0], port_range_min=22, port_range_max=22)
    found = site.path("198.51.100.7", unused["floating_ip_address"])
    assert [hop["kind"] for hop in found["hops"]] == ["floating ip", "port", "security group"]
    assert found["reaches"]
    assert f"goes out as {unused['floating_ip_address']}" in site.path(fixed, "198.51.100.7")["hops"][-2]["why"]
    site.api.ok("PUT", f"/v2.0/ports/{site.port['id']}", {"port": {"admin_state_up": False}})
    assert why(site.path("198.51.100.7", unused["floating_ip_address"]))[:2] == (False, "port")


def test_an_address_that_several_ports_have_is_named_by_a_port(site: Site) -> None:
    twin = subnet(site.api, network(site.api)["id"], "192.168.1.0/24")
    other = site.server("compute1", twin["network_id"], fixed_ips=[{"ip_address": address(site.port)}])
    with pytest.raises(LookupError):
        site.path(address(site.port), "198.51.100.7")
    assert why(site.path(other["id"], "198.51.100.7"))[:2] == (False, "subnet")
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        site.path("nowhere", "198.51.100.7")


def test_what_blocks_says_how_it_is_repaired(site: Site) -> None:
    fixed, group = address(site.port), site.port["security_groups"][0]

    def repair(source: str, destination: str, to: int | None = 22) -> Any:
        return site.path(source, destination, to)["hops"][-1]["repair"]

    assert "floating ip create" in repair("198.51.100.7", fixed)
    held = site.floating(port_id=site.port["id"]).json["floatingip"]["floating_ip_address"]
    words = "security group rule create --ingress --protocol tcp --dst-port 22 --remote-ip 198.51.100.7"
    assert repair("198.51.100.7", held) == f"openstack {words} {group}"
    site.allow(group, remote_ip_prefix="198.51.100.7/32")
    assert repair("198.51.100.7", held) == ""
    site.api.ok("PUT", f"/v2.0/routers/{site.router}", {"router": {"admin_state_up": False}})
    assert repair("198.51.100.7", held) == "openstack router set --enable r1"
    assert repair(fixed, "198.51.100.7") == "openstack router set --enable r1"


def test_a_caller_learns_of_the_own_project_only(site: Site) -> None:
    held = site.floating(port_id=site.port["id"]).json["floatingip"]["floating_ip_address"]

    def hops(source: str, destination: str, who: Any) -> list[tuple[str, str]]:
        query = {"source": source, "destination": destination, "port": "22"}
        found = site.api.ok("GET", "/v2.0/reachability", who=who, params=query)["reachability"]
        return [(hop["kind"], hop["name"]) for hop in found["hops"]]

    mine = hops("198.51.100.7", held, DEMO)
    assert [kind for kind, _ in mine] == ["floating ip", "port", "security group"]
    assert hops("198.51.100.7", held, ADMIN) == mine
    for secret in (held, address(site.port)):
        assert hops("198.51.100.7", secret, OTHER) == [("outside", secret)]
    assert hops(address(site.port), "198.51.100.7", OTHER) == [("outside", "198.51.100.7")]
    ends = {"source": "198.51.100.7", "destination": site.port["id"]}
    refused(site.api.call("GET", "/v2.0/reachability", who=OTHER, params=ends), 400, "HTTPBadRequest")
    assert site.api.call("GET", "/v2.0/reachability", who=None).status_code == 401
    bad = {"source": held, "destination": held, "port": "x"}
    assert site.api.call("GET", "/v2.0/reachability", params=bad).status_code == 400


# --- what is shared by all collections ------------------------------------------------------------------------------


def test_subnet_pools() -> None:
    neutron = make()
    body = {"subnetpool": {"name": "p", "prefixes": ["10.0.0.0/22"], "default_prefixlen": 24}}
    pool = neutron.ok("POST", "/v2.0/subnetpools", body)["subnetpool"]
    assert (pool["min_prefixlen"], pool["max_prefixlen"], pool["ip_version"]) == (8, 32, 4)
    from_pool = {"subnetpool_id": pool["id"], "ip_version": 4, "enable_dhcp": False}

    def cut(**values: Any) -> Any:
        return neutron.call(
            "POST", "/v2.0/subnets", {"subnet": from_pool | {"network_id": network(neutron)["id"]} | values}
        )

    assert [cut().json["subnet"]["cidr"] for _ in range(2)] == ["10.0.0.0/24", "10.0.1.0/24"]
    assert cut(prefixlen=25).json["subnet"]["cidr"] == "10.0.2.0/25"
    assert cut(cidr="10.0.3.0/24").json["subnet"]["subnetpool_id"] == pool["id"]
    refused(cut(), 409, "SubnetAllocationError")
    refused(cut(prefixlen=4), 400, "MinPrefixSubnetAllocationError")
    refused(neutron.call("DELETE", f"/v2.0/subnetpools/{pool['id']}"), 400, "SubnetPoolDeleteError")
    smaller = {"subnetpool": {"prefixes": ["10.0.0.0/24"]}}
    refused(neutron.call("PUT", f"/v2.0/subnetpools/{pool['id']}", smaller), 400, "IllegalSubnetPoolPrefixUpdate")


def test_prefixes_of_a_pool_come_and_go_and_subnets_join() -> None:
    neutron = make()
    body = {"subnetpool": {"name": "p", "prefixes": ["10.0.0.0/24"]}}
    path = f"/v2.0/subnetpools/{neutron.ok('POST', '/v2.0/subnetpools', body)['subnetpool']['id']}"
    assert neutron.ok("PUT", f"{path}/add_prefixes", {"prefixes": ["10.0.1.0/24"]}) == {"prefixes": ["10.0.0.0/23"]}
    net = network(neutron, cidr="10.0.8.0/24")
    joined = neutron.ok("PUT", f"{path}/onboard_network_subnets", {"network_id": net["id"]})
    assert joined == [{"id": net_subnet(neutron, net), "cidr": "10.0.8.0/24"}]
    assert neutron.ok("GET", path)["subnetpool"]["prefixes"] == ["10.0.0.0/23", "10.0.8.0/24"]
    assert neutron.ok("GET", f"/v2.0/subnets/{joined[0]['id']}")["subnet"]["subnetpool_id"] == path.split("/")[-1]
    less = neutron.ok("PUT", f"{path}/remove_prefixes", {"prefixes": ["10.0.0.0/25"]})
    assert less == {"prefixes": ["10.0.0.128/25", "10.0.1.0/24", "10.0.8.0/24"]}
    in_use = neutron.call("PUT", f"{path}/remove_prefixes", {"prefixes": ["10.0.8.0/30"]})
    refused(in_use, 400, "IllegalSubnetPoolPrefixUpdate")
    refused(neutron.call("PUT", f"{path}/onboard_network_subnets", {"network_id": net["id"]}), 400,
            "IllegalSubnetPoolUpdate")  # fmt: skip
    for bad in ({}, {"prefixes": []}, {"prefixes": ["ten"]}):
        refused(neutron.call("PUT", f"{path}/add_prefixes", bad), 400, "HTTPBadRequest")
    refused(neutron.call("PUT", f"{path}/add_prefixes", {"prefixes": ["fd00::/64"]}), 400, "PrefixVersionMismatch")
    assert neutron.call("PUT", f"{path}/paint").status_code == 404
    refused(neutron.call("PUT", f"{path}/add_prefixes", {"prefixes": ["10.9.0.0/24"]}, OTHER), 404,
            "SubnetPoolNotFound")  # fmt: skip


def net_subnet(neutron: Any, net: dict[str, Any]) -> str:
    (found,) = neutron.ok("GET", f"/v2.0/networks/{net['id']}")["network"]["subnets"]
    return str(found)


def test_a_revision_may_be_nought_and_have_noughts_before_it() -> None:
    neutron = make()
    group = neutron.ok("POST", "/v2.0/security-groups", {"security_group": {"name": "web"}})["security_group"]
    rule = {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp"}
    for number, match in ((80, "0"), (81, "00")):
        body = {"security_group_rule": rule | {"port_range_min": number, "port_range_max": number}}
        made = neutron.ok("POST", "/v2.0/security-group-rules", body)["security_group_rule"]
        assert made["revision_number"] == 0
        path = f"/v2.0/security-group-rules/{made['id']}"
        reply = neutron.call("DELETE", path, headers={"If-Match": f"revision_number={match}"})
        assert reply.status_code == 204


def test_a_change_may_name_the_revision_that_it_knows() -> None:
    neutron = make()
    net = network(neutron)
    path, body = f"/v2.0/networks/{net['id']}", {"network": {"name": "new"}}

    def change(method: str, match: str) -> Any:
        return neutron.call(method, path, body if method == "PUT" else None, headers={"If-Match": match})

    number = neutron.ok("GET", path)["network"]["revision_number"]
    stale = change("PUT", f"revision_number={number - 1}")
    words = f"Constrained to {number - 1}, but current revision is {number}"
    refused(stale, 412, "RevisionNumberConstraintFailed", words)
    assert change("PUT", f'"revision_number={number}"').status_code == 200
    refused(change("DELETE", f"revision_number={number}"), 412, "RevisionNumberConstraintFailed")
    refused(change("PUT", "revision_number=x"), 400, "BadRequest")
    refused(change("PUT", "revision_number=1, revision_number=2"), 400, "BadRequest")
    assert change("DELETE", f"revision_number={number + 1}").status_code == 204


def test_pools_of_floating_addresses_shared_groups_and_new_mac_addresses() -> None:
    neutron = make()
    outside = network(neutron, ADMIN, **{"router:external": True})
    given = subnet(neutron, outside["id"], "203.0.113.0/24", ADMIN)
    (pool,) = neutron.ok("GET", "/v2.0/floatingip_pools")["floatingip_pools"]
    assert (pool["subnet_id"], pool["cidr"], pool["network_id"]) == (given["id"], "203.0.113.0/24", outside["id"])
    assert pool["project_id"] != given["project_id"]
    listed = [neutron.ok("GET", f"/v2.0/security-groups?shared={word}")["security_groups"] for word in (True, False)]
    assert [len(groups) for groups in listed] == [0, 1]
    made = port(neutron, network(neutron)["id"])
    again = {"port": {"mac_address": None}}
    assert neutron.call("PUT", f"/v2.0/ports/{made['id']}", again).status_code == 403
    new = neutron.ok("PUT", f"/v2.0/ports/{made['id']}", again, ADMIN)["port"]["mac_address"]
    assert new != made["mac_address"]
    assert new.startswith("fa:16:3e:")


def test_tags_bulk_requests_and_quotas() -> None:
    neutron = make()
    made = neutron.ok("POST", "/v2.0/networks", {"networks": [{"name": "a"}, {"name": "b"}]})["networks"]
    path = f"/v2.0/networks/{made[0]['id']}/tags"
    assert neutron.call("PUT", f"{path}/red").status_code == 201
    assert neutron.ok("PUT", path, {"tags": ["red", "blue"]}) == {"tags": ["red", "blue"]}, "what was sent"
    assert neutron.ok("GET", path) == {"tags": ["blue", "red"]}, "what is kept"
    assert [neutron.call("GET", f"{path}/{tag}").status_code for tag in ("blue", "re")] == [204, 404]

    def named(query: str) -> list[str]:
        return [n["name"] for n in neutron.ok("GET", f"/v2.0/networks?sort_key=name&{query}")["networks"]]

    assert named("tags=red,blue") == named("tags-any=blue,green") == ["a"]
    assert named("tags=red,green") == []
    assert named("not-tags=red") == named("not-tags-any=blue") == ["b"]
    assert neutron.call("DELETE", f"{path}/red").status_code == 204
    assert neutron.call("DELETE", path).status_code == 204
    assert neutron.ok("GET", path) == {"tags": []}
    limit = {"quota": {"network": 2}}
    assert neutron.call("PUT", "/v2.0/quotas/demo", limit).status_code == 403
    assert neutron.ok("PUT", "/v2.0/quotas/demo", limit, ADMIN)["quota"]["network"] == 2
    refused(neutron.call("POST", "/v2.0/networks", {"network": {}}), 409, "OverQuota")
    refused(neutron.call("PUT", "/v2.0/quotas/demo", {"quota": {"network": 1}}, ADMIN), 409, "QuotaLimitTooLow")
    assert [q["project_id"] for q in neutron.ok("GET", "/v2.0/quotas", who=ADMIN)["quotas"]] == ["demo"]
    assert neutron.call("DELETE", "/v2.0/quotas/demo", who=ADMIN).status_code == 204
    assert neutron.ok("GET", "/v2.0/quotas/demo")["quota"]["network"] == 100
    assert neutron.ok("GET", "/v2.0/quotas/demo/default")["quota"]["port"] == 500


def test_fixed_addresses_change_and_are_found(site: Site) -> None:
    neutron, path = site.api, f"/v2.0/ports/{site.port['id']}"
    kept = {"subnet_id": site.subnet, "ip_address": address(site.port)}
    both = neutron.ok("PUT", path, {"port": {"fixed_ips": [kept, {"subnet_id": site.subnet}]}})["port"]["fixed_ips"]
    assert [ip["ip_address"] for ip in both] == ["192.168.1.3", "192.168.1.4"]
    one = neutron.ok("PUT", path, {"port": {"fixed_ips": [{"ip_address": "192.168.1.4"}]}})["port"]["fixed_ips"]
    assert [ip["ip_address"] for ip in one] == ["192.168.1.4"]
    assert address(port(neutron, site.inside)) == "192.168.1.3", "it is free again"
    for query, count in (
        ("ip_address=192.168.1.4", 1),
        ("ip_address_substr=168.1.4", 1),
        (f"subnet_id={site.subnet}", 4),
    ):
        assert len(neutron.ok("GET", f"/v2.0/ports?fixed_ips={query}", who=ADMIN)["ports"]) == count, query
    (free,) = neutron.ok("GET", f"/v2.0/network-ip-availabilities?network_id={site.inside}", who=ADMIN)[
        "network_ip_availabilities"
    ]
    assert (free["total_ips"], free["used_ips"]) == (253, 4)


def test_pools_and_pairs_change(site: Site) -> None:
    neutron = site.api
    pools = {"subnet": {"allocation_pools": [{"start": "192.168.1.3", "end": "192.168.1.5"}]}}
    neutron.ok("PUT", f"/v2.0/subnets/{site.subnet}", pools)
    assert [address(port(neutron, site.inside)) for _ in range(2)] == ["192.168.1.4", "192.168.1.5"]
    refused(
        neutron.call("POST", "/v2.0/ports", {"port": {"network_id": site.inside}}), 409, "IpAddressGenerationFailure"
    )
    pair, path = {"ip_address": "192.168.1.200"}, f"/v2.0/ports/{site.port['id']}"
    shown = neutron.ok("PUT", path, {"port": {"allowed_address_pairs": [pair]}})["port"]["allowed_address_pairs"]
    assert shown == [pair | {"mac_address": site.port["mac_address"]}]
    refused(
        neutron.call("PUT", path, {"port": {"allowed_address_pairs": [pair, pair]}}),
        400,
        "DuplicateAddressPairInRequest",
    )
    option = {"opt_name": "tftp-server", "opt_value": "10.0.0.9"}
    shown = neutron.ok("PUT", path, {"port": {"extra_dhcp_opts": [option]}})["port"]["extra_dhcp_opts"]
    assert shown == [option | {"ip_version": 4}]
    gone = {"port": {"extra_dhcp_opts": [option | {"opt_value": None}]}}
    assert neutron.ok("PUT", path, gone)["port"]["extra_dhcp_opts"] == []


def names(client: Client, query: str) -> list[str]:
    return [n["name"] for n in client.ok("GET", f"/v2.0/networks?{query}")["networks"]]


def test_pages_lead_both_ways() -> None:
    neutron: Neutron = make()
    for name in "bacd":
        network(neutron, DEMO, name=name)
    first = neutron.ok("GET", "/v2.0/networks?limit=2&sort_key=name&sort_dir=asc")
    links = {link["rel"]: link["href"].partition("?")[2] for link in first["networks_links"]}
    assert names(neutron, links["next"]) == ["c", "d"]
    last = neutron.ok("GET", f"/v2.0/networks?{links['next']}")
    back = {link["rel"]: link["href"].partition("?")[2] for link in last["networks_links"]}["previous"]
    assert names(neutron, back) == ["a", "b"]


def test_routes_are_added_and_removed_one_by_one() -> None:
    site = Site()
    path, first = f"/v2.0/routers/{site.router}", {"destination": "10.8.0.0/16", "nexthop": "192.168.1.9"}
    second = {"destination": "10.9.0.0/16", "nexthop": "192.168.1.9"}
    for given, known in (([first], [first]), ([first, second], [first, second])):
        made = site.api.ok("PUT", f"{path}/add_extraroutes", {"router": {"routes": given}})["router"]
        assert made["routes"] == known
        assert set(made) == ROUTER_KEYS
    left = site.api.ok("PUT", f"{path}/remove_extraroutes", {"router": {"routes": [first]}})["router"]
    assert left["routes"] == [second] == site.api.ok("GET", path)["router"]["routes"]
    far = {"router": {"routes": [{"destination": "10.8.0.0/16", "nexthop": "172.16.0.1"}]}}
    refused(site.api.call("PUT", f"{path}/add_extraroutes", far), 400, "InvalidRoutes")
    refused(site.api.call("PUT", f"{path}/add_extraroutes", {}), 400, "HTTPBadRequest")
