"""Nova's tables. Upstream: nova/db/api/models.py, nova/db/main/models.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, MetaData, Row
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of a cell's database (`nova_cell0`, `nova_cell1`)."""


class ApiBase(Base):
    """The tables of the API database (`nova_api`), of which a cloud has one."""

    __abstract__ = True
    metadata = MetaData()


class InstanceColumns(Base):
    """What is known of an instance, wherever it is written down."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    project_id: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str]
    display_name: Mapped[str]
    display_description: Mapped[str | None]
    image_ref: Mapped[str]
    flavor: Mapped[dict[str, Any]] = mapped_column(JSON)
    memory_mb: Mapped[int]
    vcpus: Mapped[int]
    root_gb: Mapped[int]
    host: Mapped[str | None] = mapped_column(index=True)
    launched_on: Mapped[str | None]
    availability_zone: Mapped[str | None]
    vm_state: Mapped[str]
    task_state: Mapped[str | None]
    power_state: Mapped[int] = mapped_column(default=0)
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata", JSON, default=dict)
    network_info: Mapped[list[Any]] = mapped_column(JSON, default=list)
    security_groups: Mapped[list[Any]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    terminated_at: Mapped[datetime | None]
    deleted: Mapped[bool] = mapped_column(default=False)
    deleted_at: Mapped[datetime | None]
    node: Mapped[str | None]
    hostname: Mapped[str | None]
    key_name: Mapped[str | None]
    key_data: Mapped[str | None]
    user_data: Mapped[str | None]
    config_drive: Mapped[str] = mapped_column(default="")
    access_ip_v4: Mapped[str | None]
    access_ip_v6: Mapped[str | None]
    auto_disk_config: Mapped[bool] = mapped_column(default=False)
    locked_by: Mapped[str | None]
    reservation_id: Mapped[str | None]
    launch_index: Mapped[int] = mapped_column(default=0)
    root_device_name: Mapped[str | None]
    kernel_id: Mapped[str] = mapped_column(default="")
    ramdisk_id: Mapped[str] = mapped_column(default="")
    progress: Mapped[int] = mapped_column(default=0)
    system_metadata: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    trusted_certs: Mapped[list[str] | None] = mapped_column(JSON)
    old_flavor: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    new_flavor: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    pinned_availability_zone: Mapped[str | None]
    scheduler_hints: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Instance(InstanceColumns):
    """An instance. `host` is set while it holds a host's resources."""

    __tablename__ = "instances"
    compute_id: Mapped[int | None]


class BuildRequest(InstanceColumns):
    """An instance that is asked for and in no cell yet: what a list shows until the scheduler has chosen."""

    __tablename__ = "build_requests"
    metadata = ApiBase.metadata
    block_device_mappings: Mapped[list[Any]] = mapped_column(JSON, default=list)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)


class RequestSpec(ApiBase):
    """What an instance asks of a host; kept for its next move."""

    __tablename__ = "request_specs"
    instance_uuid: Mapped[str] = mapped_column(primary_key=True)
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)


class CellMapping(ApiBase):
    """A cell: a message queue and a database. Cell 0 has no host; it keeps what could not be scheduled."""

    __tablename__ = "cell_mappings"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class HostMapping(ApiBase):
    """The cell of a host."""

    __tablename__ = "host_mappings"
    host: Mapped[str] = mapped_column(primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell_mappings.id"))


class InstanceMapping(ApiBase):
    """The cell of an instance; none until it is scheduled."""

    __tablename__ = "instance_mappings"
    instance_uuid: Mapped[str] = mapped_column(primary_key=True)
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cell_mappings.id"))
    project_id: Mapped[str] = mapped_column(index=True)


class VirtualInterface(Base):
    """A port of an instance, as the compute host knows it."""

    __tablename__ = "virtual_interfaces"
    uuid: Mapped[str] = mapped_column(primary_key=True)
    instance_uuid: Mapped[str] = mapped_column(index=True)
    address: Mapped[str]
    tag: Mapped[str | None]


class InstanceAction(Base):
    """What somebody asked to be done with an instance, by the id of their request."""

    __tablename__ = "instance_actions"
    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str]
    instance_uuid: Mapped[str] = mapped_column(index=True)
    request_id: Mapped[str]
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    start_time: Mapped[datetime]
    updated_at: Mapped[datetime]
    message: Mapped[str | None]


class InstanceActionEvent(Base):
    """What one process did of an action."""

    __tablename__ = "instance_actions_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("instance_actions.id"), index=True)
    event: Mapped[str]
    start_time: Mapped[datetime]
    finish_time: Mapped[datetime | None]
    result: Mapped[str | None]
    traceback: Mapped[str | None]
    host: Mapped[str | None]
    details: Mapped[str | None]


class InstanceFault(Base):
    """Why an instance is in ERROR."""

    __tablename__ = "instance_faults"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_uuid: Mapped[str] = mapped_column(ForeignKey("instances.uuid"), index=True)
    code: Mapped[int]
    message: Mapped[str]
    details: Mapped[str | None]
    created_at: Mapped[datetime]


class BlockDeviceMapping(Base):
    """A volume of an instance."""

    __tablename__ = "block_device_mapping"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_uuid: Mapped[str] = mapped_column(ForeignKey("instances.uuid"), index=True)
    volume_id: Mapped[str | None]
    attachment_id: Mapped[str | None]
    device_name: Mapped[str | None]
    delete_on_termination: Mapped[bool] = mapped_column(default=False)
    uuid: Mapped[str | None]
    source_type: Mapped[str] = mapped_column(default="volume")
    destination_type: Mapped[str] = mapped_column(default="volume")
    boot_index: Mapped[int | None]
    image_id: Mapped[str | None]
    snapshot_id: Mapped[str | None]
    volume_size: Mapped[int | None]
    volume_type: Mapped[str | None]
    guest_format: Mapped[str | None]
    device_type: Mapped[str | None]
    disk_bus: Mapped[str | None]
    tag: Mapped[str | None]
    connection_info: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class ComputeNode(Base):
    """A host's capacity and use. The index is the scheduler's order, so that it reads the best hosts first."""

    __tablename__ = "compute_nodes"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    host: Mapped[str] = mapped_column(unique=True)
    vcpus: Mapped[int]
    memory_mb: Mapped[int]
    local_gb: Mapped[int]
    vcpus_used: Mapped[int] = mapped_column(default=0)
    memory_mb_used: Mapped[int] = mapped_column(default=0)
    local_gb_used: Mapped[int] = mapped_column(default=0)
    free_ram_mb: Mapped[int]
    running_vms: Mapped[int] = mapped_column(default=0)
    hypervisor_type: Mapped[str]
    supported_instances: Mapped[list[Any]] = mapped_column(JSON)
    availability_zone: Mapped[str]


Index("ix_weight", ComputeNode.free_ram_mb.desc(), ComputeNode.running_vms, ComputeNode.id)


class Service(Base):
    """A nova process, and whether an operator took it out of use."""

    __tablename__ = "services"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    binary: Mapped[str]
    host: Mapped[str] = mapped_column(index=True)
    topic: Mapped[str]
    disabled: Mapped[bool] = mapped_column(default=False)
    disabled_reason: Mapped[str | None]
    forced_down: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


def as_dict(row: Any) -> dict[str, Any]:
    """A row, or the object that stands for it, as JSON types; times as text."""
    if isinstance(row, Row):
        values: Any = zip(row._fields, row, strict=True)
    else:
        values = ((name.rstrip("_"), getattr(row, name)) for name in row.__mapper__.columns.keys())  # noqa: SIM118
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}
