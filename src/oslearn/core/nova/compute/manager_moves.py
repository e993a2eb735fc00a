"""nova-compute: instances that come to a host or leave it: resized, migrated, shelved, rebuilt.

Interface: `Moves`, a part of the RPC endpoint `ComputeManager`.
Invariants: until a resize is confirmed both hosts hold the instance's resources; who loses the instance gives its
allocation back, so none is left and none is given back twice.
Upstream: nova/compute/manager.py: `prep_resize`, `resize_instance`, `finish_resize`, `confirm_resize`, `revert_resize`,
`shelve_instance`, `unshelve_instance`, `rebuild_instance`, `live_migration`. Left out: disks, which hold nothing.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.compute.build import name_devices
from oslearn.core.nova.compute.manager_actions import Actions, Instance
from oslearn.core.nova.compute.rpcapi import ALT, ComputeAPI
from oslearn.core.nova.virt.driver import RUNNING
from oslearn.core.oslo.messaging import RPCContext

Migration = dict[str, Any]


class Moves(Actions):
    """The part of the manager that works with another host."""

    @property
    def compute(self) -> ComputeAPI:
        """The other hosts."""
        return ComputeAPI(self.compute_task_api.client)

    def prep_resize(self, context: RPCContext, instance: Instance, flavor: Any, migration: Migration) -> None:
        """On the destination: see that it is claimed here, and ask the source for the instance."""
        with self.event(context, instance, "prep_resize"):
            kept = instance["system_metadata"] | {"old_vm_state": instance["vm_state"]}
            self.save(context, instance, system_metadata=kept)
            self._status(context, migration, "pre-migrating", dest_compute=self.host, dest_node=self.host)
            self.save(context, instance, new_flavor=flavor)
            self.conductor.block_device_mapping_get_all(context, instance["uuid"])
            self.rt.check_claim(instance["uuid"])
            self.rt.update_usage(context)
            args = {"instance": instance, "migration": migration, "flavor": flavor}
            self.compute.cast(context, migration["source_compute"], "resize_instance", ALT, **args)

    def resize_instance(self, context: RPCContext, instance: Instance, flavor: Any, migration: Migration) -> None:
        """On the source: stop the guest and hand it over."""
        with self.event(context, instance, "resize_instance", fails_to="error"):
            instance["network_info"] = self.refresh_network_info(context, instance)
            self._status(context, migration, "migrating")
            self.save(context, instance, task_state="resize_migrating")
            self.driver.power_off(instance)
            self._disconnect(context, instance)
            self._status(context, migration, "post-migrating")
            host, task_state = migration["dest_compute"], "resize_migrated"
            self.save(context, instance, host=host, node=host, old_flavor=instance["flavor"], task_state=task_state)
            self.compute.cast(context, host, "finish_resize", ALT, instance=instance, migration=migration)

    def finish_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the destination: start the guest with the new flavor, and wait for the user's word."""
        with self.event(context, instance, "finish_resize", fails_to="error"):
            self._arrive(context, instance, instance["new_flavor"], task_state="resize_finish")
            self._status(context, migration, "finished")
            now = self.clock.now().isoformat()
            power_state = self.driver.get_info(instance["uuid"])
            self.save(context, instance, vm_state="resized", task_state=None, launched_at=now, power_state=power_state)
            self.scheduler.update_instance_info(context, self.host, instance)

    def confirm_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the source: nothing of it is needed any more."""
        with self.event(context, instance, "confirm_resize"):
            self.driver.destroy(instance["uuid"])
            self.placement.delete_allocation_for_instance(migration["uuid"])
            self._settle(context, instance)
            self._status(context, migration, "confirmed")  # last: a move that is over is not looked at again
            self.rt.update_usage(context)

    def revert_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the destination: give everything back and send the instance home."""
        with self.event(context, instance, "revert_resize"):
            self.driver.destroy(instance["uuid"])
            self._disconnect(context, instance)
            self.placement.delete_allocation_for_instance(instance["uuid"])
            self.placement.move_allocations(migration["uuid"], instance["uuid"])
            source = migration["source_compute"]
            self.save(context, instance, host=source, node=source)
            self.rt.update_usage(context)
            self.compute.cast(context, source, "finish_revert_resize", ALT, instance=instance, migration=migration)

    def finish_revert_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the source: start the guest as it was."""
        with self.event(context, instance, "finish_revert_resize"):
            self.driver.destroy(instance["uuid"])
            self._arrive(context, instance, instance["old_flavor"])
            power_state = self.driver.get_info(instance["uuid"])
            self._settle(context, instance, launched_at=self.clock.now().isoformat(), power_state=power_state)
            self._status(context, migration, "reverted")

    def live_migration(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the source: copy the memory while the guest runs; then the destination has it."""
        with self.event(context, instance, "live_migration"):
            host = migration["dest_compute"]
            self._status(context, migration, "running")
            self.driver.destroy(instance["uuid"])
            self._disconnect(context, instance)
            self.save(context, instance, host=host, node=host)
            self.placement.delete_allocation_for_instance(migration["uuid"])
            self.rt.update_usage(context)
            self.compute.cast(
                context, host, "post_live_migration_at_destination", instance=instance, migration=migration
            )

    def post_live_migration_at_destination(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the destination: it runs here now."""
        with self.event(context, instance, "post_live_migration_at_destination"):
            self.network_api.migrate_instance(instance["uuid"], self.host)
            volumes = self._reconnect(context, instance)
            self.driver.power_on(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
            if instance["vm_state"] == "paused":
                self.driver.pause(instance)
            self._status(context, migration, "completed")
            self.save(context, instance, task_state=None, power_state=self.driver.get_info(instance["uuid"]))
            self.rt.update_usage(context)

    def shelve_instance(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Stop it and keep its disk as an image; then give its resources back at once (`shelved_offload_time` 0)."""
        with self.event(context, instance, "shelve_instance"):
            self.driver.power_off(instance)
            self.snapshot(context, instance, image_id)
            kept = instance["system_metadata"] | {
                "shelved_at": self.clock.now().isoformat(),
                "shelved_image_id": image_id,
                "shelved_host": self.host,
            }
            self.save(context, instance, system_metadata=kept, vm_state="shelved", task_state="shelving_offloading")
        if instance["vm_state"] == "shelved":
            self.shelve_offload_instance(context, instance)

    def shelve_offload_instance(self, context: RPCContext, instance: Instance) -> None:
        """Give its resources back: only its ports and volumes are left."""
        with self.event(context, instance, "shelve_offload_instance"):
            self.driver.destroy(instance["uuid"])
            self._disconnect(context, instance)
            self.save(
                context, instance, power_state=self.driver.get_info(instance["uuid"]), host=None, node=None,
                vm_state="shelved_offloaded", task_state=None,
            )  # fmt: skip
            self.placement.delete_allocation_for_instance(instance["uuid"])
            self.rt.update_usage(context)

    def unshelve_instance(self, context: RPCContext, instance: Instance, image_id: str | None) -> None:
        """Build it from its image, or start it if it never left."""
        with self.event(context, instance, "unshelve_instance"):
            self.save(context, instance, task_state="spawning", host=self.host, node=self.host)
            self._disconnect(context, instance)  # a volume that came meanwhile is attached to no host
            self.network_api.migrate_instance(instance["uuid"], self.host)
            volumes = self._reconnect(context, instance)
            self.driver.power_on(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
            if image_id:
                self.image_api.delete(context, image_id)
            kept = {k: v for k, v in instance["system_metadata"].items() if not k.startswith("shelved_")}
            now = self.clock.now().isoformat()
            state = {"vm_state": "active", "task_state": None, "power_state": RUNNING}
            self.save(context, instance, system_metadata=kept, launched_at=now, **state)
            self.rt.update_usage(context)

    def rebuild_instance(
        self, context: RPCContext, instance: Instance, image_ref: str, recreate: bool = False, **more: Any
    ) -> None:
        """Build it anew: from another image, or (recreate) because its host is down."""
        with self.event(context, instance, "rebuild_instance", fails_to="error"):
            stopped = instance["vm_state"] == "stopped"
            if recreate:
                self.save(context, instance, host=self.host, node=self.host)
                self.network_api.migrate_instance(instance["uuid"], self.host)
                self._disconnect(context, instance)
            self.driver.destroy(instance["uuid"])
            self.save(context, instance, task_state="rebuild_block_device_mapping")
            volumes = self._reconnect(context, instance) if recreate else self.guest(context, instance)[2]
            self.save(context, instance, task_state="rebuild_spawning")
            self.driver.power_on(instance, {"id": image_ref}, instance["network_info"], volumes)
            now = self.clock.now().isoformat()
            if stopped:
                self.driver.power_off(instance)
            power_state = self.driver.get_info(instance["uuid"])
            state = "stopped" if stopped else "active"
            self.save(context, instance, vm_state=state, task_state=None, launched_at=now, power_state=power_state)
            self.rt.update_usage(context)

    def _arrive(self, context: RPCContext, instance: Instance, flavor: dict[str, Any], **more: Any) -> None:
        """Have the instance here, with that flavor. A guest that was off before stays off."""
        volumes = self._reconnect(context, instance)
        self.network_api.migrate_instance(instance["uuid"], self.host)
        instance["network_info"] = self.refresh_network_info(context, instance)
        sizes = {key: flavor[key] for key in ("memory_mb", "vcpus", "root_gb")}
        self.save(context, instance, flavor=flavor, **sizes, **more)
        self.driver.power_on(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
        if was_off(instance):
            self.driver.power_off(instance)
        self.rt.update_usage(context)

    def _settle(self, context: RPCContext, instance: Instance, **more: Any) -> None:
        """The move is over: the instance is as it was before."""
        state = {"vm_state": "stopped" if was_off(instance) else "active", "task_state": None}
        self.save(context, instance, **state, old_flavor=None, new_flavor=None, **more)

    def _disconnect(self, context: RPCContext, instance: Instance) -> None:
        """Let this host go of the volumes; they stay reserved for the instance."""
        for device in self.conductor.block_device_mapping_get_all(context, instance["uuid"]):
            if device["volume_id"]:
                self.volume_api.attachment_delete(context, device["attachment_id"])
                new = self.volume_api.attachment_reserve(context, device["volume_id"], instance["uuid"])
                values = {"attachment_id": new, "connection_info": None}
                self.conductor.block_device_mapping_update(context, instance["uuid"], device["volume_id"], values)

    def reconnect_volumes(self, context: RPCContext, instance: Instance) -> None:
        """Connect the volumes to this host again, for a move that ended in the middle."""
        self._reconnect(context, instance)

    def _reconnect(self, context: RPCContext, instance: Instance) -> list[dict[str, Any]]:
        """The volumes, once they are connected to this host."""
        volumes, devices = [], self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        name_devices(devices, instance["root_device_name"])
        for device in devices:
            if device["volume_id"]:
                connector = self.driver.get_volume_connector(instance) | {"mountpoint": device["device_name"]}
                info = self.volume_api.attachment_update(context, device["attachment_id"], connector)["connection_info"]
                self.volume_api.attachment_complete(context, device["attachment_id"])
                values = {"connection_info": info, "device_name": device["device_name"]}
                self.conductor.block_device_mapping_update(context, instance["uuid"], device["volume_id"], values)
                volumes.append(device | values)
        return volumes

    def _status(self, context: RPCContext, migration: Migration, status: str, **more: Any) -> None:
        """How far the move is."""
        self.conductor.migration_update(context, migration["uuid"], {"status": status, **more})
        migration.update(status=status, **more)


def was_off(instance: Instance) -> bool:
    """Whether the guest was off when it was asked to move."""
    return bool(instance["system_metadata"].get("old_vm_state") == "stopped")
