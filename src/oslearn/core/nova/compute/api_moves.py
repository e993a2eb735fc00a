"""nova-api: instances that leave their host: resized, migrated, shelved, evacuated; and rescued ones, which stay.

Interface: `Moves`, a part of `API`.
Invariants: a move needs the source host's nova-compute, but for an evacuation, which needs that it is down.
Upstream: nova/compute/api.py: `resize`, `confirm_resize`, `revert_resize`, `shelve`, `unshelve`, `live_migrate`,
`evacuate`, `rescue`. Left out: cross-cell moves; disks to copy (`block_migration`,
`disk_over_commit`).
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova import exception
from oslearn.core.nova.compute.api_actions import Action
from oslearn.core.nova.compute.api_images import Images, check_fit
from oslearn.core.nova.db.models import as_dict
from oslearn.core.nova.quota import check_upsize
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound

RESIZE = Action("resize", "resize", ("active", "stopped"), "resize_prep", needs_host=True)
MIGRATE = Action("migrate", "migrate", ("active", "stopped"), "resize_prep", needs_host=True)
CONFIRM = Action("confirmResize", "confirmResize", ("resized",), cast="confirm_resize")
REVERT = Action("revertResize", "revertResize", ("resized",), "resize_reverting", "revert_resize")
SHELVE = Action("shelve", "shelve", ("active", "stopped", "paused", "suspended"), "shelving", "shelve_instance")
UNSHELVE = Action("unshelve", "unshelve", ("shelved", "shelved_offloaded"), "unshelving")
LIVE = Action("os-migrateLive", "live-migration", ("active", "paused"), "migrating")
EVACUATE = Action(
    "evacuate", "evacuate", ("active", "stopped", "error"), "rebuilding", task_state=None, ignores_lock=True
)
RESCUE = Action("rescue", "rescue", ("active", "stopped", "error"), "rescuing", "rescue_instance")


class Moves(Images):
    """The part of `API` that needs another host."""

    def resize(self, context: RequestContext, instance: dict[str, Any], flavor_id: str, auto_disk: bool | None) -> None:
        """Give it another flavor, on another host. Raises BadRequest, TooManyInstances, Conflict."""
        self.check(context, instance, RESIZE)
        self._check_source(instance)
        flavor, old = self.find_flavor(context, flavor_id), instance["flavor"]
        if flavor["root_gb"] == 0 != old["root_gb"] and instance["image_ref"]:
            raise BadRequest("Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.")
        if flavor["flavorid"] == old["flavorid"]:
            raise BadRequest("When resizing, instances must change flavor!")
        scopes = self.db.quotas.scopes(instance["project_id"], instance["user_id"], asked=False)
        check_upsize(scopes, instance["flavor"], flavor)
        if instance["image_ref"]:
            given = instance["system_metadata"]
            check_fit(context, {key: given.get(f"image_{key}") for key in ("min_ram", "min_disk")}, flavor)
        self._move(context, instance, RESIZE, flavor, None, auto_disk_config=bool(auto_disk))

    def migrate(self, context: RequestContext, instance: dict[str, Any], host: str | None) -> None:
        """Move it as it is. Raises BadRequest, Conflict."""
        self.check(context, instance, MIGRATE)
        self._check_source(instance)
        if host is not None:
            self.check_host(host)
            if host == instance["host"]:
                raise BadRequest("Cannot migrate to the host where the server exists.")
        self._move(context, instance, MIGRATE, instance["flavor"], host)

    def _move(
        self,
        context: RequestContext,
        instance: dict[str, Any],
        action: Action,
        flavor: Any,
        host: str | None,
        **more: Any,
    ) -> None:
        begun = self.begin(context, instance, action, progress=0, **more)
        hint = {"filter_properties": {"ignore_hosts": [instance["host"]]}}
        self.conductor.migrate_server(context, begun, scheduler_hint=hint, flavor=flavor, live=False, host=host)

    def confirm_resize(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """It stays where it is: free the source host."""
        self._finish(context, instance, CONFIRM, "confirming", "source_compute")

    def revert_resize(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Go back to the source host."""
        self._finish(context, instance, REVERT, "reverting", "dest_compute")

    def confirm_resize_on_deleting(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Before it is deleted: free the source host, if that can be asked."""
        for migration in self.db.migrations.of_instance(instance["uuid"], "finished"):
            self.db.actions.start(context, instance["uuid"], "confirmResize")
            if self.host_is_up(migration["source_compute"]):
                args = {"instance": instance, "migration": migration}
                self.compute.call(context, migration["source_compute"], "confirm_resize", **args)

    def _finish(
        self, context: RequestContext, instance: dict[str, Any], action: Action, status: str, where: str
    ) -> None:
        self.check(context, instance, action)
        migration = next(iter(self.db.migrations.of_instance(instance["uuid"], "finished")), None)
        if migration is None:
            raise BadRequest("Instance has not been resized.")
        if not self.host_is_up(migration["source_compute"]):
            raise Conflict("Service is unavailable at this time.")
        self.db.migrations.update(migration["uuid"], {"status": status})
        begun = self.begin(context, instance, action)
        assert action.cast
        self.compute.cast(context, migration[where], action.cast, instance=begun, migration=migration)

    def shelve(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Stop it and keep its disk as an image; a disk that is a volume needs none."""
        self.check(context, instance, SHELVE)
        begun = self.begin(context, instance, SHELVE)
        if not instance["image_ref"]:
            self.compute.cast(context, instance["host"], "shelve_offload_instance", instance=begun)
            return
        image_id = self.create_image(context, instance, f"{instance['display_name']}-shelved", "snapshot", {})
        self.compute.cast(context, instance["host"], "shelve_instance", instance=begun, image_id=image_id)

    def unshelve(self, context: RequestContext, instance: dict[str, Any], where: dict[str, Any]) -> None:
        """Start it again, on any host or where it is asked for. Raises Conflict, BadRequest."""
        self.check(context, instance, UNSHELVE)
        zone, host = where.get("availability_zone"), where.get("host")
        if where and instance["vm_state"] != "shelved_offloaded":
            raise Conflict(
                f'Specifying an availability zone or a host when unshelving server "{instance["uuid"]}" with status '
                f'"{instance["vm_state"]}" is not supported. The server status must be SHELVED_OFFLOADED.'
            )
        if zone and zone not in self.zones():
            raise BadRequest("The requested availability zone is not available")
        pinned = where.get("availability_zone", instance["pinned_availability_zone"])
        if host:
            self.check_host(host)
            if pinned and self.db.hosts.zones().get(host, self.config.availability_zone) != pinned:
                raise Conflict(f'Host "{host}" is not in the availability zone "{pinned}".')
        begun = self.begin(context, instance, UNSHELVE, pinned_availability_zone=pinned)
        self.conductor.unshelve_instance(context, begun, host=host)

    def live_migrate(self, context: RequestContext, instance: dict[str, Any], host: str | None) -> None:
        """Move it while it runs. Raises BadRequest."""
        self.check(context, instance, LIVE)
        if host:
            self.check_host(host)
            if host == instance["host"]:
                uuid = instance["uuid"]
                raise BadRequest(f"Unable to migrate instance ({uuid}) to current host ({host}).")
        begun = self.begin(context, instance, LIVE)
        hint = {"filter_properties": {"ignore_hosts": [instance["host"]]}}
        self.conductor.migrate_server(
            context, begun, scheduler_hint=hint, flavor=instance["flavor"], live=True, host=host
        )

    def evacuate(self, context: RequestContext, instance: dict[str, Any], host: str | None, password: str) -> None:
        """Build it anew on another host, because its own is down. Raises BadRequest, NotFound."""
        if host is not None:
            try:
                self.check_host(host)
            except BadRequest:
                raise NotFound(f"Compute host {host} not found.") from None
        if host is not None and instance["host"] == host:
            raise BadRequest("The target host can't be the same one.")
        self.check(context, instance, EVACUATE)
        if instance["host"] and self.host_is_up(instance["host"]):
            raise BadRequest(f"Compute service of {instance['host']} is still in use.")
        begun = self.begin(context, instance, EVACUATE)
        self.conductor.rebuild_instance(
            context, instance=begun, image_ref=instance["image_ref"], orig_image_ref=instance["image_ref"],
            new_pass=password, host=host, recreate=True,
        )  # fmt: skip

    def rescue(self, context: RequestContext, instance: dict[str, Any], password: str, image_ref: str | None) -> None:
        """Boot it from another image, with its own disk beside it. Raises BadRequest."""
        self.check(context, instance, RESCUE)
        if image_ref:
            self.image_api.get_for_boot(context, image_ref, f"Requested rescue image '{image_ref}' is not supported")
        for device in self.db.devices.get(instance["uuid"]):
            if device["volume_id"]:
                self.volume_api.check_attached(context, device["volume_id"])
        if not instance["image_ref"]:
            raise BadRequest(f"Instance {instance['uuid']} cannot be rescued: Cannot rescue a volume-backed instance")
        self.perform(context, instance, RESCUE, rescue_password=password, rescue_image_ref=image_ref)

    def zones(self) -> set[str]:
        """The availability zones that have hosts."""
        zones = self.db.hosts.zones()
        return {zones.get(node.host, self.config.availability_zone) for node in self.db.hosts.get_all()}

    def check_host(self, host: str) -> None:
        """Raises BadRequest if there is no such compute host."""
        if host not in {node.host for node in self.db.hosts.get_all()}:
            raise BadRequest(f"Compute host {host} could not be found.")

    def find_flavor(self, context: RequestContext, flavor_id: str) -> dict[str, Any]:
        """A flavor that the caller may use, as an instance keeps it. Raises BadRequest."""
        try:
            flavor = self.db.flavors.get(flavor_id, None if context.is_admin else context.project_id)
        except exception.FlavorNotFound as error:
            raise BadRequest(str(error)) from None
        return as_dict(flavor) | {"extra_specs": flavor.extra_specs}

    def _check_source(self, instance: dict[str, Any]) -> None:
        if not instance["host"]:
            raise exception.InstanceNotReady(instance_id=instance["uuid"])
        if not self.host_is_up(instance["host"]):
            raise Conflict("Service is unavailable at this time.")
