"""nova-api: instances that leave their host: resized, migrated, shelved, evacuated; and rescued ones, which stay.

Interface: `Moves`.
Invariants: a move needs the source host's nova-compute, but for an evacuation, which needs that it is down.
Upstream: nova/compute/api.py: `_check_quota_for_upsize`, `resize`, `confirm_resize`, `revert_resize`, `shelve`,
`unshelve`, `live_migrate`, `evacuate`, `rescue`. Left out: cross-cell moves; disks to copy (`block_migration`,
`disk_over_commit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from keystoneauth1.exceptions import Forbidden

from oslearn.core.nova.compute.api_create import BootChecks
from oslearn.core.nova.db.quotas import Scope
from oslearn.core.nova.objects import Flavor, ImageMeta, Instance, Values
from oslearn.core.nova.quota import amounts, too_many
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.policy import over
from oslearn.extensions.nova.compute.actions import Action, ActionRunner, HostCalls
from oslearn.extensions.nova.compute.boot import Places
from oslearn.extensions.nova.compute.boot_devices import check_fit
from oslearn.extensions.nova.compute.images import Images

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


class Moves:
    """What takes an instance off its host, or its disk away from under it."""

    def __init__(
        self, runner: ActionRunner, calls: HostCalls, places: Places, checks: BootChecks, images: Images
    ) -> None:
        self.db, self.runner, self.compute, self.conductor = runner.db, runner, runner.compute, runner.conductor
        self.calls, self.hosts, self.places, self.checks = calls, calls.hosts, places, checks
        self.images, self.image_api, self.volume_api = images, images.image_api, images.volume_api

    def resize(self, context: RequestContext, instance: Instance, flavor_id: str, auto_disk: bool | None) -> None:
        """Give it another flavor, on another host. Raises BadRequest, TooManyInstances, Conflict."""
        self.runner.check(context, instance, RESIZE)
        self.calls.check(instance)
        flavor, old = self.checks.find_flavor(context, flavor_id), instance["flavor"]
        if flavor["root_gb"] == 0 != old["root_gb"] and instance["image_ref"]:
            raise BadRequest("Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.")
        if flavor["flavorid"] == old["flavorid"]:
            raise BadRequest("When resizing, instances must change flavor!")
        scopes = self.db.quotas.scopes(instance["project_id"], instance["user_id"], asked=False)
        check_upsize(scopes, instance["flavor"], flavor)
        if instance["image_ref"]:
            given = instance["system_metadata"]
            kept: ImageMeta = {"min_ram": given.get("image_min_ram") or 0, "min_disk": given.get("image_min_disk") or 0}
            check_fit(context, kept, flavor)
        self._move(context, instance, RESIZE, flavor, None, auto_disk_config=bool(auto_disk))

    def migrate(self, context: RequestContext, instance: Instance, host: str | None) -> None:
        """Move it as it is. Raises BadRequest, Conflict."""
        self.runner.check(context, instance, MIGRATE)
        self.calls.check(instance)
        if host is not None:
            self.places.check_host(host)
            if host == instance["host"]:
                raise BadRequest("Cannot migrate to the host where the server exists.")
        self._move(context, instance, MIGRATE, instance["flavor"], host)

    def _move(
        self,
        context: RequestContext,
        instance: Instance,
        action: Action,
        flavor: Flavor,
        host: str | None,
        **more: object,
    ) -> None:
        begun = self.runner.begin(context, instance, action, progress=0, **more)
        hint = {"filter_properties": {"ignore_hosts": [instance["host"]]}}
        self.conductor.migrate_server(context, begun, scheduler_hint=hint, flavor=flavor, live=False, host=host)

    def confirm_resize(self, context: RequestContext, instance: Instance) -> None:
        """It stays where it is: free the source host."""
        self._finish(context, instance, CONFIRM, "confirming")

    def revert_resize(self, context: RequestContext, instance: Instance) -> None:
        """Go back to the source host."""
        self._finish(context, instance, REVERT, "reverting")

    def confirm_before_delete(self, context: RequestContext, instance: Instance) -> None:
        """Free the source host of a resized instance, if it can be asked; the image of a shelved one goes, too."""
        if image_id := instance["system_metadata"].get("shelved_image_id"):
            with suppress(Forbidden):  # somebody has protected it: it is theirs to delete
                self.images.image_api.delete(context, image_id)
        resized = instance["vm_state"] == "resized"
        for migration in self.db.migrations.of_instance(instance["uuid"], "finished") if resized else []:
            self.db.actions.start(context, instance["uuid"], "confirmResize")
            source = migration["source_compute"]
            if self.hosts.is_up(source):
                self.compute.call(context, source, "confirm_resize", instance=instance, migration=migration)

    def other_ends(self, instance: Instance) -> list[str]:
        """Both hosts of an instance that is being resized: until that is confirmed its ports may be at either."""
        moves = self.db.migrations.of_instance(instance["uuid"])[:1] if instance["new_flavor"] else []
        return [host for move in moves for host in (move["dest_compute"], move["source_compute"]) if host]

    def _finish(self, context: RequestContext, instance: Instance, action: Action, status: str) -> None:
        """Have the host that is to be freed do it. Raises InstanceInvalidState, BadRequest, Conflict."""
        self.runner.check(context, instance, action)
        migration = next(iter(self.db.migrations.of_instance(instance["uuid"], "finished")), None)
        if migration is None:
            raise BadRequest("Instance has not been resized.")
        if not self.hosts.is_up(migration["source_compute"]):
            raise Conflict("Service is unavailable at this time.")
        self.db.migrations.update(migration["uuid"], {"status": status})
        begun = self.runner.begin(context, instance, action)
        assert action.cast
        host = migration["source_compute" if status == "confirming" else "dest_compute"]
        self.compute.cast(context, host, action.cast, instance=begun, migration=migration)

    def shelve(self, context: RequestContext, instance: Instance) -> None:
        """Stop it and keep its disk as an image; a disk that is a volume needs none."""
        self.runner.check(context, instance, SHELVE)
        begun = self.runner.begin(context, instance, SHELVE)
        if not instance["image_ref"]:
            self.compute.cast(context, str(instance["host"]), "shelve_offload_instance", instance=begun)
            return
        image_id = self.images.create_image(context, instance, f"{instance['display_name']}-shelved", "snapshot", {})
        self.compute.cast(context, str(instance["host"]), "shelve_instance", instance=begun, image_id=image_id)

    def unshelve(self, context: RequestContext, instance: Instance, where: Values) -> None:
        """Start it again, on any host or where it is asked for. Raises Conflict, BadRequest."""
        self.runner.check(context, instance, UNSHELVE)
        zone, host = where.get("availability_zone"), where.get("host")
        if where and instance["vm_state"] != "shelved_offloaded":
            raise Conflict(
                f'Specifying an availability zone or a host when unshelving server "{instance["uuid"]}" with status '
                f'"{instance["vm_state"]}" is not supported. The server status must be SHELVED_OFFLOADED.'
            )
        if zone and zone not in self.places.zones():
            raise BadRequest("The requested availability zone is not available")
        pinned = where.get("availability_zone", instance["pinned_availability_zone"])
        if host:
            self.places.check_host(host)
            if pinned and self.places.zone(host) != pinned:
                raise Conflict(f'Host "{host}" is not in the availability zone "{pinned}".')
        begun = self.runner.begin(context, instance, UNSHELVE, pinned_availability_zone=pinned)
        self.conductor.unshelve_instance(context, begun, host=host)

    def live_migrate(self, context: RequestContext, instance: Instance, host: str | None) -> None:
        """Move it while it runs. Raises BadRequest."""
        self.runner.check(context, instance, LIVE)
        if host:
            self.places.check_host(host)
            if host == instance["host"]:
                uuid = instance["uuid"]
                raise BadRequest(f"Unable to migrate instance ({uuid}) to current host ({host}).")
        begun = self.runner.begin(context, instance, LIVE)
        hint = {"filter_properties": {"ignore_hosts": [instance["host"]]}}
        self.conductor.migrate_server(
            context, begun, scheduler_hint=hint, flavor=instance["flavor"], live=True, host=host
        )

    def evacuate(self, context: RequestContext, instance: Instance, host: str | None, password: str) -> None:
        """Build it anew on another host, because its own is down. Raises BadRequest, NotFound."""
        if host is not None:
            try:  # the host before the state, as upstream's controller does
                self.places.check_host(host)
            except BadRequest:
                raise NotFound(f"Compute host {host} not found.") from None
        if host is not None and instance["host"] == host:
            raise BadRequest("The target host can't be the same one.")
        self.runner.check(context, instance, EVACUATE)
        if instance["host"] and self.hosts.is_up(instance["host"]):
            raise BadRequest(f"Compute service of {instance['host']} is still in use.")
        begun = self.runner.begin(context, instance, EVACUATE)
        self.conductor.rebuild_instance(
            context, instance=begun, image_ref=instance["image_ref"], orig_image_ref=instance["image_ref"],
            new_pass=password, host=host, recreate=True,
        )  # fmt: skip

    def rescue(self, context: RequestContext, instance: Instance, password: str, image_ref: str | None) -> None:
        """Boot it from another image, with its own disk beside it. Raises BadRequest."""
        self.runner.check(context, instance, RESCUE)
        if image_ref:
            self.image_api.get_for_boot(context, image_ref, f"Requested rescue image '{image_ref}' is not supported")
        for device in self.db.devices.get(instance["uuid"]):
            if device["volume_id"]:
                self.volume_api.check_attached(context, device["volume_id"])
        if not instance["image_ref"]:
            raise BadRequest(f"Instance {instance['uuid']} cannot be rescued: Cannot rescue a volume-backed instance")
        self.runner.perform(context, instance, RESCUE, rescue_password=password, rescue_image_ref=image_ref)


def check_upsize(scopes: Sequence[Scope], old: Flavor, new: Flavor) -> None:
    """Only what grows is counted. Raises TooManyInstances."""
    before, after = amounts(old, 1), amounts(new, 1)
    grows = {name: after[name] - before[name] for name in ("cores", "ram") if after[name] > before[name]}
    for limits, used in scopes:
        if names := over(limits, used, grows):
            raise too_many(names, grows, used, limits)
