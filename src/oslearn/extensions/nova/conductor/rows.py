"""nova-conductor: rows that a host may change when it starts, while an instance runs, and when it ends.

Interface: the RPC endpoint `Rows`.
Upstream: nova/objects/block_device.py and migration.py.
"""

from __future__ import annotations

from oslearn.core.nova.objects import BlockDevice, Instance, Node, Values
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.objects import Migration


class Rows:
    """Hosts that start, block devices that come and go, moves, and the end of an instance."""

    def __init__(self, db: ExtendedDB) -> None:
        self.db = db

    def compute_nodes_create(self, context: RPCContext, nodes: list[Values]) -> tuple[dict[str, Node], list[str]]:
        """Register hosts with what they have, their nova-compute and their cell; all rows, and who has instances."""
        self.db.hosts.create(nodes)
        self.db.services.create(("nova-compute", node["host"], "compute") for node in nodes)
        if self.db.databases.several:
            self.db.cells.add_hosts(node["host"] for node in nodes)
        rows = {node.host: Node(id=node.id, uuid=node.uuid) for node in self.db.hosts.get_all()}
        return rows, sorted({host for _, host in self.db.instances.hosts()})

    def instance_get_all_by_host(self, context: RPCContext, host: str) -> list[Instance]:
        """The instances that a host is to have."""
        return self.db.instances.get_by_host(host)

    def block_device_mapping_create(self, context: RPCContext, instance_uuid: str, values: Values) -> BlockDevice:
        """A new block device."""
        return self.db.devices.create(instance_uuid, values)

    def block_device_mapping_destroy(self, context: RPCContext, instance_uuid: str, volume_id: str) -> None:
        """Forget a volume."""
        self.db.devices.destroy(instance_uuid, volume_id)

    def migration_update(self, context: RPCContext, migration_uuid: str, values: Values) -> None:
        """How far a move is."""
        self.db.migrations.update(migration_uuid, values)

    def evacuated_from(self, context: RPCContext, host: str) -> list[Migration]:
        """The moves of instances that a host lost while it was down."""
        return self.db.migrations.evacuated_from(host)

    def instance_destroy(self, context: RPCContext, instance_uuid: str) -> None:
        """Mark as deleted and give the host's resources back."""
        self.db.instances.destroy(instance_uuid)
        self.db.specs.destroy(instance_uuid)

    def virtual_interface_delete_all(self, context: RPCContext, instance_uuid: str) -> None:
        """Forget an instance's ports."""
        self.db.instances.forget_vifs(instance_uuid)
