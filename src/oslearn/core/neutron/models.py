"""Neutron's tables, and what follows from a row alone.

Interface: one class a table; the properties are attributes that the API shows and no column holds.
Upstream: neutron/db/models_v2.py, standard_attr.py and models/, neutron/plugins/ml2/models.py, neutron/ipam/drivers.
Left out: standard attributes, tags and port bindings in tables of their own, RBAC, segments.
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, String, Table, UniqueConstraint, select
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from oslearn.core.oslo.context import Body

VIF_DETAILS = {"connectivity": "l2", "port_filter": True, "ovs_hybrid_plug": False, "ovs_create_tap": True,
               "datapath_type": "system", "bridge_name": "br-int", "bound_drivers": {"0": "openvswitch"}}  # fmt: skip
"""How the hypervisor connects a port to Open vSwitch."""
Strings = list[str]
Dict = Body
Dicts = list[Body]


class Base(DeclarativeBase):
    """The tables of the database `neutron`."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {str: String(255), Strings: JSON, Dict: JSON, Dicts: JSON}
    shown_if: ClassVar[dict[str, str]] = {}
    """Attributes that the API shows of a row only if another one is true."""


class Standard(Base):
    """What every resource has (`standardattributes` upstream)."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision_number: Mapped[int] = mapped_column(default=0)
    tags: Mapped[Strings] = mapped_column(default=list)


class Agent(Base):
    """A process on a host that does what the API was asked for."""

    __tablename__ = "agents"
    __table_args__ = (UniqueConstraint("binary", "host"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    agent_type: Mapped[str]
    binary: Mapped[str]
    topic: Mapped[str]
    host: Mapped[str] = mapped_column(index=True)
    availability_zone: Mapped[str | None]
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str | None]
    configurations: Mapped[Dict]
    started_at: Mapped[datetime]


def serving(name: str, resource: str) -> Table:
    """Which agents serve which networks or routers."""
    return Table(
        name,
        Base.metadata,
        Column("resource_id", String(36), ForeignKey(f"{resource}.id", ondelete="CASCADE"), primary_key=True),
        Column("agent_id", String(36), ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    )


def zones(agents: list[Agent]) -> list[str]:
    return sorted({agent.availability_zone for agent in agents if agent.availability_zone})


class Network(Standard):
    """A layer 2 network: ports on it reach each other without a router."""

    __tablename__ = "networks"
    __table_args__ = (UniqueConstraint("network_type", "segmentation_id"),)

    admin_state_up: Mapped[bool] = mapped_column(default=True)
    shared: Mapped[bool] = mapped_column(default=False)
    external: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    mtu: Mapped[int] = mapped_column(default=1450)
    network_type: Mapped[str] = mapped_column(default="vxlan")
    physical_network: Mapped[str | None]
    segmentation_id: Mapped[int | None]
    availability_zone_hints: Mapped[Strings] = mapped_column(default=list)
    subnets: Mapped[list[Subnet]] = relationship(
        lazy="joined", order_by="(Subnet.created_at, Subnet.id)", viewonly=True
    )
    agents: Mapped[list[Agent]] = relationship(
        secondary=serving("networkdhcpagentbindings", "networks"), lazy="joined", passive_deletes=True
    )

    status = "ACTIVE"
    ipv4_address_scope = ipv6_address_scope = None
    shown_if: ClassVar = {"is_default": "external"}

    @property
    def availability_zones(self) -> list[str]:
        """Where agents serve it."""
        return zones(self.agents)

    @property
    def subnet_ids(self) -> list[str]:
        return [subnet.id for subnet in self.subnets]


class Subnet(Standard):
    """A range of addresses on a network."""

    __tablename__ = "subnets"

    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id", ondelete="CASCADE"), index=True)
    ip_version: Mapped[int]
    cidr: Mapped[str]
    gateway_ip: Mapped[str | None]
    enable_dhcp: Mapped[bool] = mapped_column(default=True)
    subnetpool_id: Mapped[str | None] = mapped_column(index=True)
    ipv6_ra_mode: Mapped[str | None]
    ipv6_address_mode: Mapped[str | None]
    allocation_pools: Mapped[Dicts] = mapped_column(default=list)
    dns_nameservers: Mapped[Strings] = mapped_column(default=list)
    host_routes: Mapped[Dicts] = mapped_column(default=list)
    service_types: Mapped[Strings] = mapped_column(default=list)
    external: Mapped[bool] = column_property(
        select(Network.external).where(Network.id == network_id).correlate_except(Network).scalar_subquery()
    )


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


class ProvisioningBlock(Base):
    """Who has to report before a port becomes ACTIVE: a row each, so that two who report at once undo nothing."""

    __tablename__ = "provisioningblocks"
    __mapper_args__ = {"confirm_deleted_rows": False}
    """Who reports takes its row away, whether or not another transaction was quicker."""

    port_id: Mapped[str] = mapped_column(ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    port: Mapped[Port] = relationship()


class Port(Standard):
    """A connection point of a device to a network."""

    __tablename__ = "ports"
    __table_args__ = (UniqueConstraint("network_id", "mac_address"),)

    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id"), index=True)
    mac_address: Mapped[str]
    admin_state_up: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(default="DOWN")
    device_id: Mapped[str] = mapped_column(default="", index=True)
    device_owner: Mapped[str] = mapped_column(default="")
    port_security_enabled: Mapped[bool] = mapped_column(default=True)
    allowed_address_pairs: Mapped[Dicts] = mapped_column(default=list)
    extra_dhcp_opts: Mapped[Dicts] = mapped_column(default=list)
    host_id: Mapped[str] = mapped_column(default="", index=True)
    vnic_type: Mapped[str] = mapped_column(default="normal")
    vif_type: Mapped[str] = mapped_column(default="unbound")
    profile: Mapped[Dict] = mapped_column(default=dict)
    allocations: Mapped[list[IPAllocation]] = relationship(
        lazy="joined", order_by=IPAllocation.position, cascade="all, delete-orphan", passive_deletes=True
    )
    bindings: Mapped[list[SecurityGroupPortBinding]] = relationship(
        lazy="joined", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def vif_details(self) -> Dict:
        """How its host connects it."""
        return VIF_DETAILS if self.vif_type == "ovs" else {}

    @property
    def fixed_ips(self) -> list[dict[str, str]]:
        return [{"subnet_id": held.subnet_id, "ip_address": held.ip_address} for held in self.allocations]

    @property
    def security_groups(self) -> list[str]:
        return [binding.security_group_id for binding in self.bindings]

    @security_groups.setter
    def security_groups(self, groups: list[str] | None) -> None:
        kept = [binding for binding in self.bindings if binding.security_group_id in (groups or ())]
        new = [group for group in dict.fromkeys(groups or ()) if group not in self.security_groups]
        if new or len(kept) < len(self.bindings):
            self.bindings = kept + [SecurityGroupPortBinding(security_group_id=group) for group in new]


class SecurityGroup(Standard):
    """A named set of rules for what traffic may pass."""

    __tablename__ = "securitygroups"

    stateful: Mapped[bool] = mapped_column(default=True)
    default_of: Mapped[str | None] = mapped_column(unique=True)
    """The project whose default group this is: a project has one at most."""
    rules: Mapped[list[SecurityGroupRule]] = relationship(
        lazy="selectin", order_by="SecurityGroupRule.standard_attr_id", viewonly=True,
        foreign_keys="SecurityGroupRule.security_group_id",
    )  # fmt: skip

    shared = False


class SecurityGroupRule(Standard):
    """Traffic that may pass; what no rule allows is dropped."""

    __tablename__ = "securitygrouprules"

    id: Mapped[str] = mapped_column(String(36), unique=True)
    standard_attr_id: Mapped[int] = mapped_column(primary_key=True)
    security_group_id: Mapped[str] = mapped_column(ForeignKey("securitygroups.id", ondelete="CASCADE"), index=True)
    direction: Mapped[str]
    ethertype: Mapped[str]
    protocol: Mapped[str | None]
    port_range_min: Mapped[int | None]
    port_range_max: Mapped[int | None]
    remote_ip_prefix: Mapped[str | None]
    remote_group_id: Mapped[str | None] = mapped_column(ForeignKey("securitygroups.id", ondelete="CASCADE"))
    description: Mapped[str | None] = mapped_column(default=None)  # type: ignore[assignment]
    belongs_to_default_sg: Mapped[bool] = column_property(
        select(SecurityGroup.default_of.is_not(None)).where(SecurityGroup.id == security_group_id).scalar_subquery()
    )

    remote_address_group_id = None

    @property
    def normalized_cidr(self) -> str | None:
        """The remote side without its host bits."""
        return str(ip_network(self.remote_ip_prefix, strict=False)) if self.remote_ip_prefix else None


class OutboxMessage(Base):
    """Something to be told to others because of a change that is committed."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    args: Mapped[Strings]
    named: Mapped[Dict]


class Quota(Base):
    """How many of a resource a project may have, where an admin has said so."""

    __tablename__ = "quotas"

    project_id: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    limit: Mapped[int]
