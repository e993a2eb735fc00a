"""What every handler of trove-api needs: rows, states and messages.

Interface: `Records(handle, ids, clock, rpc, nova, quotas)`, `Enter`, `Unprocessable`.
Invariants: a project sees its own rows; a change begins with the instance ACTIVE.
Upstream: trove/common/wsgi.py, trove/common/pagination.py, trove/common/policies/.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.messaging import RPCClient
from oslearn.extensions.trove.models import Instance, Record, Values
from oslearn.extensions.trove.quota import Quotas
from oslearn.extensions.trove.taskmanager import TARGET

T = TypeVar("T", bound=Record)
PAGE = 50


class Unprocessable(exception.OpenStackError):
    """422: the instance is not in a state for this."""

    code, title = 422, "Unprocessable Entity"
    message = "Instance %(id)s is not currently available for an action to be performed (Status was %(status)s)."


class Enter:
    """The project in the path is the token's; readers may read, members may change."""

    def process_resource(self, req: Request, resp: Any, resource: Any, params: Values) -> None:
        """Raises Forbidden, PolicyNotAuthorized."""
        project = params.pop("project_id", None)
        if project is None:
            return
        if project != req.caller.project_id:
            text = f"User with tenant ID {req.caller.project_id} cannot access this resource."
            raise exception.Forbidden(text)
        kind = str(req.uri_template).split("/")[3].removesuffix("s")
        rules = {"read": policy.project_reader, "change": policy.project_member}
        action = f"{kind}:{'read' if req.method == 'GET' else 'change'}"
        policy.Enforcer({action: rules[action.partition(":")[2]]}).enforce(req.caller, action)


class Records:
    """The rows of the token's project, and what is asked of trove-taskmanager."""

    def __init__(self, handle: Handle, ids: Ids, clock: Clock, rpc: RPCClient, nova: Client, quotas: Quotas) -> None:
        self.handle, self.ids, self.clock, self.rpc, self.nova = handle, ids, clock, rpc, nova
        self.quotas = quotas

    def _begin(self, req: Request, id: str, status: str, ram: int | None = None, **wanted: Any) -> None:
        """From ACTIVE to another status; `ram` is what the flavor that is wanted has. Raises Unprocessable,
        RequestEntityTooLarge, BadRequest for a change that is none.
        """
        with self.handle.session() as session:
            instance = self._get(session, req, Instance, id)
            if instance.status != "ACTIVE":
                raise Unprocessable(id=id, status=instance.status)
            if wanted.get("flavor_id") == instance.flavor_id:
                raise exception.BadRequest("No change was requested in the size of the instance.")
            if wanted.get("volume_size", instance.volume_size + 1) <= instance.volume_size:
                raise exception.BadRequest(
                    f"The new volume 'size' must be larger than the current volume size of '{instance.volume_size}'."
                )
            grows = {"ram": (ram or instance.ram) - instance.ram}
            if "volume_size" in wanted:
                self.quotas.check_size(wanted["volume_size"])
                grows["volumes"] = wanted["volume_size"] - instance.volume_size
            self.quotas.check(session, instance.project_id, **grows)
            instance.status = status

    def _list(self, req: Request, model: type[Record], name: str, view: Any, *where: Any) -> Values:
        limit = req.query.get("limit", "")
        most = min(int(limit), PAGE) if limit.isdigit() and len(limit) < 9 else PAGE
        statement = select(model).where(model.project_id == req.caller.project_id, *where).order_by(model.id)
        if "marker" in req.query:
            statement = statement.where(model.id > req.query["marker"])
        with self.handle.session() as session:
            rows = list(session.scalars(statement.limit(most + 1)))
        body = {name: [view(req, row) for row in sorted(rows[:most], key=lambda row: row.created, reverse=True)]}
        if len(rows) > most:
            href = f"{req.prefix}{req.path}?limit={most}&marker={rows[most - 1].id}"
            body["links"] = [{"rel": "next", "href": href}]
        return body

    def _get(self, session: Session, req: Request, model: type[T], id: str) -> T:
        row = session.get(model, id)
        if row is None or not policy.owner(req.caller, {"project_id": row.project_id}):
            raise exception.NotFound(f"Resource {id} cannot be found.")
        return row

    def _new(self, session: Session, req: Request, model: type[T], **values: Any) -> T:
        now, project = self.clock.now(), req.caller.project_id
        row = model(id=self.ids.uuid(), project_id=project, created=now, updated=now, **values)
        session.add(row)
        session.flush()
        return row

    def _run(self, req: Request, task: str, instance_id: str, **args: Any) -> None:
        self.rpc.cast(req.caller, TARGET, "run", task=task, instance_id=instance_id, args=args)
