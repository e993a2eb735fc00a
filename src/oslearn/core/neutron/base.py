"""What every resource of Neutron has in common: its description as data, its revisions, and who may see and change it.

Interface: `Resource`, with `AnyResource`, and the first two: `NETWORK`, `SUBNET`; `Shape`, what is asked of
one; `dhcp_hosts(network)`; `Stamps` marks rows as new or changed; `own`, `refuse`, `assign`.
Invariants: what the caller may not see does not exist (404).
Upstream: neutron/api/v2/resource.py, neutron_lib/db/model_query.py, neutron/services/revisions,
neutron/plugins/ml2/plugin.py, neutron/extensions/external_net.py. Left out: RBAC policies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar, cast

from sqlalchemy import JSON, BindParameter, ColumnElement, DateTime, Select, bindparam, false, or_, select, true
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute, Session, lazyload

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.attributes import RESOURCES, Attributes, Specs, Values, load
from oslearn.core.neutron.models import Network, Subnet
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.clock import Clock, Ids, iso
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.strutils import Column

Row = TypeVar("Row")
Condition = ColumnElement[bool] | InstrumentedAttribute[bool]
Project = str | None | BindParameter[str]
"""Whose rows are asked for: a project's id, or in a prepared query what stands for it."""
Names = tuple[str, ...]
Asked = tuple[tuple[str, bool], ...]
"""The attributes that a query compares, and of each whether it names several values."""


class Shape(NamedTuple):
    """What is asked for, but for the values."""

    names: Names = ()
    """The attributes that are wanted; all, if none is named."""
    asked: Asked = ()
    order: tuple[tuple[Column, bool], ...] = ()
    """Columns, and whether each descends."""
    limit: int | None = None


@dataclass(frozen=True, eq=False)
class Resource(Generic[Row]):
    """One collection of the API: the table of its rows, what they have, and who sees them."""

    name: str
    model: Any
    missing: type[exception.OpenStackError]
    """The error of an id that is not there."""
    shared: Callable[[Project], list[Condition]] = lambda project: []
    """Conditions for rows of other projects that a project may see too."""
    admins: bool = False
    """Whether the rows are an admin's only."""
    freed: bool = False
    """Whether the owner of what a row belongs to, a port's network, a rule's group, may delete it as well."""
    declared: Specs = field(default_factory=lambda: RESOURCES)
    """The table that says what it has."""

    @property
    def plural(self) -> str:
        """The name of the collection in a body."""
        return f"{self.name}s"

    @cached_property
    def attributes(self) -> Attributes:
        """What it has, by the name that the API gives it."""
        return load(self.declared[self.name])

    @cached_property
    def _getters(self) -> list[tuple[str, Callable[[Row], object], bool]]:
        shown = [(name, spec) for name, spec in self.attributes.items() if spec.shown]
        return [(name, attrgetter(spec.column or name), spec.secret) for name, spec in shown]

    def view(self, row: Row, admin: bool = True, wanted: Collection[str] = ()) -> Values:
        """A row as the API shows it; of that what is wanted, if something is named."""
        shown = {
            name: get(row)
            for name, get, secret in self._getters
            if (admin or not secret) and (not wanted or name in wanted)
        }
        for name, other in self.model.shown_if.items():
            if name in shown and not getattr(row, other):
                del shown[name]
        return {name: iso(value) if isinstance(value, datetime) else value for name, value in shown.items()}

    def columns(self, values: Values) -> Values:
        return {self.attributes[name].column or name: value for name, value in values.items()}

    def visible(self, caller: Context) -> ColumnElement[bool]:
        """The condition for the rows that the caller may see; an admin and a service see all."""
        return true() if policy.admin_or_service(caller, {}) else self.seen(caller.project_id)

    def seen(self, project: Project) -> ColumnElement[bool]:
        """The condition for the rows that a project may see."""
        return false() if self.admins else or_(self.model.project_id == project, *self.shared(project))

    def column(self, attribute: str) -> Any:
        """The column that keeps an attribute, if it has one that can be compared."""
        known = self.attributes.get(attribute)
        found = getattr(self.model, known.column or attribute, None) if known else None
        return None if isinstance(getattr(found, "type", JSON()), JSON | DateTime) else found

    def read(self, session: Session, caller: Context, shape: Shape, values: Values, *more: Condition) -> Sequence[Row]:
        """The rows that the caller may see and the query finds; `more` are conditions that no shape has."""
        query, plain = prepared(self, shape, policy.admin_or_service(caller, {}))
        found = session.execute(query.where(*more) if more else query, values | {"caller": caller.project_id})
        return cast(Sequence[Row], found.all() if plain else found.unique().scalars().all())

    def find(self, session: Session, caller: Context, key: object, names: Names = ()) -> Row:
        """A row by its id, or of it only some attributes. Raises the resource's NotFound."""
        found = self.read(session, caller, Shape(names, (("id", False),)), {"id": str(key)})
        if not found:
            raise self.missing(id=key)
        return found[0]


