"""nova-conductor: what Placement, Neutron and Cinder hold for Nova is what its instances have.

Interface: `Audit.run(context, settled, start)`.
Invariants: what belongs to an instance that is gone is given back, a user's own port excepted; of what Nova never knew
nothing is touched while it runs. What an instance should have is put right after a start, and where a move has ended.
Upstream: nova/compute/resource_tracker.py (`_remove_deleted_instances_allocations`), nova/compute/manager.py
(`_heal_instance_info_cache`, `_delete_dangling_bdms`), `nova-manage placement heal_allocations` and `audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from oslearn.core.nova.compute.rpcapi import ComputeAPI, target
from oslearn.core.nova.conductor.tasks import Holdings
from oslearn.core.nova.objects import BlockDevice, Instance, RequestSpec, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import try_each
from oslearn.core.oslo.messaging import Bus
from oslearn.extensions.nova.conductor.moves import sizes
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.network.instance_ports import HostPorts
from oslearn.extensions.nova.scheduler.filters import GroupHostManager
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


class Audit:
    """Compares in bulk, and repairs what differs."""

    def __init__(
        self,
        db: ExtendedDB,
        compute: ComputeAPI,
        holdings: Holdings,
        placement: ExtendedReportClient | None,
        ports: HostPorts,
        volume_api: ExtendedVolumeAPI,
        bus: Bus,
    ) -> None:
        self.db, self.compute, self.holdings, self.bus = db, compute, holdings, bus
        self.placement = placement
        self.ports, self.volume_api = ports, volume_api

    def run(self, context: RequestContext, settled: set[str], start: bool) -> None:
        """`settled` are instances that have just come to rest. Each part is tried, whatever became of the others."""
        live = {instance["uuid"]: instance for instance in self.db.remains.instances()}
        asked = {request["uuid"] for request in self.db.remains.build_requests()}
        whole = [one for one in live.values() if one["vm_state"] != "building" and one["task_state"] != "deleting"]
        touched = [one for one in whole if (start or one["uuid"] in settled) and not self.bus.concerns(one["uuid"])]
        parts: list[Callable[[], object]] = [
            lambda: self._ports(live, touched),
            lambda: self._attachments(context, live, touched, start),
            lambda: self.db.remains.forget_all_but(self._spared(live.keys() | asked)),
        ]
        if placement := self.placement:
            parts.insert(0, lambda: self._allocations(placement, live, touched))
        if start or settled:
            parts.append(self._count)
        try_each(parts, "What Nova holds elsewhere is not all looked at")

    def _gone(self, uuids: set[str], live: Mapping[str, Instance]) -> set[str]:
        """Of these, what Nova knew and has no more, nor is asked for."""
        asked = {request["uuid"] for request in self.db.remains.build_requests()}
        return self.db.remains.known(uuids - live.keys() - asked)

    def _spared(self, uuids: set[str]) -> set[str]:
        """And whatever a message is about: its rows are needed."""
        return uuids | {uuid for uuid in self.db.remains.request_specs() if self.bus.concerns(uuid)}

    def _allocations(self, placement: ExtendedReportClient, live: dict[str, Instance], touched: list[Instance]) -> None:
        nodes = self.db.hosts.get_all()
        held: dict[str, dict[str, dict[str, int]]] = {}
        for node in nodes:
            for consumer, one in placement.get_allocations_for_resource_provider(node.uuid).items():
                held.setdefault(consumer, {})[node.uuid] = one["resources"]
        waiting = {move["uuid"] for move in self.db.remains.migrations() if move["instance_uuid"] in live}
        for consumer in self._gone({*held} - waiting, live):
            placement.delete_allocation_for_instance(consumer)
        by_host = {node.host: node.uuid for node in nodes}
        for instance in touched:
            wanted = self._wanted(instance, by_host)
            if held.get(instance["uuid"], {}) != wanted:
                owner = instance["project_id"], instance["user_id"]
                placement.put_allocations(instance["uuid"], wanted, *owner)

    def _wanted(self, instance: Instance, by_host: dict[str, str]) -> dict[str, dict[str, int]]:
        """What the instance is to have claimed, by provider."""
        if not instance["host"] or instance["host"] not in by_host:
            return {}
        spec = self.db.specs.get(instance["uuid"])
        asked: RequestSpec = {**sizes(instance["flavor"]), "is_bfv": spec.get("is_bfv", not instance["image_ref"])}
        return {by_host[instance["host"]]: GroupHostManager.resources(asked)}

    def _ports(self, live: dict[str, Instance], touched: list[Instance]) -> None:
        network_api = self.holdings.network_api
        ports = self.ports.get_all()
        owners = {port["device_id"] for port in ports}
        empty = {uuid for uuid in owners & live.keys() if not live[uuid]["host"] and not live[uuid]["launched_at"]}
        empty = {uuid for uuid in empty if live[uuid]["vm_state"] == "error" and not self.bus.concerns(uuid)}
        for uuid in self._gone(owners, live) | empty:
            network_api.deallocate_for_instance(uuid, self.holdings.users_ports(uuid))
        for instance in touched:
            uuid, host = instance["uuid"], instance["host"]
            mine = [port for port in ports if port["device_id"] == uuid]
            if uuid in empty:
                continue
            for port in mine:
                if host and (port["binding:host_id"] != host or not port["device_owner"]):
                    network_api.bind_port(instance, port["id"])
            shown = {(vif["port_id"], address) for vif in instance["network_info"] for address in vif["fixed_ips"]}
            if shown != {(port["id"], ip["ip_address"]) for port in mine for ip in port["fixed_ips"]}:
                found = network_api.get_instance_nw_info(instance)
                self.db.instances.update(uuid, {"network_info": found})

    def _attachments(
        self, context: RequestContext, live: dict[str, Instance], touched: list[Instance], start: bool
    ) -> None:
        held = self.volume_api.attachments_of_instances()
        owners = {one["instance"] for one in held}
        gone = owners - live.keys() if start else self._gone(owners, live)
        for one in held:
            if one["instance"] in gone:
                self.volume_api.attachment_end(one["id"])
        leaving = self.volume_api.volumes_detaching()
        devices = self.db.devices.get_many([instance["uuid"] for instance in touched])
        for instance in touched:
            uuid, again = instance["uuid"], False
            for device in devices.get(uuid, []):
                mine = [one for one in held if (one["instance"], one["volume_id"]) == (uuid, device["volume_id"])]
                if device["volume_id"]:
                    again |= self._device(context, instance, device, mine, leaving)
            if again and (host := instance["host"]) and self.bus.is_up(target(host)):
                self.compute.call(context, host, "reconnect_volumes", instance=instance)

    def _device(
        self, context: RequestContext, instance: Instance, device: BlockDevice, held: list[Values], leaving: set[str]
    ) -> bool:
        """Make one device's row and its attachment one; whether the host has to connect it again."""
        uuid, volume_id = instance["uuid"], device["volume_id"]
        assert volume_id
        kept = next((one for one in held if one["id"] == device["attachment_id"]), held[-1] if held else None)
        if kept is None or device["attachment_id"] is None or volume_id in leaving:
            for one in held:
                self.volume_api.attachment_end(one["id"])
            self.db.devices.destroy(uuid, volume_id)
            return False
        for one in held:
            if one is not kept:
                self.volume_api.attachment_end(one["id"])
        if kept["id"] != device["attachment_id"]:
            self.db.devices.update(uuid, volume_id, {"attachment_id": kept["id"], "connection_info": None})
        if instance["host"]:
            same = kept["id"] == device["attachment_id"] and device["connection_info"]
            return not same or kept["status"] != "attached"
        if kept["status"] != "reserved" and instance["vm_state"] == "shelved_offloaded":
            self.volume_api.attachment_end(kept["id"])
            new = self.volume_api.attachment_reserve(context, volume_id, uuid)
            self.db.devices.update(uuid, volume_id, {"attachment_id": new, "connection_info": None})
        return False

    def _count(self) -> None:
        """What hosts have in use."""
        for node in self.db.hosts.get_all():
            self.db.hosts.save(node.host)
