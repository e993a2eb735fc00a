"""What neutron-server does for a boot, as a table of contents, and who may ask for it.

Interface: `ROUTES`, `RULES`.
Upstream: neutron/api/v2/router.py, neutron/conf/policies/.
"""

from __future__ import annotations

from oslearn.core.oslo import policy
from oslearn.core.oslo.route import Route

ROUTES = [
    Route("GET /", "versions.index"),
    Route("GET /v2.0/extensions", "extensions.index"),
    Route("GET /v2.0/quotas/{project_id}", "quotas.show"),
    # what Nova looks at: before it accepts a server, and to tell it what it needs of its network
    Route("GET /v2.0/networks", "networks.index", "get_network"),
    Route("GET /v2.0/networks/{id}", "networks.show", "get_network"),
    Route("GET /v2.0/subnets", "subnets.index", "get_subnet"),
    Route("GET /v2.0/subnets/{id}", "subnets.show", "get_subnet"),
    Route("GET /v2.0/security-groups", "security_groups.index", "get_security_group"),
    Route("GET /v2.0/security-groups/{id}", "security_groups.show", "get_security_group"),
    # what nova-compute makes, binds and takes away
    Route("GET /v2.0/ports", "ports.index", "get_port"),
    Route("GET /v2.0/ports/{id}", "ports.show", "get_port"),
    Route("POST /v2.0/ports", "ports.create"),
    Route("PUT /v2.0/ports/{id}", "ports.update"),
    Route("DELETE /v2.0/ports/{id}", "ports.delete", "delete_port"),
]

RULES: dict[str, policy.Rule] = {
    "get_quota": policy.project_reader,
    "get_network": policy.project_reader,
    "get_subnet": policy.project_reader,
    "get_security_group": policy.project_reader,
    "get_port": policy.project_reader,
    "create_port": policy.project_member,
    "update_port": policy.project_member,
    "delete_port": policy.project_member,
}
REFUSAL = "rule:%(action)s is disallowed by policy"
