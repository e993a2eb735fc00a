"""What every collection of the Identity API has in common: rows that are made, found, changed and deleted.

Interface: a `Kind` is what a collection's rows are, as data; a `Collection` keeps them, with its own rules as hooks;
`Backend` is what all collections need; `Changes`, by which those who remember what the database says hear of others.
Invariants: a change and what it drags along are one transaction; what others remember is forgotten with each change.
Upstream: keystone/common/manager.py and the CRUD of each `core.py`; keystone/notifications.py, by which managers empty
their caches. Left out: other backends than SQL; several processes: what one of them remembers another's change does not
reach, so this Keystone is one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypedDict, TypeVar, Unpack

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from oslearn.core.keystone import auth
from oslearn.core.keystone.auth import Schema
from oslearn.core.keystone.models import ROOT, Named, Resource, RevocationEvent
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.extensions.keystone.schemas import BOOLEAN, SWITCH, body, boolean
from oslearn.extensions.oslo.listing import paged

Query = Mapping[str, str]
Where = ColumnElement[bool] | InstrumentedAttribute[bool]
Kept = Resource | Named
"""A row of a collection of the API."""
Row = TypeVar("Row", bound=Kept)
COMPARE: dict[str, Callable[[InstrumentedAttribute[Any], Any], ColumnElement[bool]]] = {
    "": lambda column, value: column == value,
    "contains": lambda column, value: column.contains(value, autoescape=True),
    "startswith": lambda column, value: column.startswith(value, autoescape=True),
    "endswith": lambda column, value: column.endswith(value, autoescape=True),
}
"""`?name__contains=x`; an `i` before the comparator asks for upper and lower case alike."""
IMMUTABLE = 'Unable to {} immutable {} resource: `{}. Set resource option "immutable" to false first.'


class Page(TypedDict, total=False):
    """Which rows of a list are asked for: `limit` of them after `marker`."""

    marker: str | None
    limit: int | None


@dataclass(frozen=True, eq=False)
class Kind(Generic[Row]):
    """What the rows of a collection are: how a body names one, its table, and what a client may set, see and ask for.

    `required` are the attributes that a new one needs. Of `domain`, if a row has one, a token for a domain sees only
    its own. A query of `unknown` finds nothing. `strict` lists refuse what they do not know in a query.
    """

    name: str
    model: type[Row]
    attributes: Schema
    shown: tuple[str, ...]
    filters: tuple[str, ...] = ()
    required: tuple[str, ...] = ("name",)
    domain: str | None = None
    unknown: frozenset[str] = frozenset()
    strict: bool = False
    remembered: bool = False
    """Whether a new row changes what somebody remembers."""
    twice: bool = False
    """Whether a reply to a change has `extra` beside what is in it, too: upstream's old mistake, which clients know."""
    missing: str = "Could not find {name}: {id}."

    @property
    def plural(self) -> str:
        """The collection's name in paths and bodies."""
        return self.name.removesuffix("y") + "ies" if self.name.endswith("y") else self.name + "s"

    # One object each, however often it is asked for: compiled schemas are remembered by their object.

    @cached_property
    def create_schema(self) -> Schema:
        """What the body for a new one must be."""
        return body(self.name, self.attributes, self.required)

    @cached_property
    def update_schema(self) -> Schema:
        """What the body for a change must be."""
        return body(self.name, self.attributes, minProperties=1)

    @cached_property
    def query_schema(self) -> Schema:
        """What a list's query must be."""
        known = {name: self.attributes.get(name, {}) for name in self.filters}
        return {"type": "object", "properties": known, "additionalProperties": not self.strict}


class Changes:
    """Counts the changes of accounts and of the catalog. `listeners`, who remember things, are called after each."""

    def __init__(self, *listeners: Callable[[], None]) -> None:
        self.count, self.listeners = 0, list(listeners)

    def happened(self) -> None:
        """Something that somebody remembers is no longer so."""
        self.count += 1
        for forget in self.listeners:
            forget()


@dataclass
class Backend:
    """What all collections need; `cost` is what a password's hash costs (scrypt's N)."""

    db: Handle
    ids: Ids
    clock: Clock
    changes: Changes
    cost: int

    def hash(self, secret: str, cost: int | None = None) -> str:
        """The hash of a password with a fresh salt."""
        return auth.hash_password(secret, self.ids.secret(16), cost or self.cost)

    def revoke(self, session: Session, **tokens: str | None) -> None:
        """End the tokens that were issued before: of `user_id`, in `project_id`, with `audit_id`."""
        session.add(RevocationEvent(issued_before=self.clock.now(), **tokens))


