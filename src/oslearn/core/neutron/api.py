"""neutron-server: networks, their addresses, and the ports that connect servers to them.

Interface: `GET /`, `GET /v2.0`, below it every collection of `RESOURCES` with its tags, and `ROUTES`; `build(...)`.
Invariants: the extensions that the API names are there.
Upstream: neutron/api/v2/router.py, neutron/extensions/. Left out: `/qos`, `/trunks`, `/rbac-policies`, `/segments`,
`/address-groups`, `/address-scopes`, `/flavors`, `/metering`, `/log`, `/vpn`, `/fwaas`, `/local_ips`, `/ndp_proxies`.
"""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from oslearn.core.config import Config
from oslearn.core.neutron import attributes as a
from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.agents import AGENT
from oslearn.core.neutron.base import Resource, Values
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.floatingips import FLOATINGIP, Plugin
from oslearn.core.neutron.models import Agent, Network, Quota
from oslearn.core.neutron.networks import NETWORK
from oslearn.core.neutron.quota import QUOTA
from oslearn.core.neutron.reachability import explain
from oslearn.core.neutron.routers import ROUTER
from oslearn.core.neutron.schedulers import SCHEDULED, Schedulers
from oslearn.core.neutron.securitygroups import GROUP, RULE
from oslearn.core.neutron.subnetpools import POOL
from oslearn.core.neutron.subnets import SUBNET
from oslearn.core.oslo import exception, policy, route, webob, wsgi
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.http import Reply, Request

RESOURCES = (NETWORK, SUBNET, POOL, PORT, ROUTER, FLOATINGIP, GROUP, RULE, AGENT)
EXTENSIONS = tomllib.loads((Path(__file__).parent / "extensions.toml").read_text("utf-8"))
ACTIONS = {"router": ("add_router_interface", "remove_router_interface", "add_extraroutes", "remove_extraroutes"),
           "subnetpool": ("add_prefixes", "remove_prefixes", "onboard_network_subnets")}  # fmt: skip
PROVIDERS = ("dvrha", "dvr", "ha", "single_node")
RULES: dict[str, policy.Rule] = (
    {f"get_{r.name}": policy.project_reader for r in RESOURCES}
    | {f"{verb}_{r.name}": policy.project_member for verb in ("create", "update", "delete") for r in RESOURCES}
    | dict.fromkeys(("update_agent", "delete_agent", "agent_scheduler"), policy.admin)
    | {"get_quota": policy.project_reader, "update_quota": policy.admin, "get_network_ip_availability": policy.admin}
)
COLLECTION = {"list": ("GET", "", "index"), "create": ("POST", "", "create"), "show": ("GET", "/{id}", "show"),
              "update": ("PUT", "/{id}", "update"), "delete": ("DELETE", "/{id}", "delete")}  # fmt: skip
"""What a collection can do: method, path and the controller's handler."""
TAGS = [
    ("GET", "/{id}/tags", "list_tags"),
    ("PUT", "/{id}/tags", "replace_tags"),
    ("POST", "/{id}/tags", "add_tags"),
    ("DELETE", "/{id}/tags", "delete_tags"),
    ("GET", "/{id}/tags/{tag}", "show_tag"),
    ("PUT", "/{id}/tags/{tag}", "add_tag"),
    ("DELETE", "/{id}/tags/{tag}", "delete_tag"),
]
SHARED: list[tuple[str, str, str, Resource]] = [
    *[
        (method, r.path + rest, does, r)
        for r in RESOURCES
        for method, rest, does in map(COLLECTION.__getitem__, r.verbs)
    ],
    *[(method, r.path + rest, does, r) for r in RESOURCES if "tags" in r.attributes for method, rest, does in TAGS],
    *[("PUT", f"{r.path}/{{id}}/{{action}}", "change", r) for r in (ROUTER, POOL)],
    *[("GET", f"{r.path}/{{id}}/{kind}-agents", "agents_of", r) for kind, r in SCHEDULED.items()],
    *[("GET", f"/v2.0/agents/{{id}}/{kind}-{r.plural}", "served_by", r) for kind, r in SCHEDULED.items()],
    *[("POST", f"/v2.0/agents/{{id}}/{kind}-{r.plural}", "serve", r) for kind, r in SCHEDULED.items()],
    *[("DELETE", f"/v2.0/agents/{{id}}/{kind}-{r.plural}/{{served_id}}", "leave", r) for kind, r in SCHEDULED.items()],
]
"""Routes whose handler serves several resources: method, path, handler, resource."""
ROUTES: list[route.Entry] = [
    ("GET", "/", "list_versions"),
    ("GET", "/v2.0", "show_version"),
    ("GET", "/v2.0/extensions", "list_extensions"),
    ("GET", "/v2.0/extensions/{alias}", "show_extension"),
    ("GET", "/v2.0/quotas", "list_quotas"),
    ("GET", "/v2.0/quotas/{project_id}", "show_quota"),
    ("GET", "/v2.0/quotas/{project_id}/{part}", "show_quota"),
    ("PUT", "/v2.0/quotas/{project_id}", "update_quota"),
    ("DELETE", "/v2.0/quotas/{project_id}", "delete_quota"),
    ("GET", "/v2.0/reachability", "show_reachability"),
    ("GET", "/v2.0/floatingip_pools", "list_floatingip_pools"),
    ("GET", "/v2.0/availability_zones", "list_availability_zones"),
    ("GET", "/v2.0/service-providers", "list_service_providers"),
    ("GET", "/v2.0/network-ip-availabilities", "list_ip_availabilities"),
    ("GET", "/v2.0/network-ip-availabilities/{id}", "show_ip_availability"),
    *[(method, path, f"{does}:{resource.name}") for method, path, does, resource in SHARED],
]


