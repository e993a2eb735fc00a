"""nova-compute: instances that come to a host or leave it: resized, migrated, shelved, rebuilt.

Interface: the RPC endpoint `Moves`.
Invariants: until a resize is confirmed both hosts hold the instance's resources; who loses the instance gives its
allocation back, so none is left and none is given back twice.
Upstream: nova/compute/manager.py: `prep_resize`, `resize_instance`, `finish_resize`, `confirm_resize`, `revert_resize`,
`shelve_instance`, `unshelve_instance`, `rebuild_instance`, `live_migration`. Left out: disks, which hold nothing.
"""

from __future__ import annotations

from typing import cast

from oslearn.core.nova.compute.events import InfoCache
from oslearn.core.nova.compute.manager import Calls, Journal, ResourceTracker
from oslearn.core.nova.compute.rpcapi import ALT
from oslearn.core.nova.objects import Flavor, Instance, Values
from oslearn.core.nova.virt.libvirt import RUNNING
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.compute.attempts import Attempts, Guests
from oslearn.extensions.nova.compute.manager_power import Uploads
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI
from oslearn.extensions.nova.network.instance_ports import HostPorts
from oslearn.extensions.nova.objects import Migration
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations


class Moves:
    """The endpoint that works with another host."""

    def __init__(
        self,
        calls: Calls,
        journal: Journal,
        attempts: Attempts,
        guests: Guests,
        uploads: Uploads,
        info_cache: InfoCache,
        rt: ResourceTracker,
        rows: RowsAPI,
        placement: ExtendedReportClient,
        ports: HostPorts,
        virt: LibvirtOperations,
    ) -> None:
        self.journal, self.attempts, self.guests, self.uploads = journal, attempts, guests, uploads
        self.info_cache, self.rt, self.image_api = info_cache, rt, uploads.image_api
        self.conductor, self.rows, self.scheduler, self.compute = calls.conductor, rows, calls.scheduler, calls.compute
        self.placement, self.ports, self.driver, self.virt = placement, ports, virt.driver, virt

    def prep_resize(self, context: RPCContext, instance: Instance, flavor: Flavor, migration: Migration) -> None:
        """On the destination: see that it is claimed here, and ask the source for the instance."""
        with self.attempts.begin(context, instance, "prep_resize"):
            kept = instance["system_metadata"] | {"old_vm_state": instance["vm_state"]}
            self.journal.save(context, instance, system_metadata=kept)
            self._status(
                context, migration, "pre-migrating", dest_compute=self.journal.host, dest_node=self.journal.host
            )
            self.journal.save(context, instance, new_flavor=flavor)
            self.conductor.block_device_mapping_get_all(context, instance["uuid"])
            self.rt.check_claim(instance["uuid"])
            self.rt.update_usage(context)
            args = {"instance": instance, "migration": migration, "flavor": flavor}
            self.compute.cast(context, migration["source_compute"], "resize_instance", ALT, **args)

    def resize_instance(self, context: RPCContext, instance: Instance, flavor: Flavor, migration: Migration) -> None:
        """On the source: stop the guest and hand it over."""
        with self.attempts.begin(context, instance, "resize_instance", fails_to="error"):
            instance["network_info"] = self.info_cache.refresh(context, instance)
            self._status(context, migration, "migrating")
            self.journal.save(context, instance, task_state="resize_migrating")
            self.virt.power_off(instance)
            self.guests.disconnect(context, instance)
            self._status(context, migration, "post-migrating")
            host, task_state = migration["dest_compute"], "resize_migrated"
            self.journal.save(
                context, instance, host=host, node=host, old_flavor=instance["flavor"], task_state=task_state
            )
            self.compute.cast(context, host, "finish_resize", ALT, instance=instance, migration=migration)

    def finish_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the destination: start the guest with the new flavor, and wait for the user's word."""
        with self.attempts.begin(context, instance, "finish_resize", fails_to="error"):
            flavor = instance["new_flavor"] or instance["flavor"]
            self._arrive(context, instance, flavor, task_state="resize_finish")
            self._status(context, migration, "finished")
            now = self.journal.clock.now().isoformat()
            power_state = self.virt.get_info(instance["uuid"])
            self.journal.save(
                context, instance, vm_state="resized", task_state=None, launched_at=now, power_state=power_state
            )
            self.scheduler.update_instance_info(context, self.journal.host, instance)

    def confirm_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the source: nothing of it is needed any more."""
        with self.attempts.begin(context, instance, "confirm_resize"):
            self.driver.destroy(instance["uuid"])
            self.placement.delete_allocation_for_instance(migration["uuid"])
            self._settle(context, instance)
            self._status(context, migration, "confirmed")  # last: a move that is over is not looked at again
            self.rt.update_usage(context)

    def revert_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the destination: give everything back and send the instance home."""
        with self.attempts.begin(context, instance, "revert_resize"):
            self.driver.destroy(instance["uuid"])
            self.guests.disconnect(context, instance)
            self.placement.delete_allocation_for_instance(instance["uuid"])
            self.placement.move_allocations(migration["uuid"], instance["uuid"])
            source = migration["source_compute"]
            self.journal.save(context, instance, host=source, node=source)
            self.rt.update_usage(context)
            self.compute.cast(context, source, "finish_revert_resize", ALT, instance=instance, migration=migration)

    def finish_revert_resize(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the source: start the guest as it was."""
        with self.attempts.begin(context, instance, "finish_revert_resize"):
            self.driver.destroy(instance["uuid"])
            self._arrive(context, instance, instance["old_flavor"] or instance["flavor"])
            power_state = self.virt.get_info(instance["uuid"])
            self._settle(context, instance, launched_at=self.journal.clock.now().isoformat(), power_state=power_state)
            self._status(context, migration, "reverted")

    def live_migration(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the source: copy the memory while the guest runs; then the destination has it."""
        with self.attempts.begin(context, instance, "live_migration"):
            host = migration["dest_compute"]
            self._status(context, migration, "running")
            self.driver.destroy(instance["uuid"])
            self.guests.disconnect(context, instance)
            self.journal.save(context, instance, host=host, node=host)
            self.placement.delete_allocation_for_instance(migration["uuid"])
            self.rt.update_usage(context)
            self.compute.cast(
                context, host, "post_live_migration_at_destination", instance=instance, migration=migration
            )

    def post_live_migration_at_destination(self, context: RPCContext, instance: Instance, migration: Migration) -> None:
        """On the destination: it runs here now."""
        with self.attempts.begin(context, instance, "post_live_migration_at_destination"):
            self.ports.migrate_instance(instance["uuid"], self.journal.host)
            volumes = self.guests.reconnect(context, instance)
            self.virt.power_on(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
            if instance["vm_state"] == "paused":
                self.virt.pause(instance)
            self._status(context, migration, "completed")
            self.journal.save(context, instance, task_state=None, power_state=self.virt.get_info(instance["uuid"]))
            self.rt.update_usage(context)

    def shelve_instance(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Stop it and keep its disk as an image; then give its resources back at once (`shelved_offload_time` 0)."""
        with self.attempts.begin(context, instance, "shelve_instance"):
            self.virt.power_off(instance)
            self.uploads.fill(context, instance, image_id)
            kept = instance["system_metadata"] | {
                "shelved_at": self.journal.clock.now().isoformat(),
                "shelved_image_id": image_id,
                "shelved_host": self.journal.host,
            }
            self.journal.save(
                context, instance, system_metadata=kept, vm_state="shelved", task_state="shelving_offloading"
            )
        if instance["vm_state"] == "shelved":
            self.shelve_offload_instance(context, instance)

    def shelve_offload_instance(self, context: RPCContext, instance: Instance) -> None:
        """Give its resources back: only its ports and volumes are left."""
        with self.attempts.begin(context, instance, "shelve_offload_instance"):
            self.driver.destroy(instance["uuid"])
            self.guests.disconnect(context, instance)
            self.journal.save(
                context, instance, power_state=self.virt.get_info(instance["uuid"]), host=None, node=None,
                vm_state="shelved_offloaded", task_state=None,
            )  # fmt: skip
            self.placement.delete_allocation_for_instance(instance["uuid"])
            self.rt.update_usage(context)

    def unshelve_instance(self, context: RPCContext, instance: Instance, image_id: str | None) -> None:
        """Build it from its image, or start it if it never left."""
        with self.attempts.begin(context, instance, "unshelve_instance"):
            self.journal.save(context, instance, task_state="spawning", host=self.journal.host, node=self.journal.host)
            self.guests.disconnect(context, instance)  # a volume that came meanwhile is attached to no host
            self.ports.migrate_instance(instance["uuid"], self.journal.host)
            volumes = self.guests.reconnect(context, instance)
            self.virt.power_on(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
            if image_id:
                self.image_api.delete(context, image_id)
            kept = {k: v for k, v in instance["system_metadata"].items() if not k.startswith("shelved_")}
            now = self.journal.clock.now().isoformat()
            state = {"vm_state": "active", "task_state": None, "power_state": RUNNING}
            self.journal.save(context, instance, system_metadata=kept, launched_at=now, **state)
            self.rt.update_usage(context)

    def rebuild_instance(
        self, context: RPCContext, instance: Instance, image_ref: str, recreate: bool = False, **more: object
    ) -> None:
        """Build it anew: from another image, or (recreate) because its host is down."""
        with self.attempts.begin(context, instance, "rebuild_instance", fails_to="error"):
            stopped = instance["vm_state"] == "stopped"
            if recreate:
                self.journal.save(context, instance, host=self.journal.host, node=self.journal.host)
                self.ports.migrate_instance(instance["uuid"], self.journal.host)
                self.guests.disconnect(context, instance)
            self.driver.destroy(instance["uuid"])
            self.journal.save(context, instance, task_state="rebuild_block_device_mapping")
            volumes = self.guests.reconnect(context, instance) if recreate else self.guests.find(context, instance)[2]
            self.journal.save(context, instance, task_state="rebuild_spawning")
            self.virt.power_on(instance, {"id": image_ref}, instance["network_info"], volumes)
            now = self.journal.clock.now().isoformat()
            if stopped:
                self.virt.power_off(instance)
            power_state = self.virt.get_info(instance["uuid"])
            state = "stopped" if stopped else "active"
            self.journal.save(
                context, instance, vm_state=state, task_state=None, launched_at=now, power_state=power_state
            )
            self.rt.update_usage(context)

    def _arrive(self, context: RPCContext, instance: Instance, flavor: Flavor, **more: object) -> None:
        """Have the instance here, with that flavor. A guest that was off before stays off."""
        volumes = self.guests.reconnect(context, instance)
        self.ports.migrate_instance(instance["uuid"], self.journal.host)
        instance["network_info"] = self.info_cache.refresh(context, instance)
        sizes = {"memory_mb": flavor["memory_mb"], "vcpus": flavor["vcpus"], "root_gb": flavor["root_gb"]}
        self.journal.save(context, instance, flavor=flavor, **sizes, **more)
        self.virt.power_on(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
        if was_off(instance):
            self.virt.power_off(instance)
        self.rt.update_usage(context)

    def _settle(self, context: RPCContext, instance: Instance, **more: object) -> None:
        """The move is over: the instance is as it was before."""
        state = {"vm_state": "stopped" if was_off(instance) else "active", "task_state": None}
        self.journal.save(context, instance, **state, old_flavor=None, new_flavor=None, **more)

    def reconnect_volumes(self, context: RPCContext, instance: Instance) -> None:
        """Connect the volumes to this host again, for a move that ended in the middle."""
        self.guests.reconnect(context, instance)

    def _status(self, context: RPCContext, migration: Migration, status: str, **more: object) -> None:
        """How far the move is."""
        self.rows.migration_update(context, migration["uuid"], {"status": status, **more})
        cast("Values", migration).update(status=status, **more)


def was_off(instance: Instance) -> bool:
    """Whether the guest was off when it was asked to move."""
    return bool(instance["system_metadata"].get("old_vm_state") == "stopped")
