"""Ports: `/v2.0/ports`. What nova-compute asks for when a server needs a network.

Invariants: a MAC address is unique on its network, an address in its subnet; a port that was not made has taken no
address (all of it is one transaction); a deleted port gives its addresses back.
Upstream: neutron/plugins/ml2/plugin.py, neutron/db/ipam_pluggable_backend.py, neutron/db/portbindings_db.py.
Left out: agents (a port that belongs to a device is ACTIVE at once; upstream waits for the layer 2 agent), mechanism
drivers, several bindings, allowed address pairs, DHCP options, QoS, changed fixed addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron.addresses import allocate, release
from oslearn.neutron.base import column_name, fields
from oslearn.neutron.models import IPAllocation, Network, Port, SecurityGroupPortBinding
from oslearn.neutron.subnets import Subnets
from oslearn.oslo import policy
from oslearn.oslo.clock import iso
from oslearn.oslo.context import RequestContext
from oslearn.oslo.wsgi import Reply, Request

PORT = {
    "network_id": a.Attribute(a.text, a.REQUIRED, put=False),
    "name": a.Attribute(a.text, ""),
    "description": a.Attribute(a.text, ""),
    "admin_state_up": a.Attribute(a.boolean, True),
    "mac_address": a.Attribute(a.mac, put=False),
    "fixed_ips": a.Attribute(a.array(a.mapping("subnet_id", "ip_address")), put=False),
    "device_id": a.Attribute(a.text, ""),
    "device_owner": a.Attribute(a.text, ""),
    "security_groups": a.Attribute(a.array(a.text)),
    "port_security_enabled": a.Attribute(a.boolean),
    "project_id": a.Attribute(a.text, put=False),
    "binding:host_id": a.Attribute(a.text, ""),
    "binding:profile": a.Attribute(a.mapping(), {}),
    "binding:vnic_type": a.Attribute(a.one_of("normal", "direct", "macvtap", "baremetal"), "normal"),
}
RESTRICTED = {"binding:host_id": "", "binding:profile": {}}
VIF_DETAILS = {
    "connectivity": "l2",
    "port_filter": True,
    "ovs_hybrid_plug": False,
    "ovs_create_tap": True,
    "datapath_type": "system",
    "bridge_name": "br-int",
    "bound_drivers": {"0": "openvswitch"},
}
MAC_TRIES = 16


class Ports(Subnets):
    """The handlers of ports."""

    def list_ports(self, req: Request) -> dict[str, Any]:
        """200, 400."""
        self.policy.enforce(req.caller, "get_port")
        with self.handle.session() as session:
            return self._list(session, req, Port, "ports", view)

    def show_port(self, req: Request, port_id: str) -> dict[str, Any]:
        """200, 404."""
        self.policy.enforce(req.caller, "get_port")
        with self.handle.session() as session:
            port = self._find(session, Port, req.caller, port_id, e.PortNotFound)
            return {"port": fields(req, view(session, [port], req.caller)[0])}

    def create_port(self, req: Request) -> Reply:
        """201, 400, 403, 404, 409 over quota, no address left or one in use."""
        values = a.read(req.json_body(), "port", PORT, "POST")
        self._guard(req.caller, "create_port", values, RESTRICTED)
        project = self._project(req.caller, values)
        wanted, groups = values.pop("fixed_ips", None), values.pop("security_groups", None)
        with self.handle.session() as session:
            network = self._find(session, Network, req.caller, values["network_id"], e.NetworkNotFound)
            if not policy.owner(req.caller, {"project_id": network.project_id}):
                self._guard(req.caller, "create_port", values, {"mac_address": None})
            self._check_quota(session, Port, project)
            values.setdefault("port_security_enabled", network.port_security_enabled)
            groups = self._guards(session, req.caller, project, groups, values["port_security_enabled"])
            port = self._new_port(session, project, values)
            fixed_ips = allocate(session, port, wanted)
            bind(session, port, groups)
            return Reply(201, {"port": _view(port, fixed_ips, groups, req.caller)})

    def update_port(self, req: Request, port_id: str) -> dict[str, Any]:
        """200, 400, 403, 404, 409."""
        values = a.read(req.json_body(), "port", PORT, "PUT")
        self._guard(req.caller, "update_port", values, RESTRICTED)
        groups = values.pop("security_groups", None)
        with self.handle.session() as session:
            port = self._find(session, Port, req.caller, port_id, e.PortNotFound)
            self._own(req.caller, port)
            for name, value in values.items():
                setattr(port, column_name(name), value)
            if groups is not None:
                groups = self._guards(session, req.caller, port.project_id, groups, port.port_security_enabled)
                session.execute(delete(SecurityGroupPortBinding).where(SecurityGroupPortBinding.port_id == port_id))
                bind(session, port, groups)
            port.status = status(port)
            self._touch(port)
            shown = view(session, [port], req.caller)[0]
            if shown["security_groups"] and not port.port_security_enabled:
                raise e.PortSecurityPortHasSecurityGroup()
            return {"port": shown}

    def delete_port(self, req: Request, port_id: str) -> None:
        """204, 404: its addresses are free again."""
        self.policy.enforce(req.caller, "delete_port")
        with self.handle.session() as session:
            port = self._find(session, Port, req.caller, port_id, e.PortNotFound)
            release(session, port)
            session.execute(delete(Port).where(Port.id == port_id))

    def _guards(
        self, session: Session, caller: RequestContext, project: str, groups: list[str] | None, secure: bool
    ) -> list[str]:
        """The groups of a port: those asked for, else the project's default. Raises SecurityGroupNotFound."""
        if not secure:
            if groups:
                raise e.PortSecurityPortHasSecurityGroup()
            return []
        if groups is None:
            return [self._default_group(session, project)]
        self._check_groups(session, caller, groups)
        return list(dict.fromkeys(groups))

    def _new_port(self, session: Session, project: str, values: dict[str, Any]) -> Port:
        columns = {column_name(name): value for name, value in values.items()}
        columns.setdefault("mac_address", None)
        if columns["mac_address"] is None:
            columns["mac_address"] = self._new_mac(session, columns["network_id"])
        port = Port(**columns, project_id=project, revision_number=1, **self._stamp())
        port.status = status(port)
        session.add(port)
        try:
            session.flush()
        except IntegrityError:
            raise e.MacAddressInUse(net_id=port.network_id, mac=port.mac_address) from None
        return port

    def _new_mac(self, session: Session, network_id: str) -> str:
        for _ in range(MAC_TRIES):
            made = self.ids.mac(self.config.base_mac)
            taken = select(Port.id).where(Port.network_id == network_id, Port.mac_address == made)
            if session.scalar(taken) is None:
                return made
        raise e.MacAddressGenerationFailure(net_id=network_id)


