"""nova-api: what was asked of a server, by whom, and what came of it.

Upstream: nova/api/openstack/compute/instance_actions.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from oslearn.core.nova.api.common import ServerAccess
from oslearn.core.nova.api.validation import given_query
from oslearn.core.nova.api.views import host_id, micro
from oslearn.core.nova.exception import InstanceNotFound
from oslearn.core.nova.objects import Instance
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api import paging
from oslearn.extensions.nova.api.listing import check_order, moment
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import MarkerNotFound
from oslearn.extensions.nova.objects import InstanceActionEvent

RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-instance-actions:list": policy.project_reader,
    "os_compute_api:os-instance-actions:show": policy.project_reader,
    "os_compute_api:os-instance-actions:events": policy.admin,
    "os_compute_api:os-instance-actions:events:details": policy.admin,
}


class ActionLog:
    """The actions of a server, whoever asked for them."""

    def __init__(self, access: ServerAccess, db: ExtendedDB) -> None:
        self.access, self.db = access, db

    def index(self, req: Request, server_id: str) -> Body:
        """Actions, newest first; from 2.21 on of a deleted server too. 200, 400, 401, 404."""
        query = given_query(req)
        self._instance(req, server_id, "list")
        if req.microversion < (2, 58):
            return {"instanceActions": [view(req, action) for action in self.db.actions.get_all(server_id)]}
        since, before = (moment(query[key][0]) if key in query else None for key in ("changes-since", "changes-before"))
        check_order(since, before)
        try:
            rows = self.db.actions.get_all(server_id, paging.limit(req), req.query.get("marker"), since, before)
        except MarkerNotFound as error:
            raise BadRequest(f"Marker {error.values['marker']} could not be found.") from None
        links = paging.links(req, "instanceActions", [row["request_id"] for row in rows]).get("instanceActions_links")
        return {"instanceActions": [view(req, row) for row in rows]} | ({"links": links} if links else {})

    def show(self, req: Request, server_id: str, request_id: str) -> Body:
        """One action, with what each process did. 200, 401, 404."""
        instance = self._instance(req, server_id, "show")
        found = self.db.actions.get(server_id, request_id)
        if found is None:
            raise NotFound(f"Action {request_id} not found")
        shown, trusted = view(req, found[0]), self._trusted(req, instance)
        if trusted or req.microversion >= (2, 51):
            shown["events"] = [event_view(req, instance, event, trusted) for event in found[1]]
        return {"instanceAction": shown}

    def _trusted(self, req: Request, instance: Instance) -> bool:
        """Whether the caller may see everything of an event."""
        return self.access.policy.rules["os_compute_api:os-instance-actions:events"](req.caller, instance)

    def _instance(self, req: Request, uuid: str, verb: str) -> Instance:
        if req.microversion < (2, 21):
            return self.access.instance(req, uuid, f"os-instance-actions:{verb}")
        own = {} if req.caller.is_admin else {"project_id": req.caller.project_id or ""}
        for instance in self.db.lists.page({"uuid": uuid} | own, [], 1):
            self.access.allow(req, f"os-instance-actions:{verb}", instance)
            return instance
        raise InstanceNotFound(instance_id=uuid)


def view(req: Request, row: Mapping[str, object]) -> Body:
    """An action as the API shows it."""
    keys = ("action", "instance_uuid", "request_id", "user_id", "project_id", "message")
    times = ("start_time", "updated_at") if req.microversion >= (2, 58) else ("start_time",)
    return {key: row[key] for key in keys} | {key: micro(str(row[key])) for key in times}


def event_view(req: Request, instance: Instance, row: InstanceActionEvent, trusted: bool) -> Body:
    """What a process did; which host it was, and why it failed, only those whom an admin trusts may see."""
    minor = req.microversion[1]
    shown: Body = {"event": row["event"], "result": row["result"]}
    shown |= {"start_time": micro(row["start_time"]), "finish_time": micro(row["finish_time"])}
    shown |= {"traceback": row["traceback"]} if trusted else {}
    shown |= {"host": row["host"]} if trusted and minor >= 62 else {}
    shown |= {"hostId": host_id(instance["project_id"], row["host"])} if minor >= 62 else {}
    return shown | ({"details": row["details"]} if trusted and minor >= 84 else {})
