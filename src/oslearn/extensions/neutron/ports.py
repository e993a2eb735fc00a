"""Ports beyond what a boot asks: those that Neutron makes for itself, addresses that are asked for, address pairs,
options of DHCP, and what a guest may not say of a port on a network that is shared with it.

Interface: `Ports`: `create`, `update`, `delete`; `system_port` and `drop` for DHCP servers, routers and floating
addresses.
Upstream: neutron_lib/plugins/utils.py (`create_port`), neutron/plugins/ml2/plugin.py (`_check_mac_update_allowed`),
neutron/db/portsecurity_db.py, neutron/db/allowedaddresspairs_db.py, neutron/db/extradhcpopt_db.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session

from oslearn.core.neutron import ports
from oslearn.core.neutron.attributes import NOT_GIVEN, Reader, Values
from oslearn.core.neutron.base import NETWORK, assign, refuse
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.models import Network, Port
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import CHECKS
from oslearn.extensions.neutron.ipam import Wanted, allocate, change
from oslearn.extensions.neutron.models import Router

READER = Reader(PORT.attributes, CHECKS)
OWNERS_ONLY = ("mac_address", "port_security_enabled", "allowed_address_pairs")
"""Only the network's owner may choose these on a port of its network."""
INTERFACE, OUTSIDE = "network:router_interface", "network:router_gateway"
"""Owners of a router's ports."""
L3_OWNERS = (INTERFACE, OUTSIDE, "network:floatingip")


class Ports:
    """What looks at the values of ports before the core's `Ports` writes them.

    Attributes: `core`, that; `before_delete`, who has to let go of a port while it is still there
    (`neutron_lib.callbacks` upstream).
    """

    def __init__(self, core: ports.Ports) -> None:
        self.core = core
        self.before_delete: list[Callable[[Session, Port], None]] = []

    def create(self, session: Session, context: Context, values: Values) -> Port:
        """Raises what the core does, what `allocate` and `_paired` raise, PolicyNotAuthorized."""
        network = NETWORK.find(session, context, values["network_id"])
        if not policy.owner(context, {"project_id": network.project_id}):
            _check_guest(values)
        _check_device(session, context, values, values["project_id"])
        _merge_dhcp_options([], values)
        trusted = values["device_owner"].startswith("network:")
        values.setdefault("port_security_enabled", network.port_security_enabled and not trusted)
        if pairs := values["allowed_address_pairs"]:
            values["mac_address"] = values.get("mac_address") or self.core.free_mac(session, network.id)
        asked, wanted = values.get("security_groups"), values.pop("fixed_ips", None)
        secured = values["port_security_enabled"]
        values["allowed_address_pairs"] = _paired(pairs, values.get("mac_address"), asked, True, secured)
        return self.core.make(session, context, network, values, partial(allocate, wanted=wanted))

    def update(self, session: Session, context: Context, port: Port, values: Values) -> None:
        """Raises as create does, and PortBound."""
        known = {"device_owner": port.device_owner, "device_id": port.device_id}
        _check_device(session, context, known | values, port.project_id)
        self._check_mac(session, context, port, values)
        _merge_dhcp_options(port.extra_dhcp_opts, values)
        told = "port_update_end" if {"fixed_ips", "extra_dhcp_opts"} & set(values) else ""
        network, wanted = session.get_one(Network, port.network_id), values.pop("fixed_ips", None)
        asked, host = values.pop("security_groups", NOT_GIVEN), values.pop("host_id", port.host_id)
        assign(port, values)
        if given := asked is not NOT_GIVEN:
            self.core.groups.check(session, context, asked) if asked else None
            port.security_groups = asked
        pairs, secured = port.allowed_address_pairs, port.port_security_enabled
        port.allowed_address_pairs = _paired(pairs, port.mac_address, port.security_groups, given, secured)
        if wanted is not None:
            change(session, port, network.subnets, wanted)
            self.core.binding.wait_for_dhcp(session, port, network)
        self.core.update(session, context, port, {"host_id": host}, told)

    def delete(self, session: Session, context: Context, port: Port) -> None:
        """Raises ServicePortInUse for a router's and a floating address's port."""
        if port.device_owner in L3_OWNERS and port.allocations:
            raise e.ServicePortInUse(port_id=port.id, owner=port.device_owner)
        self.drop(session, context, port)

    def drop(self, session: Session, context: Context, port: Port) -> None:
        """Delete a port, whatever it is for."""
        for let_go in self.before_delete:
            let_go(session, port)
        self.core.delete(session, context, port)

    def system_port(
        self, session: Session, context: Context, given: Values, project: str, ips: list[Wanted] | None = None
    ) -> Port:
        """A port with an admin's rights, whoever caused it; `project` is whose it is, "" if nobody may see it."""
        values = READER.read(given | ({"fixed_ips": ips} if ips else {}), "POST")
        elevated = replace(context, roles=["admin"])
        return self.create(session, elevated, PORT.columns(values) | {"project_id": project})

    def _check_mac(self, session: Session, context: Context, port: Port, values: Values) -> None:
        """Who may give a port another MAC address, and when; for null a new one is drawn.

        Raises PolicyNotAuthorized, PortBound.
        """
        if "mac_address" not in values:
            return
        mac = values["mac_address"] = values["mac_address"] or self.core.free_mac(session, port.network_id)
        if mac != port.mac_address:
            if not context.is_admin:
                raise refuse("update_port", "mac_address")
            if port.host_id:
                raise e.PortBound(port_id=port.id, vif_type=port.vif_type, old_mac=port.mac_address, new_mac=mac)