class Collection(Generic[Row]):
    """The rows of one kind."""

    kind: Kind[Row]

    def __init__(self, backend: Backend) -> None:
        self.backend, self.db = backend, backend.db

    # --- its own rules

    def preparing(self, row: Row | None, values: Body) -> None:
        """Before the transaction that stores a new row, or changes one (then `row` is None): what takes long."""

    def creating(self, session: Session, row: Row, values: Body) -> None:
        """Before a row is stored."""

    def updating(self, session: Session, row: Row, values: Body) -> None:
        """Before a row changes."""

    def deleting(self, session: Session, row: Row) -> None:
        """Before a row goes; the database deletes what belongs to it."""

    def mine(self, row: Row) -> bool:
        """Whether a row of the table belongs to this collection."""
        return True

    def taken(self, values: Body) -> str:
        """What is said of a name that is taken."""
        where = f" at domain ID {values['domain_id']}" if values.get("domain_id", ROOT) != ROOT else ""
        return f"{self.kind.name} - Duplicate entry found with name {values.get('name')}{where}"

    def view(self, row: Row) -> Body:
        """How a row is shown."""
        own = {name: getattr(row, name) for name in self.kind.shown}
        if own.get("domain_id") == ROOT:
            own["domain_id"] = None
        return (row.extra or {}) | own

    # --- what all do

    def find(self, query: Query | None = None, *where: Where, **page: Unpack[Page]) -> Sequence[Row]:
        """Rows in the order of their ids: those of a page that fit a query."""
        model, marker = self.kind.model, page.get("marker")
        statement = select(model).where(*self.conditions(query or {}), *where)
        shown = paged(statement, [(model.id, False)], [marker] if marker else None, page.get("limit"))
        with self.db.session() as session:
            return session.scalars(shown).all()

    def all(self, *where: Where) -> Sequence[Row]:
        """The rows of the table, those too that a list leaves out unless it is asked for them."""
        return Collection.find(self, None, *where)

    def conditions(self, query: Query) -> Iterator[ColumnElement[bool]]:
        """What a query asks for; what it names that cannot be asked for is ignored."""
        for key, value in query.items():
            name, _, how = key.partition("__")
            if name not in self.kind.filters or how.removeprefix("i") not in COMPARE:
                continue
            wanted = boolean(value) if self.kind.attributes.get(name) in (BOOLEAN, SWITCH) else value
            yield COMPARE[how.removeprefix("i")](getattr(self.kind.model, name), wanted)

    def get(self, id: str | None, session: Session | None = None) -> Row:
        """One. Raises NotFound."""
        if session is None:
            with self.db.session() as own:
                return self.get(id, own)
        row = session.get(self.kind.model, id) if id is not None else None
        if row is None or not self.mine(row):
            raise self.not_found(id)
        return row

    def not_found(self, id: str | None) -> exception.NotFound:
        """What is said of an id that nobody has."""
        return exception.NotFound(self.kind.missing.format(name=self.kind.name, id=id))

    def create(self, values: Body) -> Row:
        """A new one. Raises Conflict, BadRequest, NotFound."""
        row = self.kind.model(id=self.backend.ids.hex())
        self.preparing(row, values)
        with self.storing(values, row.id) as session:
            self.creating(session, row, values)
            self.fill(row, values)
            session.add(row)
        if self.kind.remembered:
            self.backend.changes.happened()
        return row

    def update(self, id: str, values: Body) -> Row:
        """Change one. Raises NotFound, Conflict, BadRequest, Forbidden."""
        if values.get("id", id) != id:
            raise exception.BadRequest("Cannot change ID")
        self.preparing(None, values)
        with self.storing(values, id) as session:
            row = self.get(id, session)
            if frozen(row) and values.get("options", {}).get("immutable", True):
                raise exception.Forbidden(IMMUTABLE.format("update", self.kind.name, id))
            self.updating(session, row, values)
            self.fill(row, values)
        self.backend.changes.happened()
        return row

    def delete(self, id: str) -> None:
        """Delete one. Raises NotFound, Forbidden."""
        with self.db.session() as session:
            row = self.get(id, session)
            if frozen(row):
                raise exception.Forbidden(IMMUTABLE.format("delete", self.kind.name, id))
            self.deleting(session, row)
            session.delete(row)
        self.backend.changes.happened()

    def fill(self, row: Row, values: Body) -> None:
        """Put values into a row: attributes into its columns, the rest into `extra`."""
        known, shown = self.kind.attributes, self.kind.shown
        for name, value in values.items():
            if name == "options":
                merged = (getattr(row, name) or {}) | value
                setattr(row, name, {k: v for k, v in merged.items() if v is not None})
            elif name in shown and name in known:
                setattr(row, name, boolean(value) if known[name] is BOOLEAN else value)
        rest = {k: v for k, v in values.items() if k not in ("id", "links", "options", *known, *shown)}
        if rest:
            # A new dict, because SQLAlchemy does not see a change inside a JSON column.
            row.extra = (row.extra or {}) | rest

    @contextmanager
    def storing(self, values: Body, id: str) -> Iterator[Session]:
        """A transaction. Raises Conflict if a name is taken."""
        try:
            with self.db.session() as session, session.no_autoflush:
                yield session
        except IntegrityError:
            raise exception.Conflict(
                f"Conflict occurred attempting to store {self.taken(values | {'id': id})}."
            ) from None


def frozen(row: Kept) -> bool:
    """Whether an option protects a row."""
    return bool((getattr(row, "options", None) or {}).get("immutable"))
