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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.validation import Schema, check_body, strict
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.nova.api import schemas
from oslearn.extensions.nova.api.action_handlers import ActionHandlers
from oslearn.extensions.nova.api.common import project_manager
from oslearn.extensions.nova.compute.actions import Action, ActionRunner

MEMBER, MANAGER, ADMIN = policy.project_member, project_manager, policy.admin


Handler = Callable[[ActionHandlers, Request, Instance, Any], Reply | Values | None]


@dataclass(frozen=True)
class Row:
    """What the door knows of an action. `does` is what the host is told, or who knows more; `code` the reply's."""

    rule: str
    does: Action | Handler
    schema: Schema = None
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
    return Row("os-remote-consoles", ActionHandlers.console, schema=schemas.console(*kinds), code=200, until=5)


CRASHABLE = "active paused rescued resized error"
ACTIONS: dict[str, Row] = {
    "os-start": told("servers:start", "start", "stopped", "powering-on", "start_instance", needs_host=True),
    "os-stop": told("servers:stop", "stop", "active error", "powering-off", "stop_instance", needs_host=True),
    "reboot": Row("servers:reboot", ActionHandlers.reboot, schema=schemas.REBOOT),
    "pause": told("os-pause-server:pause", "pause", "active", "pausing", "pause_instance"),
    "unpause": told("os-pause-server:unpause", "unpause", "paused", "unpausing", "unpause_instance"),
    "suspend": told("os-suspend-server:suspend", "suspend", "active", "suspending", "suspend_instance"),
    "resume": told("os-suspend-server:resume", "resume", "suspended", "resuming", "resume_instance"),
    "lock": Row("os-lock-server:lock", ActionHandlers.lock, schema=schemas.LOCK),
    "unlock": Row("os-lock-server:unlock", ActionHandlers.unlock),
    "shelve": Row("os-shelve:shelve", ActionHandlers.shelve),
    "shelveOffload": told(
        "os-shelve:shelve_offload", "shelveOffload", "shelved", "shelving_offloading", "shelve_offload_instance",
        who=ADMIN,
    ),
    "unshelve": Row("os-shelve:unshelve", ActionHandlers.unshelve, schema=schemas.UNSHELVE),
    "rebuild": Row("servers:rebuild", ActionHandlers.rebuild, schema=schemas.REBUILD),
    "resize": Row("servers:resize", ActionHandlers.resize, schema=schemas.RESIZE),
    "confirmResize": Row("servers:confirm_resize", ActionHandlers.confirm_resize, code=204),
    "revertResize": Row("servers:revert_resize", ActionHandlers.revert_resize),
    "migrate": Row("os-migrate-server:migrate", ActionHandlers.migrate, schema=schemas.MIGRATE, who=MANAGER),
    "os-migrateLive": Row("os-migrate-server:migrate_live", ActionHandlers.live, schema=schemas.LIVE, who=MANAGER),
    "evacuate": Row("os-evacuate", ActionHandlers.evacuate, schema=schemas.EVACUATE, code=200, who=ADMIN),
    "createImage": Row("servers:create_image", ActionHandlers.create_image, schema=schemas.CREATE_IMAGE),
    "createBackup": Row("os-create-backup", ActionHandlers.create_backup, schema=schemas.CREATE_BACKUP),
    "changePassword": Row("os-admin-password", ActionHandlers.change_password, schema=schemas.CHANGE_PASSWORD),
    "rescue": Row("os-rescue", ActionHandlers.rescue, schema=schemas.RESCUE, code=200),
    "unrescue": told("os-unrescue", "unrescue", "rescued", "unrescuing", "unrescue_instance"),
    "restore": Row("os-deferred-delete:restore", ActionHandlers.restore),
    "forceDelete": Row("os-deferred-delete:force", ActionHandlers.force_delete),
    "os-resetState": Row(
        "os-admin-actions:reset_state", ActionHandlers.reset_state, schema=schemas.RESET_STATE, who=ADMIN
    ),
    "injectNetworkInfo": Row(
        "os-admin-actions:inject_network_info",
        Action("injectNetworkInfo", cast="inject_network_info", task_state=None, launched=False),
        who=ADMIN,
    ),
    "trigger_crash_dump": told(
        "servers:trigger_crash_dump", "trigger_crash_dump", CRASHABLE, None, "trigger_crash_dump",
        schema={"type": "null"}, since=17, needs_host=True,
    ),
    "os-getConsoleOutput": Row("os-console-output", ActionHandlers.output, schema=schemas.CONSOLE_OUTPUT, code=200),
    "os-getVNCConsole": console("novnc", "xvpvnc"),
    "os-getSPICEConsole": console("spice-html5"),
    "os-getSerialConsole": console("serial"),
    "addSecurityGroup": Row("os-security-groups:add", ActionHandlers.add_security_group, schema=schemas.GROUP),
    "removeSecurityGroup": Row("os-security-groups:remove", ActionHandlers.remove_security_group, schema=schemas.GROUP),
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


class ServerActions:
    """The handler of the one route."""

    def __init__(self, access: ServerAccess, runner: ActionRunner, handlers: ActionHandlers) -> None:
        self.access, self.runner, self.handlers = access, runner, handlers

    def act(self, req: Request, server_id: str) -> Reply:
        """Do something with a server. 200, 202, 204, 400, 401, 403, 404, 409."""
        body = req.json_body()
        if len(body) != 1:
            raise BadRequest("Malformed request body")
        (name,) = body
        if name not in ACTIONS:
            raise BadRequest(f"There is no such action: {name}")
        row = ACTIONS[name]
        if not row.since <= req.microversion[1] <= row.until:
            raise NotFound()
        check_body(req, SCHEMAS[name], body)
        instance = self.access.instance(req, server_id, row.rule)
        if isinstance(row.does, Action):
            self.runner.perform(req.caller, instance, row.does)
            return Reply(row.code)
        done = row.does(self.handlers, req, instance, body[name])
        return done if isinstance(done, Reply) else Reply(row.code, done)
