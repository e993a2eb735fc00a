"""neutron-server: networks, and the ports that connect servers to them. First its table of contents for a boot.

Interface: `ROUTES`, `RULES`; `application(...)`.
Invariants: the extensions that the API names are there.
Upstream: neutron/pecan_wsgi/, neutron/extensions/, neutron/conf/policies/. Left out: `/qos`, `/trunks`,
`/rbac-policies`, `/segments`, `/address-groups`, `/address-scopes`, `/flavors`, `/metering`, `/log`, `/vpn`, `/fwaas`,
`/local_ips`, `/ndp_proxies`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from oslearn.core.neutron.agent import Agents
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import NETWORK, SUBNET, Stamps
from oslearn.core.neutron.binding import PORT, Binding
from oslearn.core.neutron.collection import Collection
from oslearn.core.neutron.notifiers import Notifier, Outbox
from oslearn.core.neutron.ports import Ports
from oslearn.core.neutron.quota import Quotas
from oslearn.core.neutron.securitygroups import GROUP, SecurityGroups
from oslearn.core.oslo import exception, policy, wsgi
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Door, Route

ROUTES = [
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
EXTENSIONS = tomllib.loads((Path(__file__).parent / "extensions.toml").read_text("utf-8"))
UNEXPECTED = "Request Failed: internal server error while processing your request."


@dataclass(frozen=True)
class Plugin:
    """The parts of a process, as deploy/neutron.py builds them.

    Upstream it is one class of many bases; here are parts that know each other by name.
    """

    handle: Handle
    outbox: Outbox
    notifier: Notifier
    stamps: Stamps
    agents: Agents
    quotas: Quotas
    groups: SecurityGroups
    binding: Binding
    ports: Ports


class Extensions:
    """What else the API can do, by alias: Nova asks before it binds ports."""

    def __init__(self, known: Mapping[str, list[str]]) -> None:
        self.known = known

    def index(self, req: Request) -> Values:
        """200: each with its name and since when it is so."""
        return {"extensions": [extension(alias, told) for alias, told in self.known.items()]}


class ProjectQuotas:
    """A project's limits: nova-api asks whether the ports of a new server would be too many."""

    def __init__(self, outbox: Outbox, quotas: Quotas, policy: Enforcer) -> None:
        self.outbox, self.quotas, self.policy = outbox, quotas, policy

    def show(self, req: Request, project_id: str) -> Values:
        """200, 403: the limits that count for the project."""
        self.policy.enforce(req.caller, "get_quota", {"project_id": project_id})
        with self.outbox.transaction() as session:
            return {"quota": self.quotas.limits(session, project_id)}


def extension(alias: str, told: Sequence[str]) -> Values:
    """One extension as the API shows it; `told` are its name, what it is, and since when it is so."""
    name, description, updated = told
    return {"name": name, "alias": alias, "description": description, "updated": updated, "links": []}


def fault(req: Request, error: exception.OpenStackError) -> Reply:
    """Errors have a type and a message; the fabric's own are WebOb's upstream, and pecan has words for two of them."""
    name, message = getattr(error, "type", type(error).__name__), str(error)
    if type(error).__module__ == exception.__name__ and not isinstance(error, exception.PolicyNotAuthorized):
        name = f"HTTP{error.title.replace(' ', '')}"
    if isinstance(error, exception.MalformedRequestBody):
        message = "Body contains invalid data"
    if isinstance(error, exception.MethodNotAllowed):
        message = wsgi.BAD_REQUEST
    return Reply(error.code, {"NeutronError": {"type": name, "message": message, "detail": ""}})


def application(plugin: Plugin, ids: Ids, auth: object) -> wsgi.Application:
    """The process, as far as a boot needs it."""
    policy = Enforcer(RULES, REFUSAL)
    make = partial(Collection[Any], outbox=plugin.outbox, stamps=plugin.stamps, quotas=plugin.quotas, policy=policy)
    parts = {
        "extensions": Extensions(EXTENSIONS),
        "quotas": ProjectQuotas(plugin.outbox, plugin.quotas, policy),
        "networks": make(NETWORK, None),
        "subnets": make(SUBNET, None),
        "security_groups": make(GROUP, None),
        "ports": make(PORT, plugin.ports),
    }
    return wsgi.Application(parts, ROUTES, fault, ids, [auth], Door(policy), unexpected=UNEXPECTED)
