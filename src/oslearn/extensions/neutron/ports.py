"""Ports beyond what a boot asks: those that Neutron makes for itself, other MAC addresses, options of DHCP.

Interface: `system_port`, for DHCP servers, routers and floating addresses; `MacAddresses.change` and
`merge_dhcp_options` look at ports before they are written.
Upstream: neutron_lib/plugins/utils.py (`create_port`), neutron/db/extradhcpopt_db.py, neutron/plugins/ml2/plugin.py
(`_check_mac_update_allowed`).
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from oslearn.core.neutron.addresses import Wanted
from oslearn.core.neutron.attributes import Reader, Values
from oslearn.core.neutron.base import refuse
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.models import Port
from oslearn.core.neutron.ports import Ports
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import CHECKS

READER = Reader(PORT.attributes, CHECKS)


def system_port(
    ports: Ports, session: Session, context: Context, given: Values, project: str, ips: list[Wanted] | None = None
) -> Port:
    """A port with an admin's rights, whoever caused it; `project` is whose it is, "" if nobody may see it."""
    values = READER.read(given | ({"fixed_ips": ips} if ips else {}), "POST")
    elevated = replace(context, roles=["admin"])
    return ports.create(session, elevated, PORT.columns(values) | {"project_id": project})


class MacAddresses:
    """Who may give a port another MAC address, and when."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports

    def change(self, session: Session, context: Context, port: Port | None, values: Values) -> None:
        """For null a new one is drawn. Raises PolicyNotAuthorized, PortBound."""
        if port is None or "mac_address" not in values:
            return
        mac = values["mac_address"] = values["mac_address"] or self.ports.free_mac(session, port.network_id)
        if mac != port.mac_address:
            if not context.is_admin:
                raise refuse("update_port", "mac_address")
            if port.host_id:
                raise e.PortBound(port_id=port.id, vif_type=port.vif_type, old_mac=port.mac_address, new_mac=mac)


def merge_dhcp_options(session: Session, context: Context, port: Port | None, values: Values) -> None:
    """DHCP options by name and IP version; one without a value is taken away."""
    if "extra_dhcp_opts" not in values:
        return
    found = {(option["opt_name"], option["ip_version"]): option for option in (port.extra_dhcp_opts if port else ())}
    for option in values["extra_dhcp_opts"]:
        whole = {"ip_version": 4, "opt_value": None} | option
        found[whole["opt_name"], whole["ip_version"]] = whole
    values["extra_dhcp_opts"] = [option for option in found.values() if option["opt_value"] is not None]
