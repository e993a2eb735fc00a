"""What the handlers of trove-api share: rows and states.

Interface: `Records` finds and makes rows; `States` begins a change; `Enter`, a middleware; `Unprocessable`.
Invariants: a project sees its own rows; a change begins with the instance ACTIVE.
Upstream: trove/common/wsgi.py, trove/common/pagination.py, trove/common/policies/.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from falcon import Response
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.extensions.oslo.listing import paged
from oslearn.extensions.trove.models import Instance, Record, Values
from oslearn.extensions.trove.quota import Quotas

T = TypeVar("T", bound=Record)
PAGE = 50


class Unprocessable(exception.OpenStackError):
    """422: the instance is not in a state for this."""

    code, title = 422, "Unprocessable Entity"
    message = "Instance %(id)s is not currently available for an action to be performed (Status was %(status)s)."


class Enter:
    """The project in the path is the token's; readers may read, members may change."""

    def process_resource(self, req: Request, resp: Response, resource: object, params: Values) -> None:
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
    """The rows of the token's project."""

    def __init__(self, handle: Handle, ids: Ids, clock: Clock) -> None:
        self.handle, self.ids, self.clock = handle, ids, clock

    def page(
        self, req: Request, model: type[T], name: str, view: Callable[[Request, T], Values], *where: ColumnElement[bool]
    ) -> Values:
        """A list, `limit` rows of it behind `marker`: pages in the order of the ids, the newest first on each."""
        limit = req.query.get("limit", "")
        most = min(int(limit), PAGE) if limit.isdigit() and len(limit) < 9 else PAGE
        statement = select(model).where(model.project_id == req.caller.project_id, *where)
        at = [req.query["marker"]] if "marker" in req.query else None
        with self.handle.session() as session:
            rows = list(session.scalars(paged(statement, [(model.id, False)], at, most + 1)))
        body = {name: [view(req, row) for row in sorted(rows[:most], key=lambda row: row.created, reverse=True)]}
        if len(rows) > most:
            href = f"{req.prefix}{req.path}?limit={most}&marker={rows[most - 1].id}"
            body["links"] = [{"rel": "next", "href": href}]
        return body

    def get(self, session: Session, req: Request, model: type[T], id: str) -> T:
        """A row. Raises NotFound."""
        row = session.get(model, id)
        if row is None or not policy.owner(req.caller, {"project_id": row.project_id}):
            raise exception.NotFound(f"Resource {id} cannot be found.")
        return row

    def new(self, session: Session, req: Request, model: type[T], **values: object) -> T:
        """A new row of the project's."""
        now, project = self.clock.now(), req.caller.project_id
        row = model(id=self.ids.uuid(), project_id=project, created=now, updated=now, **values)
        session.add(row)
        session.flush()
        return row


class States:
    """The states of instances: one change at a time."""

    def __init__(self, records: Records, quotas: Quotas) -> None:
        self.records, self.handle, self.quotas = records, records.handle, quotas

    def begin(self, req: Request, id: str, status: str, ram: int | None = None, **wanted: Any) -> None:
        """From ACTIVE to another status; `ram` is what the flavor that is wanted has. Raises Unprocessable,
        RequestEntityTooLarge, BadRequest for a change that is none.
        """
        with self.handle.session() as session:
            instance = self.records.get(session, req, Instance, id)
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
