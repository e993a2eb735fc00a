"""What every collection of the Identity API has in common: rows that are made, found, changed and deleted.

Interface: a `Kind` is one collection: its table, its attributes, and its own rules as hooks; `Manager` has them all.
Invariants: a change and what it drags along are one transaction; what others remember is forgotten with each change.
Upstream: keystone/common/manager.py and the CRUD of each `core.py`. Left out: other backends than SQL, notifications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.core.keystone import password
from oslearn.core.keystone.models import ROOT, RevocationEvent
from oslearn.core.keystone.schemas import BOOLEAN, SWITCH, Schema, body, boolean
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

COMPARE: dict[str, Callable[[Any, str], Any]] = {
    "": lambda column, value: column == value,
    "contains": lambda column, value: column.contains(value, autoescape=True),
    "startswith": lambda column, value: column.startswith(value, autoescape=True),
    "endswith": lambda column, value: column.endswith(value, autoescape=True),
}
"""`?name__contains=x`; an `i` before the comparator asks for upper and lower case alike."""


class Kind:
    """One collection."""

    name: ClassVar[str]
    plural: ClassVar[str]
    path: ClassVar[str] = ""
    model: ClassVar[Any]
    attributes: ClassVar[Schema]
    required: ClassVar[tuple[str, ...]] = ("name",)
    fixed: ClassVar[tuple[str, ...]] = ()
    shown: ClassVar[tuple[str, ...]]
    filters: ClassVar[tuple[str, ...]] = ()
    remembered: ClassVar[bool] = False  # whether a new row changes what somebody remembers
    nested: ClassVar[bool] = False  # whether its API is below its user's alone
    missing: ClassVar[str] = "Could not find {name}: {id}."

    def __init_subclass__(cls) -> None:
        cls.plural = cls.name.removesuffix("y") + "ies" if cls.name.endswith("y") else cls.name + "s"
        cls.create_schema = body(cls.name, cls.attributes, cls.required)
        changes = {name: rule for name, rule in cls.attributes.items() if name not in cls.fixed}
        cls.update_schema = body(cls.name, changes, minProperties=1)
        known = {name: cls.attributes.get(name, {}) for name in cls.filters}
        cls.query_schema = {"type": "object", "properties": known, "additionalProperties": not cls.strict_query}

    create_schema: ClassVar[Schema]
    update_schema: ClassVar[Schema]
    query_schema: ClassVar[Schema]
    strict_query: ClassVar[bool] = False
    """Whether a list refuses what it does not know in a query."""

    def __init__(self, manager: Manager) -> None:
        self.manager, self.db, self.ids = manager, manager.db, manager.ids

    # --- its own rules

    def preparing(self, row: Any, values: dict[str, Any]) -> None:
        """Before the transaction that stores a new row, or changes one (then `row` is None): what takes long."""

    def creating(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        """Before a row is stored."""

    def updating(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        """Before a row changes."""

    def deleting(self, session: Session, row: Any) -> None:
        """Before a row goes; the database deletes what belongs to it."""

    def taken(self, values: dict[str, Any]) -> str:
        """What is said of a name that is taken."""
        where = f" at domain ID {values['domain_id']}" if values.get("domain_id", ROOT) != ROOT else ""
        return f"{self.name} - Duplicate entry found with name {values.get('name')}{where}"

    def view(self, row: Any) -> dict[str, Any]:
        """How a row is shown."""
        own = {name: getattr(row, name) for name in self.shown}
        if own.get("domain_id") == ROOT:
            own["domain_id"] = None
        return (row.extra or {}) | own

    # --- what all do

    def find(
        self, query: Mapping[str, str] | None = None, *where: Any, marker: str | None = None, limit: int | None = None
    ) -> Sequence[Any]:
        """Rows in the order of their ids: those that fit a query, `limit` of them after `marker`."""
        statement = select(self.model).where(*self.conditions(query or {}), *where).order_by(self.model.id)
        if marker:
            statement = statement.where(self.model.id > marker)
        with self.db.session() as session:
            return session.scalars(statement.limit(limit)).all()

    def conditions(self, query: Mapping[str, str]) -> Iterator[Any]:
        """What a query asks for; what it names that cannot be asked for is ignored."""
        for key, value in query.items():
            name, _, how = key.partition("__")
            if name not in self.filters or how.removeprefix("i") not in COMPARE:
                continue
            wanted: Any = boolean(value) if self.attributes.get(name) in (BOOLEAN, SWITCH) else value
            yield COMPARE[how.removeprefix("i")](getattr(self.model, name), wanted)

    def get(self, id: str | None, session: Session | None = None) -> Any:
        """One. Raises NotFound."""
        if session is None:
            with self.db.session() as session:
                return self.get(id, session)
        row = session.get(self.model, id) if id is not None else None
        if row is None or not self.mine(row):
            raise exception.NotFound(self.missing.format(name=self.name, id=id))
        return row

    def mine(self, row: Any) -> bool:
        """Whether a row of the table belongs to this collection."""
        return True

    def create(self, values: dict[str, Any]) -> Any:
        """A new one. Raises Conflict, BadRequest, NotFound."""
        row = self.model(id=self.ids.hex())
        self.preparing(row, values)
        with self.storing(values, row.id) as session:
            self.creating(session, row, values)
            self.fill(row, values)
            session.add(row)
        if self.remembered:
            self.manager.changed()
        return row

    def update(self, id: str, values: dict[str, Any]) -> Any:
        """Change one. Raises NotFound, Conflict, BadRequest, Forbidden."""
        if values.get("id", id) != id:
            raise exception.BadRequest("Cannot change ID")
        self.preparing(None, values)
        with self.storing(values, id) as session:
            row = self.get(id, session)
            frozen = (getattr(row, "options", None) or {}).get("immutable")
            if frozen and values.get("options", {}).get("immutable", True):
                raise exception.Forbidden(IMMUTABLE.format("update", self.name, id))
            self.updating(session, row, values)
            self.fill(row, values)
        self.manager.changed()
        return row

    def delete(self, id: str) -> None:
        """Delete one. Raises NotFound, Forbidden."""
        with self.db.session() as session:
            row = self.get(id, session)
            if (getattr(row, "options", None) or {}).get("immutable"):
                raise exception.Forbidden(IMMUTABLE.format("delete", self.name, id))
            self.deleting(session, row)
            session.delete(row)
        self.manager.changed()

    def fill(self, row: Any, values: dict[str, Any]) -> None:
        """Put values into a row: attributes into its columns, the rest into `extra`."""
        for name, value in values.items():
            if name == "options":
                row.options = {k: v for k, v in ((row.options or {}) | value).items() if v is not None}
            elif name in self.shown and name in self.attributes:
                setattr(row, name, boolean(value) if self.attributes[name] is BOOLEAN else value)
        rest = {k: v for k, v in values.items() if k not in ("id", "links", "options", *self.attributes, *self.shown)}
        if rest:
            row.extra = (row.extra or {}) | rest

    @contextmanager
    def storing(self, values: dict[str, Any], id: str) -> Iterator[Session]:
        """A transaction. Raises Conflict if a name is taken."""
        try:
            with self.db.session() as session, session.no_autoflush:
                yield session
        except IntegrityError:
            raise exception.Conflict(
                f"Conflict occurred attempting to store {self.taken(values | {'id': id})}."
            ) from None


IMMUTABLE = 'Unable to {} immutable {} resource: `{}. Set resource option "immutable" to false first.'


class Manager:
    """All collections by name, and what they share."""

    def __init__(
        self, db: Handle, ids: Ids, clock: Clock, cost: int, told: Callable[[], None], kinds: Sequence[type[Kind]]
    ) -> None:
        """`told` is called after each change."""
        self.db, self.ids, self.clock, self.cost, self.told, self.changes = db, ids, clock, cost, told, 0
        self.kinds: dict[str, Any] = {kind.name: kind(self) for kind in kinds}
        self.by_path = {kind.path + kind.plural: kind for kind in self.kinds.values() if not kind.nested}

    def changed(self) -> None:
        """Count a change, and let those who remember forget."""
        self.changes += 1
        self.told()

    def find(self, kind: str, name: str | None = None) -> Sequence[Any]:
        """All of a kind, or those with a name."""
        return self.kinds[kind].find({} if name is None else {"name": name})

    def hash(self, secret: str, cost: int | None = None) -> str:
        """The hash of a password with a fresh salt."""
        return password.hash_password(secret, self.ids.secret(16), cost or self.cost)

    def revoke(self, session: Session, **tokens: str | None) -> None:
        """End the tokens that were issued before: of `user_id`, in `project_id`, with `audit_id`."""
        session.add(RevocationEvent(issued_before=self.clock.now(), **tokens))
