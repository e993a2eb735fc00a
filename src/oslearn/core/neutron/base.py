"""What every resource of Neutron has in common: its description as data, its revisions, and who may see and change it.

Interface: `Resource`, with `AnyResource`, and the first two: `NETWORK`, `SUBNET`; `dhcp_hosts(network)`; `Stamps` marks
rows as new or changed; `own`, `refuse`, `assign`.
Invariants: what the caller may not see does not exist (404).
Upstream: neutron/api/v2/resource.py, neutron_lib/db/model_query.py, neutron/services/revisions,
neutron/plugins/ml2/plugin.py, neutron/extensions/external_net.py. Left out: RBAC policies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute, Session, lazyload

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.attributes import RESOURCES, Attributes, Specs, Values, load
from oslearn.core.neutron.models import Network, Subnet
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.clock import Clock, Ids, iso
from oslearn.core.oslo.context import RequestContext as Context

Row = TypeVar("Row")
Condition = ColumnElement[bool] | InstrumentedAttribute[bool]
LEAN = (lazyload("*"),)
"""For a row of which a request wants a few fields: what belongs to it is read when it is asked for."""
Query = Select[Any]


@dataclass(frozen=True)
class Resource(Generic[Row]):
    """One collection of the API: the table of its rows, what they have, and who sees them."""

    name: str
    model: Any
    missing: type[exception.OpenStackError]
    """The error of an id that is not there."""
    shared: Callable[[Context], list[Condition]] = lambda caller: []
    """Conditions for rows of other projects that a caller may see too."""
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
        if policy.admin_or_service(caller, {}):
            return true()
        if self.admins:
            return false()
        return or_(self.model.project_id == caller.project_id, *self.shared(caller))

    def read(self, session: Session, names: Collection[str], asked: Callable[[Query], Query]) -> Sequence[Row]:
        """The rows that are asked for; where only some attributes are wanted, and each is a column, no objects."""
        if columns := self._columns(names):
            return cast(Sequence[Row], session.execute(asked(select(*columns))).all())
        return session.scalars(asked(select(self.model).options(*(LEAN if names else ())))).unique().all()

    def _columns(self, names: Collection[str]) -> Sequence[Any]:
        """Those that hold the named attributes, and what is looked at besides; none if one is made of other things."""
        specs = {name: spec for name in names if (spec := self.attributes.get(name))}
        needed = ["id", "project_id", *(spec.column or name for name, spec in specs.items())]
        needed += [other for name, other in self.model.shown_if.items() if name in names]
        columns = [getattr(self.model, name, None) for name in dict.fromkeys(needed)]
        plain = all(isinstance(getattr(column, "property", None), ColumnProperty) for column in columns)
        return columns if names and plain and all(spec.shown for spec in specs.values()) else ()

    def find(self, session: Session, caller: Context, key: object, names: Collection[str] = ()) -> Row:
        """A row by its id, or of it only some attributes. Raises the resource's NotFound."""
        keyed = isinstance(key, str) and self.model.__table__.c.id.primary_key and not self.admins
        row: Row | None = None
        if keyed and (columns := self._columns(names)):
            row = cast(Row, session.execute(select(*columns).where(self.model.id == key)).first())
        elif keyed:
            row = session.get(self.model, key, options=LEAN if names else ())
        if row is not None and policy.owner(caller, {"project_id": row.project_id}):  # type: ignore[attr-defined]
            return row  # most requests name the caller's own: by key alone, without the conditions for shared ones
        wanted = select(self.model).where(self.model.id == str(key), self.visible(caller))
        found: Row | None = session.scalars(wanted).unique().first()
        if found is None:
            raise self.missing(id=key)
        return found


AnyResource = Resource[Any]


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
    "network", Network, e.NetworkNotFound, lambda caller: [Network.shared, Network.external]
)
OPEN = select(Network.id).where(or_(Network.shared, Network.external))
SUBNET: Resource[Subnet] = Resource("subnet", Subnet, e.SubnetNotFound, lambda caller: [Subnet.network_id.in_(OPEN)])


def dhcp_hosts(network: Network) -> list[str]:
    return [agent.host for agent in network.agents if agent.admin_state_up]
