"""Ports that Neutron makes for itself: of DHCP servers, routers and floating addresses.

Upstream: neutron_lib/plugins/utils.py (`create_port`).
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from oslearn.core.neutron.addresses import Wanted
from oslearn.core.neutron.attributes import Reader
from oslearn.core.neutron.base import Values
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.models import Port
from oslearn.core.neutron.ports import Ports
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.extensions.neutron.attributes import CHECKS

READER = Reader(PORT.attributes, CHECKS)


def system_port(
    ports: Ports, session: Session, context: Context, given: Values, project: str, ips: list[Wanted] | None = None
) -> Port:
    """A port with an admin's rights, whoever caused it; `project` is whose it is, "" if nobody may see it."""
    values = READER.read(given | ({"fixed_ips": ips} if ips else {}), "POST")
    elevated = replace(context, roles=["admin"])
    return ports.create(session, elevated, PORT.columns(values) | {"project_id": project})
