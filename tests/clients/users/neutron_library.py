"""A program on python-neutronclient, whose command is gone."""

import openstack
from neutronclient.common.exceptions import Conflict, NotFound
from neutronclient.v2_0.client import Client
from steps import same, step

neutron = Client(session=openstack.connect().session, region_name="RegionOne")

with step("network and subnet"):
    net = neutron.create_network({"network": {"name": "neutron-net"}})["network"]
    wanted = {"network_id": net["id"], "ip_version": 4, "cidr": "10.78.0.0/24", "name": "neutron-subnet"}
    subnet = neutron.create_subnet({"subnet": wanted})["subnet"]
    same(subnet["gateway_ip"], "10.78.0.1")
with step("router to the outside"):
    outside = neutron.list_networks(**{"router:external": True})["networks"][0]
    router = neutron.create_router({"router": {"name": "neutron-router"}})["router"]
    neutron.add_gateway_router(router["id"], {"network_id": outside["id"]})
    neutron.add_interface_router(router["id"], {"subnet_id": subnet["id"]})
    same(len(neutron.list_ports(device_id=router["id"])["ports"]), 1)
with step("port"):
    port = neutron.create_port({"port": {"network_id": net["id"], "name": "neutron-port"}})["port"]
    same(port["fixed_ips"][0]["subnet_id"], subnet["id"])
    same(neutron.list_ports(name="neutron-port", fields=["id"])["ports"], [{"id": port["id"]}])
with step("floating address"):
    floating = neutron.create_floatingip({"floatingip": {"floating_network_id": outside["id"]}})["floatingip"]
    neutron.update_floatingip(floating["id"], {"floatingip": {"port_id": port["id"]}})
    same(neutron.show_floatingip(floating["id"])["floatingip"]["port_id"], port["id"])
with step("security group"):
    group = neutron.create_security_group({"security_group": {"name": "neutron-group"}})["security_group"]
    rule = {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp", "port_range_min": 22,
            "port_range_max": 22}  # fmt: skip
    neutron.create_security_group_rule({"security_group_rule": rule})
    try:
        neutron.create_security_group_rule({"security_group_rule": rule})
        raise AssertionError("the same rule twice")
    except Conflict:
        pass
    neutron.update_port(port["id"], {"port": {"security_groups": [group["id"]]}})
with step("pages"):
    found = [found for page in neutron.list_networks(retrieve_all=False, limit=1) for found in page["networks"]]
    assert {"neutron-net", outside["name"]} <= {network["name"] for network in found}
with step("tags, extensions and quotas"):
    neutron.replace_tag("networks", net["id"], {"tags": ["blue"]})
    same(neutron.show_network(net["id"])["network"]["tags"], ["blue"])
    assert "router" in {extension["alias"] for extension in neutron.list_extensions()["extensions"]}
    neutron.show_quota(net["project_id"])
with step("a mistake is told"):
    try:
        neutron.delete_network(net["id"])
        raise AssertionError("a network in use was deleted")
    except Conflict as error:
        same(error.status_code, 409)
with step("delete"):
    neutron.delete_floatingip(floating["id"])
    neutron.delete_port(port["id"])
    neutron.delete_security_group(group["id"])
    neutron.remove_interface_router(router["id"], {"subnet_id": subnet["id"]})
    neutron.delete_router(router["id"])
    neutron.delete_network(net["id"])
    try:
        neutron.show_network(net["id"])
        raise AssertionError("the network is still there")
    except NotFound:
        pass
