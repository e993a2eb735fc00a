"""Ports that Neutron makes for itself: of DHCP servers, routers and floating addresses.

Upstream: neutron_lib/plugins/utils.py (`create_port`).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from oslearn.core.neutron.addresses import Wanted
from oslearn.core.neutron.attributes import read
from oslearn.core.neutron.base import Values, elevated
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.models import Port
from oslearn.core.neutron.ports import Ports
from oslearn.core.oslo.context import RequestContext as Context


def system_port(
    ports: Ports, session: Session, context: Context, given: Values, project: str, ips: list[Wanted] | None = None
) -> Port:
    """A port with an admin's rights, whoever caused it; `project` is whose it is, "" if nobody may see it."""
    values = read(given | ({"fixed_ips": ips} if ips else {}), PORT.attributes, "POST")
    return ports.create(session, elevated(context), PORT.columns(values) | {"project_id": project})
