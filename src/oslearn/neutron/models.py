"""Neutron's tables, and what follows from a row alone.

Interface: one class a table; the properties are attributes that the API shows and no column holds.
Upstream: neutron/db/models_v2.py, neutron/db/models/, neutron/plugins/ml2/models.py, neutron/ipam/drivers.
Left out: standard attributes, tags, port bindings and provisioning blocks in tables of their own, RBAC, segments.
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, String, Table, UniqueConstraint, select
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

VIF_DETAILS = {
    "connectivity": "l2",
    "port_filter": True,
    "ovs_hybrid_plug": False,
    "ovs_create_tap": True,
    "datapath_type": "system",
    "bridge_name": "br-int",
    "bound_drivers": {"0": "openvswitch"},
}


class Base(DeclarativeBase):
    """The tables of the database `neutron`."""

    hidden: ClassVar[tuple[str, ...]] = ()
    """Attributes that the API does not show of this row."""


class Standard:
    """What every resource has (`standardattributes` upstream)."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(255), index=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    description: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision_number: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)


class Agent(Base):
    """A process on a host that does what the API was asked for."""

    __tablename__ = "agents"
    __table_args__ = (UniqueConstraint("binary", "host"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agent_type: Mapped[str] = mapped_column(String(255))
    binary: Mapped[str] = mapped_column(String(255))
    topic: Mapped[str] = mapped_column(String(255))
    host: Mapped[str] = mapped_column(String(255), index=True)
    availability_zone: Mapped[str | None] = mapped_column(String(255))
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str | None] = mapped_column(String(255))
    configurations: Mapped[dict[str, Any]] = mapped_column(JSON)
    started_at: Mapped[datetime]


def _hosting(name: str, resource: str) -> Table:
    """Which agents serve which networks or routers."""
    return Table(
        name,
        Base.metadata,
        Column("resource_id", String(36), ForeignKey(f"{resource}.id", ondelete="CASCADE"), primary_key=True),
        Column("agent_id", String(36), ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    )


DHCP_BINDINGS = _hosting("networkdhcpagentbindings", "networks")
L3_BINDINGS = _hosting("routerl3agentbindings", "routers")


class Network(Standard, Base):
    """A layer 2 network."""

    __tablename__ = "networks"

    admin_state_up: Mapped[bool] = mapped_column(default=True)
    shared: Mapped[bool] = mapped_column(default=False)
    external: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    mtu: Mapped[int] = mapped_column(default=1450)
    network_type: Mapped[str] = mapped_column(String(32), default="vxlan")
    physical_network: Mapped[str | None] = mapped_column(String(64))
    segmentation_id: Mapped[int | None]
    availability_zone_hints: Mapped[list[str]] = mapped_column(JSON, default=list)
    subnets: Mapped[list[Subnet]] = relationship(
        lazy="selectin", order_by="(Subnet.created_at, Subnet.id)", viewonly=True
    )
    agents: Mapped[list[Agent]] = relationship(secondary=DHCP_BINDINGS, lazy="joined", passive_deletes=True)

    status = "ACTIVE"
    ipv4_address_scope = ipv6_address_scope = None

    @property
    def hidden(self) -> tuple[str, ...]:  # type: ignore[override]
        """Only external networks tell whether they are the default one."""
        return () if self.external else ("is_default",)

    @property
    def subnet_ids(self) -> list[str]:
        """The ids of its subnets."""
        return [subnet.id for subnet in self.subnets]

    @property
    def availability_zones(self) -> list[str]:
        """The zones of its DHCP agents."""
        return zones(self.agents)


class Subnet(Standard, Base):
    """A range of addresses on a network."""

    __tablename__ = "subnets"

    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id", ondelete="CASCADE"), index=True)
    ip_version: Mapped[int]
    cidr: Mapped[str] = mapped_column(String(64))
    gateway_ip: Mapped[str | None] = mapped_column(String(64))
    enable_dhcp: Mapped[bool] = mapped_column(default=True)
    subnetpool_id: Mapped[str | None] = mapped_column(String(36), index=True)
    ipv6_ra_mode: Mapped[str | None] = mapped_column(String(16))
    ipv6_address_mode: Mapped[str | None] = mapped_column(String(16))
    allocation_pools: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    dns_nameservers: Mapped[list[str]] = mapped_column(JSON, default=list)
    host_routes: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    service_types: Mapped[list[str]] = mapped_column(JSON, default=list)
    external: Mapped[bool] = column_property(select(Network.external).where(Network.id == network_id).scalar_subquery())

    @property
    def auto_address(self) -> bool:
        """Whether its addresses are made from the MAC address (EUI-64)."""
        return bool({"slaac", "dhcpv6-stateless"} & {self.ipv6_ra_mode, self.ipv6_address_mode})


class SubnetPool(Standard, Base):
    """Prefixes from which subnets are cut."""

    __tablename__ = "subnetpools"

    ip_version: Mapped[int]
    prefixes: Mapped[list[str]] = mapped_column(JSON)
    default_prefixlen: Mapped[int]
    min_prefixlen: Mapped[int]
    max_prefixlen: Mapped[int]
    default_quota: Mapped[int | None]
    shared: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)


class AvailabilityRange(Base):
    """Addresses of a subnet's pools that nobody has, as positions counted from the subnet's first address."""

    __tablename__ = "ipamavailabilityranges"

    subnet_id: Mapped[str] = mapped_column(ForeignKey("subnets.id", ondelete="CASCADE"), primary_key=True)
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class IPAllocation(Base):
    """An address that a port has. The key makes a second owner impossible."""

    __tablename__ = "ipallocations"

    subnet_id: Mapped[str] = mapped_column(ForeignKey("subnets.id", ondelete="CASCADE"), primary_key=True)
    ip_address: Mapped[str] = mapped_column(String(64), primary_key=True)
    port_id: Mapped[str] = mapped_column(ForeignKey("ports.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)


class SecurityGroupPortBinding(Base):
    """Which groups guard a port."""

    __tablename__ = "securitygroupportbindings"

    port_id: Mapped[str] = mapped_column(ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True)
    security_group_id: Mapped[str] = mapped_column(ForeignKey("securitygroups.id"), primary_key=True, index=True)


class Port(Standard, Base):
    """A connection point of a device to a network."""

    __tablename__ = "ports"
    __table_args__ = (UniqueConstraint("network_id", "mac_address"),)

    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id"), index=True)
    mac_address: Mapped[str] = mapped_column(String(32))
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="DOWN")
    device_id: Mapped[str] = mapped_column(String(255), default="", index=True)
    device_owner: Mapped[str] = mapped_column(String(255), default="")
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    allowed_address_pairs: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    extra_dhcp_opts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    host_id: Mapped[str] = mapped_column(String(255), default="", index=True)
    vnic_type: Mapped[str] = mapped_column(String(64), default="normal")
    vif_type: Mapped[str] = mapped_column(String(64), default="unbound")
    profile: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    blocks: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Who has to report before the port becomes ACTIVE (`provisioningblocks` upstream)."""
    allocations: Mapped[list[IPAllocation]] = relationship(
        lazy="selectin", order_by=IPAllocation.position, cascade="all, delete-orphan", passive_deletes=True
    )
    bindings: Mapped[list[SecurityGroupPortBinding]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def fixed_ips(self) -> list[dict[str, str]]:
        """Its addresses."""
        return [{"subnet_id": a.subnet_id, "ip_address": a.ip_address} for a in self.allocations]

    @property
    def security_groups(self) -> list[str]:
        """The ids of the groups that guard it."""
        return [binding.security_group_id for binding in self.bindings]

    @property
    def vif_details(self) -> dict[str, Any]:
        """How the hypervisor connects it."""
        return VIF_DETAILS if self.vif_type == "ovs" else {}


class SecurityGroup(Standard, Base):
    """A named set of rules for what traffic may pass."""

    __tablename__ = "securitygroups"

    stateful: Mapped[bool] = mapped_column(default=True)
    default_of: Mapped[str | None] = mapped_column(String(255), unique=True)
    """The project whose default group this is: a project has one at most."""
    rules: Mapped[list[SecurityGroupRule]] = relationship(
        lazy="selectin", order_by="SecurityGroupRule.standard_attr_id", viewonly=True,
        foreign_keys="SecurityGroupRule.security_group_id",
    )  # fmt: skip

    shared = False


class SecurityGroupRule(Standard, Base):
    """Traffic that may pass; what no rule allows is dropped."""

    __tablename__ = "securitygrouprules"

    id: Mapped[str] = mapped_column(String(36), unique=True)
    standard_attr_id: Mapped[int] = mapped_column(primary_key=True)
    security_group_id: Mapped[str] = mapped_column(ForeignKey("securitygroups.id", ondelete="CASCADE"), index=True)
    direction: Mapped[str] = mapped_column(String(10))
    ethertype: Mapped[str] = mapped_column(String(40))
    protocol: Mapped[str | None] = mapped_column(String(40))
    port_range_min: Mapped[int | None]
    port_range_max: Mapped[int | None]
    remote_ip_prefix: Mapped[str | None] = mapped_column(String(255))
    remote_group_id: Mapped[str | None] = mapped_column(ForeignKey("securitygroups.id", ondelete="CASCADE"))
    description: Mapped[str | None] = mapped_column(String(255))  # type: ignore[assignment]
    in_default: Mapped[bool] = column_property(
        select(SecurityGroup.default_of.is_not(None)).where(SecurityGroup.id == security_group_id).scalar_subquery()
    )

    remote_address_group_id = None

    @property
    def normalized_cidr(self) -> str | None:
        """The remote prefix without host bits."""
        return str(ip_network(self.remote_ip_prefix, strict=False)) if self.remote_ip_prefix else None


class Router(Standard, Base):
    """Passes packets between subnets and, through its gateway port, to an external network."""

    __tablename__ = "routers"

    admin_state_up: Mapped[bool] = mapped_column(default=True)
    distributed: Mapped[bool] = mapped_column(default=False)
    ha: Mapped[bool] = mapped_column(default=False)
    enable_snat: Mapped[bool] = mapped_column(default=True)
    routes: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    availability_zone_hints: Mapped[list[str]] = mapped_column(JSON, default=list)
    gw_port_id: Mapped[str | None] = mapped_column(ForeignKey("ports.id", ondelete="SET NULL"))
    gw_port: Mapped[Port | None] = relationship(lazy="selectin", viewonly=True)
    agents: Mapped[list[Agent]] = relationship(secondary=L3_BINDINGS, lazy="selectin", passive_deletes=True)

    status = "ACTIVE"
    flavor_id = None

    @property
    def external_gateway_info(self) -> dict[str, Any] | None:
        """Its external network and the addresses it has there."""
        if self.gw_port is None:
            return None
        info = {"network_id": self.gw_port.network_id, "external_fixed_ips": self.gw_port.fixed_ips}
        return info | {"enable_snat": self.enable_snat}

    @property
    def availability_zones(self) -> list[str]:
        """The zones of its L3 agents."""
        return zones(self.agents)


class FloatingIP(Standard, Base):
    """An address of an external network that a router translates to a port's own."""

    __tablename__ = "floatingips"

    floating_ip_address: Mapped[str] = mapped_column(String(64))
    floating_network_id: Mapped[str] = mapped_column(String(36), index=True)
    floating_port_id: Mapped[str] = mapped_column(ForeignKey("ports.id", ondelete="CASCADE"))
    fixed_ip_address: Mapped[str | None] = mapped_column(String(64))
    fixed_port_id: Mapped[str | None] = mapped_column(ForeignKey("ports.id", ondelete="SET NULL"), index=True)
    router_id: Mapped[str | None] = mapped_column(ForeignKey("routers.id", ondelete="SET NULL"), index=True)
    last_known_router_id: Mapped[str | None] = mapped_column(String(36), index=True)
    status: Mapped[str] = mapped_column(String(16), default="DOWN")
    port: Mapped[Port | None] = relationship(lazy="selectin", viewonly=True, foreign_keys=fixed_port_id)

    @property
    def port_details(self) -> dict[str, Any] | None:
        """What belongs to it."""
        names = ("name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner")
        return {name: getattr(self.port, name) for name in names} if self.port else None


class Quota(Base):
    """How many of a resource a project may have, where an admin has said so."""

    __tablename__ = "quotas"

    project_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    resource: Mapped[str] = mapped_column(String(255), primary_key=True)
    limit: Mapped[int]


def zones(agents: list[Agent]) -> list[str]:
    """The availability zones of some agents."""
    return sorted({agent.availability_zone for agent in agents if agent.availability_zone})
