"""nova-api: what is special about some of the actions in `actions.ACTIONS`.

Interface: `ActionHandlers`, whose methods take the request, the instance and what the action's key has; what they
return is the reply or its body.
Invariants: who may do it, what the body may say and that the server is there was asked before.
Upstream: the `@wsgi.action` methods of nova/api/openstack/compute/: servers.py, shelve.py, evacuate.py, ...
"""

from __future__ import annotations

from dataclasses import dataclass

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.views import ServerReader
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api.server_fields import changed
from oslearn.extensions.nova.api.servers import columns
from oslearn.extensions.nova.compute.actions import Action, ActionRunner, HostCalls, InstanceActions
from oslearn.extensions.nova.compute.boot import ExtendedBootChecks
from oslearn.extensions.nova.compute.deletion import Deletion, check_instance_lock
from oslearn.extensions.nova.compute.images import Images
from oslearn.extensions.nova.compute.moves import Moves
from oslearn.extensions.nova.network.instance_ports import InstancePorts

PASSWORD = Action("changePassword", "changePassword", ("active",), "updating_password", "set_admin_password")


@dataclass(frozen=True)
class ActionHandlers:
    """Reads what an action is given, and has it done. `glance` is where the location of a new image begins."""

    access: ServerAccess
    reader: ServerReader
    runner: ActionRunner
    actions: InstanceActions
    moves: Moves
    images: Images
    calls: HostCalls
    ports: InstancePorts
    checks: ExtendedBootChecks
    deletion: Deletion
    ids: Ids
    glance: str

    def reboot(self, req: Request, instance: Instance, asked: Values) -> None:
        self.actions.reboot(req.caller, instance, asked["type"].upper())

    def lock(self, req: Request, instance: Instance, asked: Values | None) -> None:
        reason = asked.get("locked_reason") if req.microversion >= (2, 73) and asked else None
        self.actions.lock(req.caller, instance, reason)

    def unlock(self, req: Request, instance: Instance, asked: Values | None) -> None:
        if not self.actions.is_expected_locked_by(req.caller, instance):
            self.access.allow(req, "os-lock-server:unlock:unlock_override", instance)
        self.actions.unlock(req.caller, instance)

    def shelve(self, req: Request, instance: Instance, asked: Values | None) -> None:
        self.moves.shelve(req.caller, instance)

    def unshelve(self, req: Request, instance: Instance, asked: Values | None) -> None:
        where = dict(asked or {}) if req.microversion >= (2, 77) else {}
        if where.get("host"):
            self.access.allow(req, "os-shelve:unshelve_to_host", instance)
        self.moves.unshelve(req.caller, instance, where)

    def rebuild(self, req: Request, instance: Instance, asked: Values) -> Reply:
        password = asked.get("adminPass") or self.ids.password()
        changes = columns(asked) | {key: asked[key] for key in ("user_data",) if key in asked}
        if "trusted_image_certificates" in asked:
            changes["trusted_certs"] = asked["trusted_image_certificates"]
        if "key_name" in asked:
            key = self.checks.find_key(req.caller, asked["key_name"])
            changes |= {"key_name": asked["key_name"], "key_data": key}
        self.images.rebuild(req.caller, instance, asked["imageRef"], password, changes)
        shown = changed(req, self.reader.show(req, instance["uuid"]), rebuilt=True)
        shown.pop("OS-EXT-SRV-ATTR:user_data", None)
        shown["adminPass"] = password
        if req.microversion >= (2, 57):
            shown["user_data"] = changes.get("user_data", instance["user_data"])
        return Reply(202, {"server": shown}, {"Location": shown["links"][0]["href"]})

    def confirm_resize(self, req: Request, instance: Instance, asked: Values | None) -> None:
        self.moves.confirm_resize(req.caller, instance)

    def revert_resize(self, req: Request, instance: Instance, asked: Values | None) -> None:
        self.moves.revert_resize(req.caller, instance)

    def resize(self, req: Request, instance: Instance, asked: Values) -> None:
        disk = {"AUTO": True, "MANUAL": False}.get(asked.get("OS-DCF:diskConfig", ""))
        self.moves.resize(req.caller, instance, str(asked["flavorRef"]), disk)

    def migrate(self, req: Request, instance: Instance, asked: Values | None) -> None:
        host = asked.get("host") if req.microversion >= (2, 56) and asked else None
        if host:
            self.access.allow(req, "os-migrate-server:migrate:host", instance)
        self.moves.migrate(req.caller, instance, host)

    def live(self, req: Request, instance: Instance, asked: Values) -> None:
        if asked["host"]:
            self.access.allow(req, "os-migrate-server:migrate_live:host", instance)
        self._check_force(asked)
        self.moves.live_migrate(req.caller, instance, asked["host"])

    def evacuate(self, req: Request, instance: Instance, asked: Values) -> Body | None:
        shared = bool_from_string(asked.get("onSharedStorage", False))
        if shared and "adminPass" in asked:
            raise BadRequest("admin password can't be changed on existing disk")
        self._check_force(asked)
        password = asked.get("adminPass") or self.ids.password()
        self.moves.evacuate(req.caller, instance, asked.get("host"), password)
        return {"adminPass": None if shared else password} if req.microversion < (2, 14) else None

    def _check_force(self, asked: Values) -> None:
        if bool_from_string(asked.get("force", False)) and not asked.get("host"):
            raise BadRequest("Can't force to a non-provided destination")

    def create_image(self, req: Request, instance: Instance, asked: Values) -> Reply:
        if not instance["image_ref"]:
            self.access.allow(req, "servers:create_image:allow_volume_backed", instance)
        image_id = self.images.snapshot(req.caller, instance, asked["name"], asked.get("metadata", {}))
        return self._image(req, image_id)

    def create_backup(self, req: Request, instance: Instance, asked: Values) -> Reply:
        args = asked["name"], asked["backup_type"], int(asked["rotation"]), asked.get("metadata", {})
        return self._image(req, self.images.backup(req.caller, instance, *args))

    def _image(self, req: Request, image_id: str) -> Reply:
        if req.microversion >= (2, 45):
            return Reply(202, {"image_id": image_id})
        return Reply(202, None, {"Location": f"{self.glance}/v2/images/{image_id}"})

    def change_password(self, req: Request, instance: Instance, asked: Values) -> None:
        self.runner.perform(req.caller, instance, PASSWORD, new_pass=asked["adminPass"])

    def rescue(self, req: Request, instance: Instance, asked: Values | None) -> dict[str, str]:
        password = (asked or {}).get("adminPass") or self.ids.password()
        self.moves.rescue(req.caller, instance, password, (asked or {}).get("rescue_image_ref"))
        return {"adminPass": password}

    def force_delete(self, req: Request, instance: Instance, asked: Values | None) -> None:
        check_instance_lock(req.caller, instance)
        self.deletion.delete(req.caller, instance)

    def restore(self, req: Request, instance: Instance, asked: Values | None) -> None:
        self.actions.restore(req.caller, instance)

    def reset_state(self, req: Request, instance: Instance, asked: dict[str, str]) -> None:
        self.actions.reset_state(req.caller, instance, asked["state"])

    def output(self, req: Request, instance: Instance, asked: Values) -> dict[str, str]:
        length = asked.get("length")
        args = {"tail_length": int(length) if length is not None else None}
        return {"output": self.calls.ask(req.caller, instance, "get_console_output", **args)}

    def console(self, req: Request, instance: Instance, asked: dict[str, str]) -> Body:
        url = self.calls.ask(req.caller, instance, "get_vnc_console", console_type=asked["type"])
        return {"console": {"type": asked["type"], "url": url["access_url"]}}

    def add_security_group(self, req: Request, instance: Instance, asked: dict[str, str]) -> None:
        self.ports.add_to_instance(req.caller, instance["uuid"], asked["name"])

    def remove_security_group(self, req: Request, instance: Instance, asked: dict[str, str]) -> None:
        self.ports.remove_from_instance(req.caller, instance["uuid"], asked["name"])