class API(Schedulers):
    """All handlers: those of the collections and these."""

    def __init__(self, plugin: Plugin) -> None:
        super().__init__(plugin, RULES)
        for _, _, name, resource in SHARED:
            shared = partial(getattr(self, name), resource)
            does = getattr(plugin, f"{name}_{resource.name}", getattr(self, name))
            shared.__code__ = does.__code__  # type: ignore[attr-defined]  # the trace leads to where the work is done
            setattr(self, f"{name}:{resource.name}", shared)

    def list_versions(self, req: Request) -> Values:
        """200."""
        link = {"rel": "self", "href": f"{req.prefix}/v2.0/"}
        return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}

    def show_version(self, req: Request) -> Values:
        """200: the collections that there are."""
        rows = [(r.name, r.plural, {"rel": "self", "href": f"{req.prefix}{r.path}"}) for r in RESOURCES]
        return {"resources": [{"name": name, "collection": plural, "links": [link]} for name, plural, link in rows]}

    def list_extensions(self, req: Request) -> Values:
        """200."""
        return {"extensions": [_extension(alias) for alias in EXTENSIONS]}

    def show_extension(self, req: Request, alias: str) -> Any:
        """200, 404, which is a page as WebOb writes it."""
        if alias in EXTENSIONS:
            return {"extension": _extension(alias)}
        return webob.page(req, exception.NotFound(detail=f"Extension with alias {alias} does not exist"))

    def list_quotas(self, req: Request) -> Values:
        """200, 403: of the projects that have limits of their own."""
        self.policy.enforce(req.caller, "update_quota")
        with self.plugin.transaction() as session:
            projects = session.scalars(select(Quota.project_id).distinct().order_by(Quota.project_id)).all()
            return {"quotas": [self.plugin.limits(session, p) | {"project_id": p, "tenant_id": p} for p in projects]}

    def show_quota(self, req: Request, project_id: str, part: str = "") -> Values:
        """200, 403, 404: a project's limits, the `default` ones, or with what is used (`details`)."""
        self.policy.enforce(req.caller, "get_quota", {"project_id": project_id})
        if part not in ("", "default", "details"):
            raise exception.NotFound()
        with self.plugin.transaction() as session:
            limits = self.plugin.defaults() if part == "default" else self.plugin.limits(session, project_id)
            if part != "details":
                return {"quota": limits}
            used = self.plugin.usage(session, project_id)
        return {"quota": {name: {"limit": n, "used": used[name], "reserved": 0} for name, n in limits.items()}}

    def update_quota(self, req: Request, project_id: str) -> Values:
        """200, 400, 403, 409."""
        self.policy.enforce(req.caller, "update_quota")
        given = req.json_body().get("quota")
        if not isinstance(given, dict):
            raise e.HTTPBadRequest("Unable to find 'quota' in request body")
        with self.plugin.transaction() as session:
            self.plugin.set_limits(session, project_id, a.read(given, QUOTA, "PUT"))
            session.flush()
            return {"quota": self.plugin.limits(session, project_id)}

    def delete_quota(self, req: Request, project_id: str) -> None:
        """204, 403: the defaults again."""
        self.policy.enforce(req.caller, "update_quota")
        self.plugin.handle.write(delete(Quota).where(Quota.project_id == project_id))

    def change(self, resource: Resource, req: Request, id: str, action: str) -> Any:
        """200, 400, 404, 409: what a router or a pool has comes and goes."""
        if action not in ACTIONS[resource.name]:
            raise exception.NotFound()
        self.policy.enforce(req.caller, f"update_{resource.name}")
        info = req.json_body()
        with self.plugin.transaction() as session:
            row = self.plugin.find(session, resource, req.caller, id)
            self.plugin.own(req.caller, row)
            shown = getattr(self.plugin, action)(session, req.caller, row, info)
            return {resource.name: self.shown(req, resource, row)} if shown is None else shown

    def list_floatingip_pools(self, req: Request) -> Values:
        """200: the subnets that floating addresses come from."""
        wanted = select(Network).where(Network.external, NETWORK.visible(req.caller)).order_by(Network.id)
        mine: Values = {"project_id": req.caller.project_id, "tenant_id": req.caller.project_id}
        with self.plugin.transaction() as session:
            subnets = [subnet for network in session.scalars(wanted).unique() for subnet in network.subnets]
            known = [(s, {"subnet_id": s.id, "subnet_name": s.name, "network_id": s.network_id}) for s in subnets]
            return {"floatingip_pools": [row | mine | {"cidr": s.cidr} for s, row in known if s.ip_version == 4]}

    def show_reachability(self, req: Request) -> Values:
        """200, 400: the way of a packet, as far as the caller may see it. There is none upstream."""
        self.policy.enforce(req.caller, "get_port")
        query = {"source": "", "destination": "", "port": "", "protocol": "tcp"} | req.query
        port, protocol = a.port_number(query["port"])[0], a.protocol(query["protocol"])[0]
        try:
            ends = query["source"], query["destination"]
            return {"reachability": explain(self.plugin.handle, *ends, port, protocol or "any", req.caller)}
        except (LookupError, ValueError) as error:
            raise e.HTTPBadRequest(str(error)) from None

    def list_availability_zones(self, req: Request) -> Values:
        """200: the zones of routers and of networks."""
        with self.plugin.transaction() as session:
            agents = session.scalars(select(Agent).where(Agent.availability_zone.is_not(None)))
            found = sorted({(agent.agent_type, agent.availability_zone) for agent in agents}, reverse=True)
        words = {"L3 agent": "router", "DHCP agent": "network"}
        rows = [{"state": "available", "name": zone, "resource": words[kind]} for kind, zone in found]
        return {"availability_zones": rows}

    def list_service_providers(self, req: Request) -> Values:
        """200."""
        rows = [{"service_type": "L3_ROUTER_NAT", "name": name, "default": False} for name in PROVIDERS]
        return {"service_providers": rows}

    def list_ip_availabilities(self, req: Request) -> Values:
        """200, 403."""
        self.policy.enforce(req.caller, "get_network_ip_availability")
        columns = {"network_id": Network.id, "network_name": Network.name, "project_id": Network.project_id}
        wanted = [column == req.query[name] for name, column in columns.items() if name in req.query]
        with self.plugin.transaction() as session:
            networks = session.scalars(select(Network).where(*wanted).order_by(Network.id)).unique()
            rows = self.plugin.ip_availability(session, list(networks), req.query.get("ip_version"))
        return {"network_ip_availabilities": rows}

    def show_ip_availability(self, req: Request, id: str) -> Values:
        """200, 403, 404."""
        self.policy.enforce(req.caller, "get_network_ip_availability")
        with self.plugin.transaction() as session:
            network = self.plugin.find(session, NETWORK, req.caller, id)
            return {"network_ip_availability": self.plugin.ip_availability(session, [network])[0]}


def _extension(alias: str) -> Values:
    name, description, updated = EXTENSIONS[alias]
    return {"name": name, "alias": alias, "description": description, "updated": updated, "links": []}


UNEXPECTED = "Request Failed: internal server error while processing your request."


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


def nowhere(req: Request) -> Reply:
    """404, of a version that is not there: pecan has JSON of its own for who asks for no page."""
    reply = webob.page(req, exception.RouteNotFound())
    if isinstance(reply.body, dict):
        return Reply(404, {"code": 404, "title": "Not Found", "description": ""})
    return reply


def build(plugin: Plugin, ids: Ids, config: Config, middleware: list[Any]) -> wsgi.Application:
    """The process neutron-server."""
    layers = [wsgi.Front(("v2.0",), nowhere), *middleware]
    app = wsgi.Application(API(plugin), ROUTES, fault, ids, layers, unexpected=UNEXPECTED)
    app.unnamed = ("/",)
    return app
