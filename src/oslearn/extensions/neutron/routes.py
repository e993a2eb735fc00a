"""What neutron-server does besides what a boot needs, as a table of contents, and who may ask for it.

Interface: `ROUTES`, `RULES`.
Upstream: neutron/extensions/, neutron/conf/policies/.
"""

from __future__ import annotations

from oslearn.core.oslo import policy
from oslearn.core.oslo.wsgi import Route

OPERATIONS = {
    "index": ("GET", "", "get"),
    "create": ("POST", "", None),
    "show": ("GET", "/{id}", "get"),
    "update": ("PUT", "/{id}", None),
    "delete": ("DELETE", "/{id}", "delete"),
}
"""Method, rest of the path, and the verb of the rule at the door; `create` and `update` read the body first."""


def collection(path: str, name: str, operations: str) -> list[Route]:
    """The routes of a collection; `name` is one row's, as rules have it."""
    routes = []
    for operation in operations.split():
        method, rest, verb = OPERATIONS[operation]
        rule = f"{verb}_{name}" if verb else None
        routes.append(Route(f"{method} /v2.0/{path}{rest}", f"{path.replace('-', '_')}.{operation}", rule))
    return routes


def tags(path: str) -> list[Route]:
    """The routes of the tags of a collection."""
    where, part = f"/v2.0/{path}/{{id}}/tags", f"{path.replace('-', '_')}.tags"
    return [
        Route(f"GET {where}", f"{part}.index"),
        Route(f"PUT {where}", f"{part}.replace"),
        Route(f"POST {where}", f"{part}.add"),
        Route(f"DELETE {where}", f"{part}.delete"),
        Route(f"GET {where}/{{tag}}", f"{part}.show"),
        Route(f"PUT {where}/{{tag}}", f"{part}.add_one"),
        Route(f"DELETE {where}/{{tag}}", f"{part}.delete_one"),
    ]


ROUTES = [
    Route("GET /", "versions.index"),
    Route("GET /v2.0", "about.show_version"),
    Route("GET /v2.0/extensions/{alias}", "about.show_extension"),
    # networks and their addresses
    *collection("networks", "network", "create update delete"),
    *collection("subnets", "subnet", "create update delete"),
    *collection("subnetpools", "subnetpool", "index show create update delete"),
    Route("PUT /v2.0/subnetpools/{id}/add_prefixes", "subnetpool_actions.add_prefixes", "update_subnetpool"),
    Route("PUT /v2.0/subnetpools/{id}/remove_prefixes", "subnetpool_actions.remove_prefixes", "update_subnetpool"),
    Route(
        "PUT /v2.0/subnetpools/{id}/onboard_network_subnets",
        "subnetpool_actions.onboard_network_subnets",
        "update_subnetpool",
    ),
    Route("GET /v2.0/network-ip-availabilities", "ip_availability.index", "get_network_ip_availability"),
    Route("GET /v2.0/network-ip-availabilities/{id}", "ip_availability.show", "get_network_ip_availability"),
    # layer 3
    *collection("routers", "router", "index show create update delete"),
    Route("PUT /v2.0/routers/{id}/add_router_interface", "router_actions.add_router_interface", "update_router"),
    Route("PUT /v2.0/routers/{id}/remove_router_interface", "router_actions.remove_router_interface", "update_router"),
    Route("PUT /v2.0/routers/{id}/add_extraroutes", "router_actions.add_extraroutes", "update_router"),
    Route("PUT /v2.0/routers/{id}/remove_extraroutes", "router_actions.remove_extraroutes", "update_router"),
    *collection("floatingips", "floatingip", "index show create update delete"),
    Route("GET /v2.0/floatingip_pools", "floatingip_pools.index"),
    # what may pass
    *collection("security-groups", "security_group", "create update delete"),
    *collection("security-group-rules", "security_group_rule", "index show create delete"),
    Route("GET /v2.0/reachability", "reachability.show", "get_port"),
    # words that projects put on what they have
    *tags("networks"),
    *tags("subnets"),
    *tags("subnetpools"),
    *tags("ports"),
    *tags("routers"),
    *tags("floatingips"),
    *tags("security-groups"),
    # agents, and what they serve
    *collection("agents", "agent", "index show update delete"),
    Route("GET /v2.0/networks/{id}/dhcp-agents", "dhcp_scheduler.agents_of", "agent_scheduler"),
    Route("GET /v2.0/agents/{id}/dhcp-networks", "dhcp_scheduler.served_by", "agent_scheduler"),
    Route("POST /v2.0/agents/{id}/dhcp-networks", "dhcp_scheduler.serve", "agent_scheduler"),
    Route("DELETE /v2.0/agents/{id}/dhcp-networks/{served_id}", "dhcp_scheduler.leave", "agent_scheduler"),
    Route("GET /v2.0/routers/{id}/l3-agents", "l3_scheduler.agents_of", "agent_scheduler"),
    Route("GET /v2.0/agents/{id}/l3-routers", "l3_scheduler.served_by", "agent_scheduler"),
    Route("POST /v2.0/agents/{id}/l3-routers", "l3_scheduler.serve", "agent_scheduler"),
    Route("DELETE /v2.0/agents/{id}/l3-routers/{served_id}", "l3_scheduler.leave", "agent_scheduler"),
    Route("GET /v2.0/availability_zones", "places.list_availability_zones"),
    Route("GET /v2.0/service-providers", "places.list_service_providers"),
    # limits
    Route("GET /v2.0/quotas", "quotas.index", "update_quota"),
    Route("GET /v2.0/quotas/{project_id}/{part}", "quotas.show"),
    Route("PUT /v2.0/quotas/{project_id}", "quotas.update", "update_quota"),
    Route("DELETE /v2.0/quotas/{project_id}", "quotas.delete", "update_quota"),
]

RULES: dict[str, policy.Rule] = {
    "create_network": policy.project_member,
    "update_network": policy.project_member,
    "delete_network": policy.project_member,
    "create_subnet": policy.project_member,
    "update_subnet": policy.project_member,
    "delete_subnet": policy.project_member,
    "get_subnetpool": policy.project_reader,
    "create_subnetpool": policy.project_member,
    "update_subnetpool": policy.project_member,
    "delete_subnetpool": policy.project_member,
    "get_router": policy.project_reader,
    "create_router": policy.project_member,
    "update_router": policy.project_member,
    "delete_router": policy.project_member,
    "get_floatingip": policy.project_reader,
    "create_floatingip": policy.project_member,
    "update_floatingip": policy.project_member,
    "delete_floatingip": policy.project_member,
    "create_security_group": policy.project_member,
    "update_security_group": policy.project_member,
    "delete_security_group": policy.project_member,
    "get_security_group_rule": policy.project_reader,
    "create_security_group_rule": policy.project_member,
    "delete_security_group_rule": policy.project_member,
    "get_agent": policy.project_reader,
    "update_agent": policy.admin,
    "delete_agent": policy.admin,
    "agent_scheduler": policy.admin,
    "update_quota": policy.admin,
    "get_network_ip_availability": policy.admin,
}
