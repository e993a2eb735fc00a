"""nova-conductor: the only way from a compute host to the database.

Interface: the RPC endpoint `ConductorManager`.
Invariants: a compromised compute host can call these methods and no others; times travel as text.
Upstream: nova/conductor/manager.py of 2013. Left out: object_action (today's form of the same), task methods.
"""

from __future__ import annotations

from typing import Any

from oslearn.nova.db.api import NovaDB
from oslearn.oslo.messaging import RPCContext

ALLOWED = {"vm_state", "task_state", "power_state", "network_info", "launched_at"}
"""Columns that a compute host may change."""


class ConductorManager:
    """The RPC endpoint."""

    def __init__(self, db: NovaDB) -> None:
        self.db = db

    def instance_get_by_uuid(self, context: RPCContext, instance_uuid: str) -> dict[str, Any]:
        """The instance: host, flavor's memory, vCPUs and disk, image, and its volumes. Raises InstanceNotFound."""
        instance = self.db.instance_get_by_uuid(instance_uuid)
        return instance | {"block_device_mapping": self.db.block_device_mapping_get_all(instance_uuid)}

    def instance_update(self, context: RPCContext, instance_uuid: str, updates: dict[str, Any]) -> None:
        """Change an instance's state. Raises ValueError for a column that is not the host's to change."""
        if extra := set(updates) - ALLOWED:
            raise ValueError(f"a compute host may not change {', '.join(sorted(extra))}")
        self.db.instance_update(instance_uuid, updates)

    def instance_error(self, context: RPCContext, instance_uuid: str, fault: dict[str, Any]) -> None:
        """End in ERROR with that fault and give the host's resources back."""
        self.db.instance_error(instance_uuid, fault)

    def instance_destroy(self, context: RPCContext, instance_uuid: str) -> None:
        """Mark as deleted and give the host's resources back."""
        self.db.instance_destroy(instance_uuid)

    def block_device_mapping_update(
        self, context: RPCContext, instance_uuid: str, volume_id: str, values: dict[str, Any]
    ) -> None:
        """Note a volume's attachment and device name."""
        self.db.block_device_mapping_update(instance_uuid, volume_id, values)