AnyResource = Resource[Any]


@lru_cache(maxsize=256)
def prepared(resource: AnyResource, shape: Shape, everything: bool) -> tuple[Select[Any], bool]:
    """The query of that shape, for who sees everything or for a `caller`: the same few are asked again and again.

    If only some attributes are wanted, and each is a column, it finds no objects, and True stands behind it.
    """
    specs = {name: spec for name in shape.names if (spec := resource.attributes.get(name))}
    needed = ["id", "project_id", *(spec.column or name for name, spec in specs.items())]
    needed += [other for name, other in resource.model.shown_if.items() if name in shape.names]
    columns: list[Any] = [getattr(resource.model, name, None) for name in dict.fromkeys(needed)]
    plain = all(isinstance(getattr(column, "property", None), ColumnProperty) for column in columns)
    plain = bool(shape.names) and plain and all(spec.shown for spec in specs.values())
    query = select(*columns) if plain else select(resource.model)
    if shape.names and not plain:
        query = query.options(lazyload("*"))  # what belongs to a row is read when it is asked for
    for name, several in shape.asked:
        column, value = resource.column(name), cast(Any, bindparam(name, expanding=several))
        query = query.where(column.in_(value) if several else column == value)
    query = query.where(true() if everything else resource.seen(bindparam("caller")))
    by = [column.desc() if descends else column.asc() for column, descends in shape.order]
    return query.order_by(*by).limit(shape.limit), plain


class Stamps:
    """What every row says of its own history: when it was made, when it changed last, and how often."""

    def __init__(self, ids: Ids, clock: Clock) -> None:
        self.ids, self.clock = ids, clock

    def new(self) -> Values:
        """The columns that every new row gets."""
        now = self.clock.now()
        return {"id": self.ids.uuid(), "created_at": now, "updated_at": now}

    def touch(self, row: Any, times: int = 1) -> None:
        """Note that a row has changed: a client that saw an older revision is refused (`If-Match`)."""
        row.updated_at, row.revision_number = self.clock.now(), row.revision_number + times


def own(caller: Context, row: object) -> None:
    """May the caller change it? What is only shared with it answers as upstream: it is not there. Raises NotFound."""
    if not policy.owner(caller, {"project_id": getattr(row, "project_id", caller.project_id)}):
        raise exception.NotFound()


def refuse(action: str, *names: str) -> exception.PolicyNotAuthorized:
    """The refusal of attributes that are not the caller's to choose."""
    chain = " and ".join([f"rule:{action}", *(f"rule:{action}:{name}" for name in names)])
    return exception.PolicyNotAuthorized(f"({chain}) is disallowed by policy")


def assign(row: object, values: Values) -> None:
    for name, value in values.items():
        setattr(row, name, value)


NETWORK: Resource[Network] = Resource(
    "network", Network, e.NetworkNotFound, lambda project: [Network.shared, Network.external]
)
OPEN = select(Network.id).where(or_(Network.shared, Network.external))
SUBNET: Resource[Subnet] = Resource("subnet", Subnet, e.SubnetNotFound, lambda project: [Subnet.network_id.in_(OPEN)])


def dhcp_hosts(network: Network) -> list[str]:
    return [agent.host for agent in network.agents if agent.admin_state_up]
