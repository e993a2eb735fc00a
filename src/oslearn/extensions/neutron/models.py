"""The tables that extensions bring: subnet pools, routers, floating addresses.

Upstream: neutron/db/models/l3.py, l3agent.py. Left out: router ports in a table of their own, flavors.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oslearn.core.neutron.models import Agent, Dict, Dicts, Port, Standard, Strings, serving, zones


class SubnetPool(Standard):
    """Prefixes from which subnets are cut."""

    __tablename__ = "subnetpools"

    ip_version: Mapped[int]
    prefixes: Mapped[Strings]
    default_prefixlen: Mapped[int]
    min_prefixlen: Mapped[int]
    max_prefixlen: Mapped[int]
    default_quota: Mapped[int | None]
    shared: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)

    address_scope_id = None


class Router(Standard):
    """Passes packets between subnets and, through its gateway port, to an external network."""

    __tablename__ = "routers"

    admin_state_up: Mapped[bool] = mapped_column(default=True)
    distributed: Mapped[bool] = mapped_column(default=False)
    ha: Mapped[bool] = mapped_column(default=False)
    enable_snat: Mapped[bool] = mapped_column(default=True)
    routes: Mapped[Dicts] = mapped_column(default=list)
    availability_zone_hints: Mapped[Strings] = mapped_column(default=list)
    gw_port_id: Mapped[str | None] = mapped_column(ForeignKey("ports.id", ondelete="SET NULL"))
    gw_port: Mapped[Port | None] = relationship(viewonly=True)
    agents: Mapped[list[Agent]] = relationship(
        secondary=serving("routerl3agentbindings", "routers"), lazy="selectin", passive_deletes=True
    )

    status = "ACTIVE"
    flavor_id = None

    @property
    def availability_zones(self) -> list[str]:
        """Where agents serve it."""
        return zones(self.agents)

    @property
    def external_gateway_info(self) -> Dict | None:
        """Its external network and the addresses it has there."""
        if self.gw_port is None:
            return None
        info = {"network_id": self.gw_port.network_id, "external_fixed_ips": self.gw_port.fixed_ips}
        return info | {"enable_snat": self.enable_snat}


class FloatingIP(Standard):
    """An address of an external network that a router translates to a port's own."""

    __tablename__ = "floatingips"

    floating_ip_address: Mapped[str] = mapped_column(index=True)
    floating_network_id: Mapped[str] = mapped_column(index=True)
    floating_port_id: Mapped[str] = mapped_column(ForeignKey("ports.id", ondelete="CASCADE"))
    fixed_ip_address: Mapped[str | None]
    fixed_port_id: Mapped[str | None] = mapped_column(ForeignKey("ports.id", ondelete="SET NULL"), index=True)
    router_id: Mapped[str | None] = mapped_column(ForeignKey("routers.id", ondelete="SET NULL"), index=True)
    last_known_router_id: Mapped[str | None] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default="DOWN")
    port: Mapped[Port | None] = relationship(lazy="selectin", viewonly=True, foreign_keys=fixed_port_id)

    @property
    def port_details(self) -> Dict | None:
        """What the port that it leads to is."""
        names = ("name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner")
        return {name: getattr(self.port, name) for name in names} if self.port else None
