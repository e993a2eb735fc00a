"""What the API tells of itself: its collections, each extension, which zones there are, and who provides routers.

Interface: `GET /`, `GET /v2.0`, `GET /v2.0/extensions/{alias}`, `/v2.0/availability_zones`, `/v2.0/service-providers`.
Upstream: neutron/pecan_wsgi/controllers/root.py, extensions.py, neutron/db/availability_zone,
neutron/db/servicetype_db.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import select

from oslearn.core.neutron.api import extension
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import AnyResource
from oslearn.core.neutron.models import Agent
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.oslo import webob

EXTENSIONS = tomllib.loads((Path(__file__).parent / "extensions.toml").read_text("utf-8"))


PROVIDERS = ("dvrha", "dvr", "ha", "single_node")
ZONES = {"L3 agent": "router", "DHCP agent": "network"}
"""What is in the zones of these agents."""


class About:
    """What there is: the one version, collections, extensions one by one, where and by whom networks are served."""

    def __init__(self, outbox: Outbox, resources: Sequence[AnyResource], known: Mapping[str, list[str]]) -> None:
        self.outbox, self.resources, self.known = outbox, resources, known

    def list_versions(self, req: Request) -> Values:
        """200: the one version, with its link."""
        link = {"rel": "self", "href": f"{req.prefix}/v2.0/"}
        return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}

    def show_version(self, req: Request) -> Values:
        """200: the collections, by name and path."""
        rows = [
            (r.name, r.plural, {"rel": "self", "href": f"{req.prefix}/v2.0/{r.plural.replace('_', '-')}"})
            for r in self.resources
        ]
        return {"resources": [{"name": name, "collection": plural, "links": [link]} for name, plural, link in rows]}

    def show_extension(self, req: Request, alias: str) -> Values | Reply:
        """200, 404, which is a page as WebOb writes it."""
        if alias in self.known:
            return {"extension": extension(alias, self.known[alias])}
        return webob.page(req, exception.NotFound(detail=f"Extension with alias {alias} does not exist"))

    def list_availability_zones(self, req: Request) -> Values:
        """200: the zones of routers and of networks."""
        with self.outbox.transaction() as session:
            agents = session.scalars(select(Agent).where(Agent.availability_zone.is_not(None)))
            found = sorted({(agent.agent_type, agent.availability_zone) for agent in agents}, reverse=True)
        rows = [{"state": "available", "name": zone, "resource": ZONES[kind]} for kind, zone in found]
        return {"availability_zones": rows}

    def list_service_providers(self, req: Request) -> Values:
        """200: the kinds of routers that somebody could ask for."""
        rows = [{"service_type": "L3_ROUTER_NAT", "name": name, "default": False} for name in PROVIDERS]
        return {"service_providers": rows}


def nowhere(req: Request) -> Reply:
    """404, of a version that is not there: pecan has JSON of its own for who asks for no page."""
    reply = webob.page(req, exception.RouteNotFound())
    if isinstance(reply.body, dict):
        return Reply(404, {"code": 404, "title": "Not Found", "description": ""})
    return reply
