"""Networks: `/v2.0/networks`.

Invariants: only an admin shares a network, makes it external or chooses its physical side.
Upstream: neutron/plugins/ml2/plugin.py, neutron/extensions/external_net.py, providernet.py.
Left out: type drivers (a number counts as a VXLAN segment), address scopes, DNS, agents and their availability zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron.base import column_name, fields
from oslearn.neutron.exceptions import NetworkInUse, NetworkNotFound
from oslearn.neutron.models import Network, Port, Subnet
from oslearn.neutron.securitygroups import SecurityGroups
from oslearn.oslo.clock import iso
from oslearn.oslo.context import RequestContext
from oslearn.oslo.wsgi import Reply, Request

NETWORK = {
    "name": a.Attribute(a.text, ""),
    "description": a.Attribute(a.text, ""),
    "admin_state_up": a.Attribute(a.boolean, True),
    "shared": a.Attribute(a.boolean, False),
    "router:external": a.Attribute(a.boolean, False),
    "is_default": a.Attribute(a.boolean, False),
    "port_security_enabled": a.Attribute(a.boolean, True),
    "mtu": a.Attribute(a.integer),
    "project_id": a.Attribute(a.text, put=False),
    "provider:network_type": a.Attribute(a.one_of("flat", "vlan", "vxlan", "local")),
    "provider:physical_network": a.Attribute(a.text_or_none, put=False),
    "provider:segmentation_id": a.Attribute(a.integer, put=False),
    "availability_zone_hints": a.Attribute(a.array(a.text), put=False),
}
PROVIDER = ("network_type", "physical_network", "segmentation_id")
RESTRICTED = {"shared": False, "router:external": False, "is_default": False} | {
    f"provider:{p}": None for p in PROVIDER
}


class Networks(SecurityGroups):
    """The handlers of networks."""

    def _shared(self, model: Any, caller: RequestContext) -> list[Any]:
        if model is Network:
            return [Network.shared, Network.external]
        if model is Subnet:
            return [Subnet.network_id.in_(select(Network.id).where(Network.shared))]
        if model is Port:
            mine = select(Network.id).where(Network.project_id == caller.project_id)
            return [Port.network_id.in_(mine)]
        return super()._shared(model, caller)

    def list_networks(self, req: Request) -> dict[str, Any]:
        """200, 400: own, shared and external ones."""
        self.policy.enforce(req.caller, "get_network")
        with self.handle.session() as session:
            return self._list(session, req, Network, "networks", view)

    def show_network(self, req: Request, network_id: str) -> dict[str, Any]:
        """200, 404."""
        self.policy.enforce(req.caller, "get_network")
        with self.handle.session() as session:
            network = self._find(session, Network, req.caller, network_id, NetworkNotFound)
            return {"network": fields(req, view(session, [network], req.caller)[0])}

    def create_network(self, req: Request) -> Reply:
        """201, 400, 403, 409 over quota."""
        values = a.read(req.json_body(), "network", NETWORK, "POST")
        self._guard(req.caller, "create_network", values, RESTRICTED)
        project = self._project(req.caller, values)
        values.pop("availability_zone_hints", None)
        with self.handle.session() as session:
            self._check_quota(session, Network, project)
            self._default_group(session, project)
            columns = {column_name(name): value for name, value in values.items()}
            columns = self._segment(session, columns)
            network = Network(**columns, project_id=project, revision_number=1, **self._stamp())
            session.add(network)
            return Reply(201, {"network": {"is_default": False} | view(session, [network], req.caller)[0]})

    def update_network(self, req: Request, network_id: str) -> dict[str, Any]:
        """200, 400, 403, 404."""
        values = a.read(req.json_body(), "network", NETWORK, "PUT")
        self._guard(req.caller, "update_network", values, RESTRICTED)
        with self.handle.session() as session:
            network = self._find(session, Network, req.caller, network_id, NetworkNotFound)
            self._own(req.caller, network)
            for name, value in values.items():
                setattr(network, column_name(name), value)
            self._touch(network)
            return {"network": view(session, [network], req.caller)[0]}

    def delete_network(self, req: Request, network_id: str) -> None:
        """204, 404, 409 while ports are on it; its subnets go with it."""
        self.policy.enforce(req.caller, "delete_network")
        with self.handle.session() as session:
            network = self._find(session, Network, req.caller, network_id, NetworkNotFound)
            self._own(req.caller, network)
            ports = session.scalars(select(Port.id).where(Port.network_id == network_id).limit(10)).all()
            if ports:
                raise NetworkInUse(net_id=network_id, ports=", ".join(ports))
            session.execute(delete(Network).where(Network.id == network_id))

    def _segment(self, session: Session, columns: dict[str, Any]) -> dict[str, Any]:
        """Choose what the project did not: a VXLAN segment, and an MTU that leaves room for its header."""
        kind = columns.setdefault("network_type", "vxlan")
        if kind == "vxlan" and columns.get("segmentation_id") is None:
            highest = session.scalar(select(func.max(Network.segmentation_id)).where(Network.network_type == "vxlan"))
            columns["segmentation_id"] = (highest or 0) + 1
        columns.setdefault("mtu", 1450 if kind == "vxlan" else 1500)
        return columns


def view(session: Session, networks: Sequence[Network], caller: RequestContext) -> list[dict[str, Any]]:
    """The networks as the API shows them."""
    subnets: dict[str, list[str]] = {network.id: [] for network in networks}
    rows = select(Subnet.network_id, Subnet.id).where(Subnet.network_id.in_(subnets)).order_by(Subnet.id)
    for network_id, subnet_id in session.execute(rows):
        subnets[network_id].append(subnet_id)
    return [_view(network, subnets[network.id], caller.is_admin) for network in networks]


def _view(network: Network, subnets: list[str], admin: bool) -> dict[str, Any]:
    same = ("id", "name", "admin_state_up", "mtu", "shared", "port_security_enabled", "description", "revision_number")
    shown = {name: getattr(network, name) for name in same}
    shown |= {"tenant_id": network.project_id, "project_id": network.project_id, "status": "ACTIVE", "subnets": subnets}
    shown |= {"router:external": network.external, "availability_zone_hints": [], "tags": []}
    shown |= {"availability_zones": ["nova"] if subnets else [], "ipv4_address_scope": None, "ipv6_address_scope": None}
    shown |= {"created_at": iso(network.created_at), "updated_at": iso(network.updated_at)}
    shown |= {"is_default": network.is_default} if network.external else {}
    return shown | ({f"provider:{name}": getattr(network, name) for name in PROVIDER} if admin else {})
