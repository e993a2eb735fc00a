"""What Nova's processes do with its database. nova-compute has none of this: it asks the conductor.

Interface: `NovaDB`; instances leave it as dictionaries of JSON types, which is how they travel in messages.
Invariants: a host's use and an instance's `host` change in one transaction, so the sum of the instances on a host
is what the host has in use; no host is given more than it has.
Upstream: nova/db/main/api.py. Left out: cells, soft delete but for instances, quota reservations (usage is counted).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from oslearn.config import Config
from oslearn.nova import exception
from oslearn.nova.db import actions, aggregates, flavors, groups, keypairs, quotas, servers
from oslearn.nova.db.models import BlockDeviceMapping, ComputeNode, Instance, InstanceFault, Service, as_dict
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.db import Handle


class NovaDB(
    servers.ServerQueries,
    actions.ActionQueries,
    flavors.FlavorQueries,
    keypairs.KeyPairQueries,
    quotas.QuotaQueries,
    aggregates.AggregateQueries,
    groups.GroupQueries,
):
    """Nova's queries over one process's handles of the API database and of the cell's."""

    def __init__(self, api: Handle, cell: Handle, ids: Ids, clock: Clock, config: Config) -> None:
        self.api, self.handle, self.ids, self.clock, self.config = api, cell, ids, clock, config

    def instance_create(self, values: dict[str, Any], volumes: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
        """The first row of an instance, and of each of its volumes."""
        instance = Instance(uuid=self.ids.uuid(), created_at=self.clock.now(), updated_at=self.clock.now(), **values)
        with self.handle.session() as session:
            session.add(instance)
            session.flush()
            session.add_all(BlockDeviceMapping(instance_uuid=instance.uuid, **volume) for volume in volumes)
        return as_dict(instance)

    def instance_get_by_uuid(self, uuid: str, project_id: str | None = None) -> dict[str, Any]:
        """One instance, of that project if given. Raises InstanceNotFound."""
        query = select(Instance).where(Instance.uuid == uuid, ~Instance.deleted)
        if project_id:
            query = query.where(Instance.project_id == project_id)
        with self.handle.session() as session:
            instance = session.scalars(query).first()
        if instance is None:
            raise exception.InstanceNotFound(instance_id=uuid)
        return as_dict(instance)

    def instance_get_all(self, project_id: str | None) -> list[dict[str, Any]]:
        """The instances of a project, or all, newest first."""
        query = select(Instance).where(~Instance.deleted).order_by(Instance.id.desc())
        if project_id:
            query = query.where(Instance.project_id == project_id)
        with self.handle.session() as session:
            return [as_dict(instance) for instance in session.scalars(query)]

    def instance_update(self, uuid: str, values: dict[str, Any]) -> None:
        """Change columns. Times may be given as text."""
        values = {k: _moment(v) if k.endswith("_at") else v for k, v in values.items()}
        self.handle.write(
            update(Instance).where(Instance.uuid == uuid).values(values | {"updated_at": self.clock.now()})
        )

    def instance_error(self, uuid: str, fault: dict[str, Any]) -> None:
        """End in ERROR: give back the host's resources and keep why. `fault` has code, message, details."""
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            _give_back(session, instance)
            instance.vm_state, instance.task_state, instance.updated_at = "error", None, self.clock.now()
            instance.power_state, instance.network_info = 0, []
            session.add(InstanceFault(instance_uuid=uuid, created_at=self.clock.now(), **fault))

    def instance_destroy(self, uuid: str) -> None:
        """Mark as deleted and give back the host's resources. Doing it twice changes nothing."""
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            _give_back(session, instance)
            instance.deleted, instance.vm_state, instance.task_state = True, "deleted", None
            instance.terminated_at = instance.updated_at = self.clock.now()

    def instance_fault_get(self, uuid: str) -> InstanceFault | None:
        """The newest fault of an instance."""
        query = select(InstanceFault).where(InstanceFault.instance_uuid == uuid).order_by(InstanceFault.id.desc())
        with self.handle.session() as session:
            return session.scalars(query).first()

    def block_device_mapping_get_all(self, uuid: str) -> list[dict[str, Any]]:
        """The volumes of an instance."""
        query = select(BlockDeviceMapping).where(BlockDeviceMapping.instance_uuid == uuid)
        with self.handle.session() as session:
            return [as_dict(row) for row in session.scalars(query.order_by(BlockDeviceMapping.id))]

    def block_device_mapping_update(self, uuid: str, volume_id: str, values: dict[str, Any]) -> None:
        """Change one volume's row."""
        here = BlockDeviceMapping.instance_uuid == uuid, BlockDeviceMapping.volume_id == volume_id
        with self.handle.session() as session:
            session.execute(update(BlockDeviceMapping).where(*here).values(values))

    def compute_node_page(self, offset: int, size: int) -> list[tuple[ComputeNode, bool]]:
        """Hosts, most free memory first, then fewest instances; and whether an operator disabled each."""
        query = (
            select(ComputeNode, Service.disabled)
            .join(Service, (Service.host == ComputeNode.host) & (Service.binary == "nova-compute"))
            .order_by(ComputeNode.free_ram_mb.desc(), ComputeNode.running_vms, ComputeNode.id)
            .offset(offset)
            .limit(size)
        )
        with self.handle.session() as session:
            return [(row[0], row[1]) for row in session.execute(query)]

    def compute_node_claim(self, uuid: str, host: str) -> dict[str, Any] | None:
        """Take the instance's resources from the host and put the instance there; None if they no longer fit."""
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            node = session.scalars(select(ComputeNode).where(ComputeNode.host == host)).one()
            limit = node.vcpus * self.config.cpu_allocation_ratio
            if (
                node.free_ram_mb < instance.memory_mb
                or node.local_gb - node.local_gb_used < instance.root_gb
                or limit - node.vcpus_used < instance.vcpus
            ):
                return None
            _account(node, instance, +1)
            instance.host = instance.launched_on = host
            instance.availability_zone = node.availability_zone
            instance.updated_at = self.clock.now()
        return as_dict(instance)

    def service_create(self, binary: str, host: str, topic: str) -> None:
        """Register a process."""
        with self.handle.session() as session:
            session.add(
                Service(uuid=self.ids.uuid(), binary=binary, host=host, topic=topic, created_at=self.clock.now())
            )

    def compute_nodes_create(self, nodes: list[dict[str, Any]]) -> None:
        """Register hosts with their capacity, and their nova-compute."""
        now = self.clock.now()
        with self.handle.session() as session:
            session.add_all(ComputeNode(uuid=self.ids.uuid(), **node) for node in nodes)
            session.add_all(
                Service(uuid=self.ids.uuid(), binary="nova-compute", host=node["host"], topic="compute", created_at=now)
                for node in nodes
            )

    def compute_node_get_all(self) -> list[ComputeNode]:
        """Every host."""
        with self.handle.session() as session:
            return list(session.scalars(select(ComputeNode).order_by(ComputeNode.id)))

    def service_get_all(self) -> list[Service]:
        """Every process."""
        with self.handle.session() as session:
            return list(session.scalars(select(Service).order_by(Service.id)))

    def service_update(self, uuid: str, values: dict[str, Any]) -> Service | None:
        """Enable or disable a process; None if there is none."""
        with self.handle.session() as session:
            service = session.scalars(select(Service).where(Service.uuid == uuid)).first()
            for name, value in values.items() if service else ():
                setattr(service, name, value)
        return service


def _give_back(session: Session, instance: Instance) -> None:
    """Return the instance's resources, if it holds any."""
    if instance.host is None:
        return
    node = session.scalars(select(ComputeNode).where(ComputeNode.host == instance.host)).one()
    _account(node, instance, -1)
    instance.host = None


def _account(node: ComputeNode, instance: Instance, sign: int) -> None:
    node.memory_mb_used += sign * instance.memory_mb
    node.free_ram_mb -= sign * instance.memory_mb
    node.local_gb_used += sign * instance.root_gb
    node.vcpus_used += sign * instance.vcpus
    node.running_vms += sign


def _moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
