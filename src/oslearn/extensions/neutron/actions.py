"""Requests that change one part of a row: `PUT /v2.0/{collection}/{id}/{action}`.

Interface: `Actions.run`.
Upstream: neutron/api/v2/base.py (`_handle_action`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic

from sqlalchemy.orm import Session

from oslearn.core.neutron.base import Resource, Row, Values, own
from oslearn.core.neutron.outbox import Outbox
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.http import Request


class Actions(Generic[Row]):
    """The actions on one collection's rows. `shown` is how its collection shows a row."""

    def __init__(self, resource: Resource[Row], outbox: Outbox, shown: Callable[[Request, Row], Values]) -> None:
        self.resource, self.outbox, self.shown = resource, outbox, shown

    def run(self, req: Request, id: str, does: Callable[[Session, Context, Row, Values], Any]) -> Any:
        """What the action returns; the row, if that is nothing. Raises NotFound, and what the action raises."""
        info = req.json_body()
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            own(req.caller, row)
            shown = does(session, req.caller, row, info)
            return {self.resource.name: self.shown(req, row)} if shown is None else shown
