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
    part, known = path.replace("-", "_"), {operation: OPERATIONS[operation] for operation in operations.split()}
    return [
        Route(f"{method} /v2.0/{path}{rest}", f"{part}.{operation}", verb and f"{verb}_{name}")
        for operation, (method, rest, verb) in known.items()
    ]


def actions(path: str, name: str, actions: str) -> list[Route]:
    """The routes of what changes one part of a row."""
    where, rule = f"PUT /v2.0/{path}/{{id}}", f"update_{name}"
    return [Route(f"{where}/{action}", f"{path}.{action}", rule) for action in actions.split()]


def tags(path: str) -> list[Route]:
    """The routes of the tags of a collection."""
    where, part = f"/v2.0/{path}/{{id}}/tags", f"{path.replace('-', '_')}.tags"
    whole = {"GET": "index", "PUT": "replace", "POST": "add", "DELETE": "delete"}
    one = {"GET": "show", "PUT": "add_one", "DELETE": "delete_one"}
    routes = [Route(f"{method} {where}", f"{part}.{handler}") for method, handler in whole.items()]
    return routes + [Route(f"{method} {where}/{{tag}}", f"{part}.{handler}") for method, handler in one.items()]


TAGGED = ("networks", "subnets", "subnetpools", "ports", "routers", "floatingips", "security-groups")
ROUTES = [
    Route("GET /", "about.list_versions"),
    Route("GET /v2.0", "about.show_version"),
    Route("GET /v2.0/extensions/{alias}", "about.show_extension"),
    # networks and their addresses
    *collection("networks", "network", "create update delete"),
    *collection("subnets", "subnet", "create update delete"),
    *collection("subnetpools", "subnetpool", "index show create update delete"),
    *actions("subnetpools", "subnetpool", "add_prefixes remove_prefixes onboard_network_subnets"),
    Route("GET /v2.0/network-ip-availabilities", "ip_availability.index", "get_network_ip_availability"),
    Route("GET /v2.0/network-ip-availabilities/{id}", "ip_availability.show", "get_network_ip_availability"),
    # layer 3
    *collection("routers", "router", "index show create update delete"),
    *actions("routers", "router", "add_router_interface remove_router_interface add_extraroutes remove_extraroutes"),
    *collection("floatingips", "floatingip", "index show create update delete"),
    Route("GET /v2.0/floatingip_pools", "floatingip_pools.index"),
    # what may pass
    *collection("security-groups", "security_group", "create update delete"),
    *collection("security-group-rules", "security_group_rule", "index show create delete"),
    Route("GET /v2.0/reachability", "reachability.show", "get_port"),
    # words that projects put on what they have
    *[route for path in TAGGED for route in tags(path)],
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
    Route("GET /v2.0/availability_zones", "about.list_availability_zones"),
    Route("GET /v2.0/service-providers", "about.list_service_providers"),
    # limits
    Route("GET /v2.0/quotas", "quota_sets.index", "update_quota"),
    Route("GET /v2.0/quotas/{project_id}/{part}", "quota_sets.show"),
    Route("PUT /v2.0/quotas/{project_id}", "quota_sets.update", "update_quota"),
    Route("DELETE /v2.0/quotas/{project_id}", "quota_sets.delete", "update_quota"),
]

RULES: dict[str, policy.Rule] = {
    **{
        f"{verb}_{name}": policy.project_member
        for verb in ("create", "update", "delete")
        for name in ("network", "subnet", "subnetpool", "router", "floatingip", "security_group")
    },
    **{
        f"get_{name}": policy.project_reader
        for name in ("subnetpool", "router", "floatingip", "security_group_rule", "agent")
    },
    "create_security_group_rule": policy.project_member,
    "delete_security_group_rule": policy.project_member,
    **dict.fromkeys(("update_agent", "delete_agent", "agent_scheduler", "update_quota"), policy.admin),
    "get_network_ip_availability": policy.admin,
}