def bind(session: Session, port: Port, groups: list[str]) -> None:
    """Guard the port with these groups."""
    if groups:
        rows = [{"port_id": port.id, "security_group_id": group} for group in groups]
        table: Any = SecurityGroupPortBinding.__table__
        session.execute(insert(table), rows)


def status(port: Port) -> str:
    """ACTIVE once a device has the port: there is no agent to wait for."""
    return "ACTIVE" if port.device_owner and port.admin_state_up else "DOWN"


def view(session: Session, ports: Sequence[Port], caller: RequestContext) -> list[dict[str, Any]]:
    """The ports as the API shows them."""
    ids = [port.id for port in ports]
    fixed: dict[str, list[dict[str, str]]] = {port_id: [] for port_id in ids}
    for row in session.execute(select(IPAllocation.__table__).where(IPAllocation.port_id.in_(ids))):
        fixed[row.port_id].append({"subnet_id": row.subnet_id, "ip_address": row.ip_address})
    groups: dict[str, list[str]] = {port_id: [] for port_id in ids}
    bound = SecurityGroupPortBinding
    for row in session.execute(select(bound.port_id, bound.security_group_id).where(bound.port_id.in_(ids))):
        groups[row.port_id].append(row.security_group_id)
    return [_view(port, fixed[port.id], groups[port.id], caller) for port in ports]


def _view(port: Port, fixed: list[dict[str, str]], groups: list[str], caller: RequestContext) -> dict[str, Any]:
    same = ("id", "name", "network_id", "project_id", "mac_address", "admin_state_up", "status", "device_id",
            "device_owner", "description", "port_security_enabled", "revision_number")  # fmt: skip
    shown = {name: getattr(port, name) for name in same}
    shown |= {"tenant_id": port.project_id, "fixed_ips": fixed, "security_groups": groups, "tags": []}
    shown |= {"allowed_address_pairs": [], "extra_dhcp_opts": [], "binding:vnic_type": port.vnic_type}
    shown |= {"created_at": iso(port.created_at), "updated_at": iso(port.updated_at)}
    if policy.admin_or_service(caller, {}):
        shown |= {"binding:profile": port.profile, "binding:host_id": port.host_id}
        shown |= {"binding:vif_type": "ovs" if port.host_id else "unbound"}
        shown |= {"binding:vif_details": VIF_DETAILS if port.host_id else {}}
    return shown
