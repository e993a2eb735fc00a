"""Requests that change one part of a row: `PUT /v2.0/{collection}/{id}/{action}`.

Interface: `Actions`: its handlers have the names of the methods that do the work.
Upstream: neutron/api/v2/base.py (`_handle_action`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import Resource, Row, own
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.wsgi import Handler


class Actions(Generic[Row]):
    """The actions on one collection's rows; `work` has a method for each, `shown` is how the collection shows a row."""

    def __init__(
        self, resource: Resource[Row], work: object, outbox: Outbox, shown: Callable[[Request, Row], Values]
    ) -> None:
        self.resource, self.work, self.outbox, self.shown = resource, work, outbox, shown

    def __getattr__(self, name: str) -> Handler:
        return partial(self._run, self.leads_to(name))

    def leads_to(self, name: str) -> Handler:
        """The method that does the work of a handler. Raises AttributeError."""
        does: Handler = getattr(self.work, name)
        return does

    def _run(self, does: Handler, req: Request, id: str) -> Any:
        """200, 400, 404, 409: what the action returns; the row, if that is nothing."""
        info = req.json_body()
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            own(req.caller, row)
            shown = does(session, req.caller, row, info)
            return {self.resource.name: self.shown(req, row)} if shown is None else shown
