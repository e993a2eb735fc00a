"""How compute hosts get known: to Nova, and to Placement as resource providers, with what they have and what they can.

Interface: `Registration`: `create`, then `offer`.
Invariants: what is there stays as it is, because an operator may have changed what it offers.
Upstream: nova/compute/resource_tracker.py, `_init_compute_node`; nova/virt/libvirt/driver.py, `get_available_resource`
and `update_provider_tree`; nova/scheduler/client/report.py: `_create_resource_provider`, `_set_inventory_for_provider`,
`set_traits_for_provider`. Left out: nested providers, changes of what a host has while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oslearn.core.config import Config
from oslearn.core.nova.objects import Node
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI

TRAITS = [
    "COMPUTE_ACCELERATORS", "COMPUTE_ADDRESS_SPACE_EMULATED", "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
    "COMPUTE_DEVICE_TAGGING", "COMPUTE_IMAGE_TYPE_RAW", "COMPUTE_MEM_BACKING_FILE", "COMPUTE_NET_ATTACH_INTERFACE",
    "COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG", "COMPUTE_NODE", "COMPUTE_SECURITY_STATELESS_FIRMWARE",
    "COMPUTE_STORAGE_VIRTIO_FS", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_ATTACH_WITH_TAG", "COMPUTE_VOLUME_EXTEND",
    "COMPUTE_VOLUME_MULTI_ATTACH", "OWNER_NOVA",
]  # fmt: skip
"""What the host can do, as names that Placement knows."""


class Registration:
    """nova-compute's way to the conductor and to Placement at its start."""

    def __init__(self, rows: RowsAPI, config: Config) -> None:
        self.rows, self.config = rows, config

    def create(self, context: RequestContext, hosts: Iterable[str]) -> set[str]:
        """Make hosts known to Nova; those that have instances."""
        config = self.config
        node = {
            "vcpus": config.host_vcpus,
            "memory_mb": config.host_memory_mb,
            "local_gb": config.host_disk_gb,
            "hypervisor_type": "QEMU",
            "supported_instances": [["x86_64", "qemu", "hvm"], ["x86_64", "kvm", "hvm"]],
            "memory_mb_used": config.reserved_host_memory_mb,
            "free_ram_mb": int(config.host_memory_mb * config.ram_allocation_ratio) - config.reserved_host_memory_mb,
            "availability_zone": config.availability_zone,
        }
        return self.rows.compute_nodes_create(context, [node | {"host": host} for host in hosts])

    def offer(self, client: Client, nodes: Mapping[str, Node]) -> None:
        """Make hosts known that Placement does not know yet. Raises TransportError."""
        listed = ask(client, "GET", "/resource_providers")["resource_providers"]
        known = {provider["uuid"] for provider in listed}
        for host, node in nodes.items():
            if node["uuid"] not in known:
                self._add(client, host, node["uuid"])

    def _add(self, client: Client, host: str, uuid: str) -> None:
        """Each answer has the generation that the next request must name."""
        provider = f"/resource_providers/{uuid}"
        made = ask(client, "POST", "/resource_providers", {"uuid": uuid, "name": host})
        body: Body = {"resource_provider_generation": made["generation"], "inventories": self._inventories()}
        made = ask(client, "PUT", f"{provider}/inventories", body)
        body = {"resource_provider_generation": made["resource_provider_generation"], "traits": TRAITS}
        ask(client, "PUT", f"{provider}/traits", body)

    def _inventories(self) -> Body:
        """What a host offers, less what it keeps for itself."""
        shown = (
            ("VCPU", self.config.host_vcpus, 0, self.config.cpu_allocation_ratio),
            ("MEMORY_MB", self.config.host_memory_mb, self.config.reserved_host_memory_mb,
             self.config.ram_allocation_ratio),
            ("DISK_GB", self.config.host_disk_gb, 0, 1.0),
        )  # fmt: skip
        return {
            name: {"total": total, "reserved": reserved, "max_unit": total, "allocation_ratio": ratio}
            for name, total, reserved, ratio in shown
        }


def ask(client: Client, method: str, path: str, body: Body | None = None) -> Body:
    """Placement's answer. Raises TransportError."""
    headers = {"OpenStack-API-Version": "placement 1.26", "Accept": "application/json"}
    return dict(client.request(method, path, body=body, headers=headers).json())
