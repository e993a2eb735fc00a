"""nova-compute: what a host does when it starts: it gets known to Nova and to Placement, and has its domains.

Interface: `Registration`: `create`, then `offer`; `Domains.init_host`.
Invariants: what is there stays as it is, because an operator may have changed what it offers.
Upstream: nova/compute/manager.py: `init_host`, `_init_instance`, `_destroy_evacuated_instances`;
nova/compute/resource_tracker.py, `_init_compute_node`; nova/virt/libvirt/driver.py, `get_available_resource` and
`update_provider_tree`; nova/scheduler/client/report.py: `_create_resource_provider`, `_set_inventory_for_provider`,
`set_traits_for_provider`. Left out: nested providers, changes of what a host has while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oslearn.core.config import Config
from oslearn.core.nova.compute.manager import Calls
from oslearn.core.nova.objects import Instance, Node
from oslearn.core.nova.virt.libvirt import RUNNING
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI
from oslearn.extensions.nova.virt.libvirt import PAUSED, LibvirtOperations

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

    def create(self, context: RequestContext, hosts: Iterable[str]) -> tuple[dict[str, Node], set[str]]:
        """Make hosts known to Nova; their rows, and those that have instances."""
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


class Domains:
    """What should run on this host."""

    def __init__(self, calls: Calls, virt: LibvirtOperations) -> None:
        self.conductor, self.rows, self.virt, self.driver = calls.conductor, RowsAPI(calls.conductor), virt, virt.driver

    def init_host(self, context: RequestContext) -> None:
        """Have the domains that should be there, and no other. The conductor ends what was undone."""
        self._destroy_evacuated(context)
        running = set(self.virt.connection.listAllDomains())
        for instance in self.rows.instance_get_all_by_host(context, self.driver.host):
            if instance["uuid"] not in running and instance["power_state"] in (RUNNING, PAUSED):
                self._start(context, instance)

    def _destroy_evacuated(self, context: RequestContext) -> None:
        """Instances that were built anew elsewhere while this host was down: their domains must not run twice."""
        for migration in self.rows.evacuated_from(context, self.driver.host):
            self.driver.destroy(migration["instance_uuid"])
            self.rows.migration_update(context, migration["uuid"], {"status": "completed"})

    def _start(self, context: RequestContext, instance: Instance) -> None:
        """Start a domain that was there before this host went down."""
        devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        volumes = [device for device in devices if device["connection_info"]]
        self.driver.spawn(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
        if instance["power_state"] == PAUSED:
            self.virt.pause(instance)
