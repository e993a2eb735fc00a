"""nova-conductor: what takes several hosts, or a host and Cinder: it asks the scheduler, then tells a host.

Interface: the RPC endpoint `MoveTasks`: `migrate_server`, `unshelve_instance`, `rebuild_instance`,
`attach_volume`.
Invariants: while an instance moves, what it had stays claimed, by its migration; if no host fits, everything is as it
was before.
Upstream: nova/conductor/manager.py; nova/conductor/tasks/migrate.py, live_migrate.py. Left out: alternates
of a resize; that an evacuated instance keeps its old host's resources until that host is back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.exception import as_fault
from oslearn.core.nova.objects import Flavor, Instance, RequestSpec, Selection
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.objects import Migration
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

LOG = logging.getLogger(__name__)
SIZES = ("memory_mb", "vcpus", "root_gb", "ephemeral_gb", "swap", "extra_specs")


class MoveTasks:
    """What nova-api asks of the conductor for an instance that runs."""

    def __init__(
        self,
        db: ExtendedDB,
        scheduler: SchedulerAPI,
        compute: ComputeAPI,
        placement: ExtendedReportClient,
        volume_api: ExtendedVolumeAPI,
    ) -> None:
        self.db, self.scheduler, self.compute = db, scheduler, compute
        self.placement, self.volume_api = placement, volume_api

    def migrate_server(
        self, context: RPCContext, instance: Instance, scheduler_hint: Any, flavor: Flavor, live: bool, host: str | None
    ) -> None:
        """Find another host; it asks the source for the instance, or the source sends it while it runs."""
        kind = "migration" if flavor["flavorid"] == instance["flavor"]["flavorid"] else "resize"
        migration = self._migration(context, instance, "live-migration" if live else kind, flavor)
        ignored = scheduler_hint["filter_properties"]["ignore_hosts"]
        with self._event(context, instance, "migrate_server", migration):
            self.placement.move_allocations(instance["uuid"], migration["uuid"])
            chosen = self._select(context, instance, flavor, ignored, host)
            migration["dest_compute"], migration["dest_node"] = chosen["service_host"], chosen["nodename"]
            dest = {"dest_compute": chosen["service_host"], "dest_node": chosen["nodename"]}
            self.db.migrations.update(migration["uuid"], dest)
            zone = {"availability_zone": chosen["availability_zone"]}
            self.db.instances.update(instance["uuid"], zone)
            args: dict[str, Any] = {"instance": {**instance, **zone}, "migration": migration}
            if live:
                self.compute.cast(context, migration["source_compute"], "live_migration", **args)
            else:
                self._save_spec(instance, flavor)
                self.compute.cast(context, chosen["service_host"], "prep_resize", flavor=flavor, **args)

    def unshelve_instance(self, context: RPCContext, instance: Instance, host: str | None) -> None:
        """Start it where it still is, or find it a host."""
        if instance["vm_state"] == "shelved":
            self.compute.cast(context, instance["host"], "unshelve_instance", instance=instance, image_id=None)
            return
        with self._event(context, instance, "unshelve_instance"):
            chosen = self._select(context, instance, instance["flavor"], [], host)
            zone = {"availability_zone": chosen["availability_zone"]}
            self.db.instances.update(instance["uuid"], zone)
            args: dict[str, Any] = {
                "instance": {**instance, **zone},
                "image_id": instance["system_metadata"].get("shelved_image_id"),
            }
            self.compute.cast(context, chosen["service_host"], "unshelve_instance", **args)

    def rebuild_instance(
        self, context: RPCContext, instance: Instance, host: str | None, recreate: bool, **rebuild: Any
    ) -> None:
        """Build it anew where it is, or (recreate) on another host."""
        if not recreate:
            self.compute.cast(context, instance["host"], "rebuild_instance", instance=instance, **rebuild)
            return
        migration = self._migration(context, instance, "evacuation", instance["flavor"])
        with self._event(context, instance, "rebuild_server", migration):
            self.placement.move_allocations(instance["uuid"], migration["uuid"])
            chosen = self._select(context, instance, instance["flavor"], [str(instance["host"])], host)
            self.placement.delete_allocation_for_instance(migration["uuid"])
            dest = {"dest_compute": chosen["service_host"], "dest_node": chosen["nodename"], "status": "done"}
            self.db.migrations.update(migration["uuid"], dest)
            args = {"instance": instance, "recreate": True, **rebuild}
            self.compute.cast(context, chosen["service_host"], "rebuild_instance", **args)

    def attach_volume(
        self, context: RPCContext, instance: Instance, volume_id: str, device: str | None, **more: Any
    ) -> str:
        """Reserve a name on the host and the volume in Cinder; returns the name. Raises what either refuses."""
        host, uuid = instance["host"], instance["uuid"]
        args = {"instance": instance, "volume_id": volume_id, "device": device, **more}
        bdm = self.compute.call(context, host, "reserve_block_device_name", **args)
        try:
            attachment = {"attachment_id": self.volume_api.attachment_reserve(context, volume_id, uuid)}
        except Exception:
            self.db.devices.destroy(uuid, volume_id)
            raise
        self.db.devices.update(uuid, volume_id, attachment)
        self.compute.cast(context, host, "attach_volume", instance=instance, bdm=bdm | attachment)
        return str(bdm["device_name"])

    def _migration(self, context: RPCContext, instance: Instance, kind: str, flavor: Flavor) -> Migration:
        place = {"source_compute": instance["host"], "source_node": instance["node"]}
        flavors = {"old_instance_type_id": instance["flavor"]["id"], "new_instance_type_id": flavor["id"]}
        move = {"migration_type": kind, "status": "accepted"}
        return self.db.migrations.create(context, {"instance_uuid": instance["uuid"]} | place | flavors | move)

    def _select(
        self, context: RPCContext, instance: Instance, flavor: Flavor, ignored: list[str], host: str | None
    ) -> Selection:
        """A host that has room, where it is claimed. Raises NoValidHost."""
        spec: RequestSpec = {
            "project_id": instance["project_id"],
            "user_id": instance["user_id"],
            "is_bfv": not instance["image_ref"],
            "image_properties": {},
            "hints": {},
            "group": {},
            **self.db.specs.get(instance["uuid"]),
            **sizes(flavor),
            "ignore_hosts": ignored,
            "destination": host,
            "forced": False,
            "num_instances": 1,
            "availability_zone": instance["pinned_availability_zone"] or None,
        }
        ((chosen, *_),) = self.scheduler.select_destinations(context, spec, [instance["uuid"]])
        return chosen

    def _save_spec(self, instance: Instance, flavor: Flavor) -> None:
        """From now on it asks for the new flavor."""
        spec = self.db.specs.get(instance["uuid"])
        if spec:
            self.db.specs.save(instance["uuid"], {**spec, **sizes(flavor)})

    @contextmanager
    def _event(
        self, context: RPCContext, instance: Instance, name: str, migration: Migration | None = None
    ) -> Iterator[None]:
        """What fails inside leaves the instance as it was, with a fault."""
        uuid, event = instance["uuid"], f"conductor_{name}"
        self.db.actions.event_start(context, uuid, event)
        try:
            yield
        except Exception as error:
            LOG.warning("%s of instance %s failed: %s", name, uuid, error)
            if migration:
                self.db.migrations.update(migration["uuid"], {"status": "error"})
                self.placement.delete_allocation_for_instance(uuid)
                self.placement.move_allocations(migration["uuid"], uuid)
            failed = {"vm_state": "error"} if name == "rebuild_server" else {}
            self.db.instances.update(uuid, {"task_state": None} | failed)
            self.db.instances.add_fault(uuid, as_fault(error))
            self.db.actions.event_finish(context, uuid, event, str(error))
        else:
            self.db.actions.event_finish(context, uuid, event)


def sizes(flavor: Flavor) -> RequestSpec:
    """What of a request follows from a flavor."""
    return cast("RequestSpec", {key: value for key, value in flavor.items() if key in SIZES})
