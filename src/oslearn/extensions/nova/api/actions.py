"""nova-api: everything that can be done with a server, in one table.

Interface: `POST /servers/{id}/action` with a body of one key, the action's; `ACTIONS` says of each who may do it, what
the body may say, since and until which microversion, and in which state of the server.
Invariants: an action that is not in the table, or not in this microversion, is 400; the server is looked for first
(404), then the policy asked (403), then the state (409).
Upstream: the `@wsgi.action` methods of nova/api/openstack/compute/: servers.py, pause_server.py, shelve.py, ...
Left out: fixed and floating addresses, gone since 2.44 (`addFixedIp`, `removeFixedIp`, `addFloatingIp`,
`removeFloatingIp`, `networkId`, `fixed_address`), consoles by action that the hypervisor does not have
(`os-getRDPConsole`), `resetNetwork`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oslearn.core.nova.api import schemas, server_views
from oslearn.core.nova.api.common import ServerController, project_manager
from oslearn.core.nova.api.listing import is_true
from oslearn.core.nova.api.paging import within
from oslearn.core.nova.api.servers import columns
from oslearn.core.nova.api.validation import check_body, strict
from oslearn.core.nova.compute.api_actions import Action
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

ROUTES: list[Entry] = [("POST", "/v2.1/servers/{server_id}/action", "do_action")]
MEMBER, MANAGER, ADMIN = policy.project_member, project_manager, policy.admin


@dataclass(frozen=True)
class Row:
    """What the door knows of an action. `action`: what the host is told; `api`: or a method of `compute.API` that takes
    only the server; `handler`: or one of ours."""

    rule: str
    action: Action | None = None
    api: str | None = None
    handler: str | None = None
    schema: Any = None
    code: int = 202
    who: policy.Rule = MEMBER
    since: int = 1
    until: int = 999


def told(rule: str, name: str, states: str, during: str | None, cast: str, **more: Any) -> Row:
    """An action that is no more than telling the host. `states` are those in which it may be done."""
    row = {key: more.pop(key) for key in ("who", "schema", "since") if key in more}
    return Row(rule, Action(name, name, tuple(states.split()), during, cast, **more), **row)


def console(*kinds: str) -> Row:
    """The address of a screen or a serial port, until `remote_consoles` took all kinds."""
    return Row("os-remote-consoles", handler="console", schema=schemas.console(*kinds), code=200, until=5)


CRASHABLE = "active paused rescued resized error"
ACTIONS: dict[str, Row] = {
    "os-start": told("servers:start", "start", "stopped", "powering-on", "start_instance", needs_host=True),
    "os-stop": told("servers:stop", "stop", "active error", "powering-off", "stop_instance", needs_host=True),
    "reboot": Row("servers:reboot", handler="reboot", schema=schemas.REBOOT),
    "pause": told("os-pause-server:pause", "pause", "active", "pausing", "pause_instance"),
    "unpause": told("os-pause-server:unpause", "unpause", "paused", "unpausing", "unpause_instance"),
    "suspend": told("os-suspend-server:suspend", "suspend", "active", "suspending", "suspend_instance"),
    "resume": told("os-suspend-server:resume", "resume", "suspended", "resuming", "resume_instance"),
    "lock": Row("os-lock-server:lock", handler="lock", schema=schemas.LOCK),
    "unlock": Row("os-lock-server:unlock", handler="unlock"),
    "shelve": Row("os-shelve:shelve", api="shelve"),
    "shelveOffload": told(
        "os-shelve:shelve_offload", "shelveOffload", "shelved", "shelving_offloading", "shelve_offload_instance",
        who=ADMIN,
    ),
    "unshelve": Row("os-shelve:unshelve", handler="unshelve", schema=schemas.UNSHELVE),
    "rebuild": Row("servers:rebuild", handler="rebuild", schema=schemas.REBUILD),
    "resize": Row("servers:resize", handler="resize", schema=schemas.RESIZE),
    "confirmResize": Row("servers:confirm_resize", api="confirm_resize", code=204),
    "revertResize": Row("servers:revert_resize", api="revert_resize"),
    "migrate": Row("os-migrate-server:migrate", handler="migrate", schema=schemas.MIGRATE, who=MANAGER),
    "os-migrateLive": Row("os-migrate-server:migrate_live", handler="live", schema=schemas.LIVE, who=MANAGER),
    "evacuate": Row("os-evacuate", handler="evacuate", schema=schemas.EVACUATE, code=200, who=ADMIN),
    "createImage": Row("servers:create_image", handler="create_image", schema=schemas.CREATE_IMAGE),
    "createBackup": Row("os-create-backup", handler="create_backup", schema=schemas.CREATE_BACKUP),
    "changePassword": Row("os-admin-password", handler="change_password", schema=schemas.CHANGE_PASSWORD),
    "rescue": Row("os-rescue", handler="rescue", schema=schemas.RESCUE, code=200),
    "unrescue": told("os-unrescue", "unrescue", "rescued", "unrescuing", "unrescue_instance"),
    "restore": Row("os-deferred-delete:restore", api="restore"),
    "forceDelete": Row("os-deferred-delete:force", handler="force_delete"),
    "os-resetState": Row("os-admin-actions:reset_state", handler="reset_state", schema=schemas.RESET_STATE, who=ADMIN),
    "injectNetworkInfo": Row(
        "os-admin-actions:inject_network_info",
        Action("injectNetworkInfo", cast="inject_network_info", task_state=None, launched=False),
        who=ADMIN,
    ),
    "trigger_crash_dump": told(
        "servers:trigger_crash_dump", "trigger_crash_dump", CRASHABLE, None, "trigger_crash_dump",
        schema={"type": "null"}, since=17, needs_host=True,
    ),
    "os-getConsoleOutput": Row("os-console-output", handler="output", schema=schemas.CONSOLE_OUTPUT, code=200),
    "os-getVNCConsole": console("novnc", "xvpvnc"),
    "os-getSPICEConsole": console("spice-html5"),
    "os-getSerialConsole": console("serial"),
    "addSecurityGroup": Row("os-security-groups:add", handler="add_security_group", schema=schemas.GROUP),
    "removeSecurityGroup": Row("os-security-groups:remove", handler="remove_security_group", schema=schemas.GROUP),
}  # fmt: skip
RULES: dict[str, policy.Rule] = {f"os_compute_api:{row.rule}": row.who for row in ACTIONS.values()} | {
    "os_compute_api:os-lock-server:unlock:unlock_override": ADMIN,
    "os_compute_api:os-shelve:unshelve_to_host": ADMIN,
    "os_compute_api:os-migrate-server:migrate:host": ADMIN,
    "os_compute_api:os-migrate-server:migrate_live:host": ADMIN,
    "os_compute_api:servers:rebuild:trusted_certs": MEMBER,
    "os_compute_api:servers:create_image:allow_volume_backed": MEMBER,
}
SCHEMAS = {name: strict({name: {} if row.schema is None else row.schema}, [name]) for name, row in ACTIONS.items()}
PASSWORD = Action("changePassword", "changePassword", ("active",), "updating_password", "set_admin_password")


class Actions(ServerController):
    """The handler of the one route, and what is special about some actions."""

    def do_action(self, req: Request, server_id: str) -> Reply:
        """Do something with a server. 200, 202, 204, 400, 401, 403, 404, 409."""
        body = req.json_body()
        if len(body) != 1:
            raise BadRequest("Malformed request body")
        (name,) = body
        if name not in ACTIONS:
            raise BadRequest(f"There is no such action: {name}")
        row = ACTIONS[name]
        within(req, row.since, row.until)
        check_body(req, SCHEMAS[name], body)
        instance = self.instance(req, server_id, row.rule)
        if row.action:
            self.compute.perform(req.caller, instance, row.action)
            return Reply(row.code)
        if row.api:
            getattr(self.compute, row.api)(req.caller, instance)
            return Reply(row.code)
        done = getattr(self, f"_{row.handler}")(req, instance, body[name])
        return done if isinstance(done, Reply) else Reply(row.code, done)

    def _reboot(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> None:
        self.compute.reboot(req.caller, instance, asked["type"].upper())

    def _lock(self, req: Request, instance: dict[str, Any], asked: Any) -> None:
        reason = asked.get("locked_reason") if req.microversion >= (2, 73) and asked else None
        self.compute.lock(req.caller, instance, reason)

    def _unlock(self, req: Request, instance: dict[str, Any], asked: Any) -> None:
        if not self.compute.is_expected_locked_by(req.caller, instance):
            self.allow(req, "os-lock-server:unlock:unlock_override", instance)
        self.compute.unlock(req.caller, instance)

    def _unshelve(self, req: Request, instance: dict[str, Any], asked: Any) -> None:
        where = dict(asked or {}) if req.microversion >= (2, 77) else {}
        if where.get("host"):
            self.allow(req, "os-shelve:unshelve_to_host", instance)
        self.compute.unshelve(req.caller, instance, where)

    def _rebuild(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> Reply:
        password = asked.get("adminPass") or self.ids.password()
        changes = columns(asked) | {key: asked[key] for key in ("user_data",) if key in asked}
        if "trusted_image_certificates" in asked:
            changes["trusted_certs"] = asked["trusted_image_certificates"]
        if "key_name" in asked:
            key = self.compute.find_key(req.caller, asked["key_name"])
            changes |= {"key_name": asked["key_name"], "key_data": key}
        self.compute.rebuild(req.caller, instance, asked["imageRef"], password, changes)
        shown = server_views.changed(req, self.show(req, instance["uuid"]), rebuilt=True)
        shown.pop("OS-EXT-SRV-ATTR:user_data", None)
        shown["adminPass"] = password
        if req.microversion >= (2, 57):
            shown["user_data"] = changes.get("user_data", instance["user_data"])
        return Reply(202, {"server": shown}, {"Location": shown["links"][0]["href"]})

    def _resize(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> None:
        disk = {"AUTO": True, "MANUAL": False}.get(asked.get("OS-DCF:diskConfig", ""))
        self.compute.resize(req.caller, instance, str(asked["flavorRef"]), disk)

    def _migrate(self, req: Request, instance: dict[str, Any], asked: Any) -> None:
        host = asked.get("host") if req.microversion >= (2, 56) and asked else None
        if host:
            self.allow(req, "os-migrate-server:migrate:host", instance)
        self.compute.migrate(req.caller, instance, host)

    def _live(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> None:
        if asked["host"]:
            self.allow(req, "os-migrate-server:migrate_live:host", instance)
        self._check_force(asked)
        self.compute.live_migrate(req.caller, instance, asked["host"])

    def _evacuate(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> Any:
        shared = is_true(asked.get("onSharedStorage", False))
        if shared and "adminPass" in asked:
            raise BadRequest("admin password can't be changed on existing disk")
        self._check_force(asked)
        password = asked.get("adminPass") or self.ids.password()
        self.compute.evacuate(req.caller, instance, asked.get("host"), password)
        return {"adminPass": None if shared else password} if req.microversion < (2, 14) else None

    def _check_force(self, asked: dict[str, Any]) -> None:
        if is_true(asked.get("force", False)) and not asked.get("host"):
            raise BadRequest("Can't force to a non-provided destination")

    def _create_image(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> Reply:
        if not instance["image_ref"]:
            self.allow(req, "servers:create_image:allow_volume_backed", instance)
        image_id = self.compute.snapshot(req.caller, instance, asked["name"], asked.get("metadata", {}))
        return self._image(req, image_id)

    def _create_backup(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> Reply:
        args = asked["name"], asked["backup_type"], int(asked["rotation"]), asked.get("metadata", {})
        return self._image(req, self.compute.backup(req.caller, instance, *args))

    def _image(self, req: Request, image_id: str) -> Reply:
        if req.microversion >= (2, 45):
            return Reply(202, {"image_id": image_id})
        return Reply(202, None, {"Location": f"{self.config.endpoint('image')}/v2/images/{image_id}"})

    def _change_password(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> None:
        self.compute.perform(req.caller, instance, PASSWORD, new_pass=asked["adminPass"])

    def _rescue(self, req: Request, instance: dict[str, Any], asked: dict[str, Any] | None) -> dict[str, str]:
        password = (asked or {}).get("adminPass") or self.ids.password()
        self.compute.rescue(req.caller, instance, password, (asked or {}).get("rescue_image_ref"))
        return {"adminPass": password}

    def _force_delete(self, req: Request, instance: dict[str, Any], asked: Any) -> None:
        self.compute.check_lock(req.caller, instance)
        self.compute.delete(req.caller, instance)

    def _reset_state(self, req: Request, instance: dict[str, Any], asked: dict[str, str]) -> None:
        self.compute.reset_state(req.caller, instance, asked["state"])

    def _output(self, req: Request, instance: dict[str, Any], asked: dict[str, Any]) -> dict[str, str]:
        length = asked.get("length")
        args = {"tail_length": int(length) if length is not None else None}
        return {"output": self.compute.host_call(req.caller, instance, "get_console_output", **args)}

    def _console(self, req: Request, instance: dict[str, Any], asked: dict[str, str]) -> dict[str, Any]:
        url = self.compute.host_call(req.caller, instance, "get_vnc_console", console_type=asked["type"])
        return {"console": {"type": asked["type"], "url": url["access_url"]}}

    def _add_security_group(self, req: Request, instance: dict[str, Any], asked: dict[str, str]) -> None:
        self.compute.network_api.add_to_instance(req.caller, instance["uuid"], asked["name"])

    def _remove_security_group(self, req: Request, instance: dict[str, Any], asked: dict[str, str]) -> None:
        self.compute.network_api.remove_from_instance(req.caller, instance["uuid"], asked["name"])
