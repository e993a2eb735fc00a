"""What every resource of neutron-server has in common: its description as data, and the plug-in's first floor.

Interface: `Resource`; `PluginBase`: `transaction`, `find`, `own`, `stamp`, `touch`; `Values`, a request's values by
column.
Invariants: what the caller may not see does not exist (404); a message leaves only after its change is committed, and
is not lost if this process ends in between.
Upstream: neutron/api/v2/resource.py, neutron_lib/db/model_query.py, neutron_lib/callbacks. Left out: RBAC policies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session, lazyload

from oslearn.core.config import Config
from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.attributes import Attribute, load
from oslearn.core.neutron.notifiers import Notifier
from oslearn.core.neutron.outbox import Outbox
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.clock import Clock, Ids, iso
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.db import Handle

Values = dict[str, Any]
LEAN = (lazyload("*"),)
"""For a row of which a request wants a few fields: what belongs to it is read when it is asked for."""


@dataclass(frozen=True)
class Resource:
    """One collection of the API. The plug-in has `create_<name>`, `update_<name>`, `delete_<name>`."""

    name: str
    model: Any
    missing: str
    """The error of an id that is not there."""
    shared: Callable[[Context], list[Any]] = lambda caller: []
    """Conditions for rows of other projects that a caller may see too."""
    verbs: tuple[str, ...] = ("list", "show", "create", "update", "delete")
    admins: bool = False
    """Whether the rows are an admin's only."""
    born: Callable[[Any], Values] = lambda row: {}
    """What the reply to POST shows, and later replies do not or otherwise."""

    @property
    def plural(self) -> str:
        """The name of the collection in a body."""
        return f"{self.name}s"

    @property
    def path(self) -> str:
        """The collection's path."""
        return f"/v2.0/{self.plural.replace('_', '-')}"

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """What it has."""
        return load(self.name)

    @cached_property
    def _getters(self) -> list[tuple[str, Callable[[Any], Any], bool]]:
        shown = [(name, spec) for name, spec in self.attributes.items() if spec.shown]
        return [(name, attrgetter(spec.column or name), spec.secret) for name, spec in shown]

    def view(self, row: Any, admin: bool = True, wanted: Collection[str] = ()) -> Values:
        """A row as the API shows it; of that what is wanted, if something is named."""
        shown = {
            name: get(row)
            for name, get, secret in self._getters
            if (admin or not secret) and (not wanted or name in wanted)
        }
        for name in row.hidden:
            shown.pop(name, None)
        return {name: iso(value) if isinstance(value, datetime) else value for name, value in shown.items()}

    def columns(self, values: Values) -> Values:
        """A request's values by column."""
        return {self.attributes[name].column or name: value for name, value in values.items()}

    def visible(self, caller: Context) -> ColumnElement[bool]:
        """The condition for the rows that the caller may see; an admin and a service see all."""
        if policy.admin_or_service(caller, {}):
            return true()
        if self.admins:
            return false()
        return or_(self.model.project_id == caller.project_id, *self.shared(caller))


class PluginBase:
    """The parts that a process is given, and the work that every resource shares."""

    def __init__(
        self, handle: Handle, ids: Ids, clock: Clock, config: Config, notifier: Notifier, is_up: Callable[..., bool]
    ) -> None:
        """`is_up(binary, host)` tells whether an agent runs."""
        self.handle, self.ids, self.clock, self.config = handle, ids, clock, config
        self.notifier, self.is_up = notifier, is_up
        self.outbox = Outbox(handle, lambda name: attrgetter(name)(self))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that is committed at the end; then the messages that `later` kept leave, in order."""
        with self.handle.session() as session:
            yield session
            messages = self.outbox.write(session)
        self.outbox.send(messages)

    def later(self, session: Session, send: Callable[..., None], *args: Any, **named: Any) -> None:
        """Have a method of the notifier, or of this, send once the change is committed."""
        name = f"notifier.{send.__name__}" if hasattr(self.notifier, send.__name__) else send.__name__
        self.outbox.put(session, name, args, named)

    def find(self, session: Session, resource: Resource, caller: Context, key: Any, lean: bool = False) -> Any:
        """A row by its id; a lean one without what belongs to it. Raises the resource's NotFound."""
        keyed = isinstance(key, str) and resource.model.__table__.c.id.primary_key and not resource.admins
        row = session.get(resource.model, key, options=LEAN if lean else ()) if keyed else None
        if row is not None and policy.owner(caller, {"project_id": row.project_id}):
            return row  # most requests name the caller's own: by key alone, without the conditions for shared ones
        wanted = select(resource.model).where(resource.model.id == str(key), resource.visible(caller))
        row = session.scalars(wanted).unique().first()
        if row is None:
            raise getattr(e, resource.missing)(id=key)
        return row

    def own(self, caller: Context, row: Any) -> None:
        """May the caller change it? What is only shared with it answers as upstream: it is not there."""
        if not policy.owner(caller, {"project_id": getattr(row, "project_id", caller.project_id)}):
            raise exception.NotFound()

    def stamp(self) -> Values:
        """The values that every new row gets."""
        now = self.clock.now()
        return {"id": self.ids.uuid(), "created_at": now, "updated_at": now}

    def touch(self, row: Any, times: int = 1) -> None:
        """Note that a row has changed."""
        row.updated_at, row.revision_number = self.clock.now(), row.revision_number + times


def refuse(action: str, *names: str) -> exception.PolicyNotAuthorized:
    """The refusal of attributes that are not the caller's to choose."""
    chain = " and ".join([f"rule:{action}", *(f"rule:{action}:{name}" for name in names)])
    return exception.PolicyNotAuthorized(f"({chain}) is disallowed by policy")


def elevated(context: Context) -> Context:
    """The same request with an admin's rights."""
    return replace(context, roles=["admin"])


def assign(row: Any, values: Values) -> None:
    """Set columns."""
    for name, value in values.items():
        setattr(row, name, value)