def _check_guest(values: Values) -> None:
    """A guest on a shared network may not choose everything. Raises PolicyNotAuthorized."""
    asked = [name for name in OWNERS_ONLY if values.get(name)]
    asked += ["fixed_ips"] if any("ip_address" in ip for ip in values.get("fixed_ips") or ()) else []
    asked += ["device_owner"] if values["device_owner"].startswith("network:") else []
    if asked:
        raise refuse("create_port", *asked)


def _check_device(session: Session, context: Context, values: Values, project: str) -> None:
    """Nobody connects a port to another project's router. Raises DeviceIDNotOwnedByTenant."""
    if values["device_owner"] in (INTERFACE, OUTSIDE) and not policy.admin_or_service(context, {}):
        router = session.get(Router, values["device_id"])
        if router is not None and router.project_id != project:
            raise e.DeviceIDNotOwnedByTenant(device_id=router.id)


def _merge_dhcp_options(known: list[Values], values: Values) -> None:
    """DHCP options by name and IP version; one without a value is taken away."""
    if "extra_dhcp_opts" not in values:
        return
    found = {(option["opt_name"], option["ip_version"]): option for option in known}
    for option in values["extra_dhcp_opts"]:
        whole = {"ip_version": 4, "opt_value": None} | option
        found[whole["opt_name"], whole["ip_version"]] = whole
    values["extra_dhcp_opts"] = [option for option in found.values() if option["opt_value"] is not None]


def _paired(pairs: list[Values], mac: str | None, groups: list[str] | None, asked: bool, secured: bool) -> list[Values]:
    """Address pairs, whole; `asked` says whether the request names the groups.

    Raises AddressPairAndPort..., PortSecurityAndIPRequired..., PortSecurityPort..., DuplicateAddressPair...
    """
    whole: list[Values] = [{"mac_address": mac} | pair for pair in pairs]
    if whole and not secured:
        raise e.AddressPairAndPortSecurityRequired()
    if groups and not secured:
        raise e.PortSecurityAndIPRequiredForSecurityGroups() if asked else e.PortSecurityPortHasSecurityGroup()
    if double := next((pair for pair in whole if whole.count(pair) > 1), None):
        raise e.DuplicateAddressPairInRequest(**double)
    return whole
