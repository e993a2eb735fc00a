"""Query parameters that choose providers, the SQL conditions that they become, and the names that there are.

Interface: `Group`, its `parse` and `conditions`; `RESOURCE_CLASSES`, `TRAITS`: the standard names; `check_classes`,
`unknown_traits`.
Invariants: a custom name begins with `CUSTOM_`.
Upstream: placement/lib.py, placement/util.py, placement/objects/resource_class.py, trait.py; the libraries
os-resource-classes and os-traits. Left out: `same_subtree`, sharing providers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.schema import first_error
from oslearn.core.placement.exception import BadQuery, ResourceClassNotFound
from oslearn.core.placement.models import (
    Allocation,
    Inventory,
    ProviderAggregate,
    ProviderTrait,
    ResourceClass,
    ResourceProvider,
    Trait,
)
from oslearn.core.placement.schemas import UUID

DATA = tomllib.loads((Path(__file__).parent / "names.toml").read_text("utf-8"))
RESOURCE_CLASSES: list[str] = DATA["resource_classes"].split()
TRAITS: list[str] = DATA["traits"].split()


def check_classes(session: Session, names: set[str]) -> None:
    """Raise ResourceClassNotFound unless all are there."""
    if unknown := names.difference(RESOURCE_CLASSES):
        for name in sorted(unknown.difference(session.scalars(select(ResourceClass.name)))):
            raise ResourceClassNotFound(name=name)


def unknown_traits(session: Session, names: set[str]) -> list[str]:
    unknown = names.difference(TRAITS)
    return sorted(unknown.difference(session.scalars(select(Trait.name)))) if unknown else []


FORM = "Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,"
Sets = list[set[str]]
Resources = dict[str, int]
"""Amounts by resource class."""
Params = Mapping[str, str | list[str]]


@dataclass
class Group:
    """What one group of parameters asks of a provider: amounts, traits and aggregates.

    `required` and `member_of` hold sets, of each of which one is enough.
    """

    resources: Resources = field(default_factory=dict)
    required: Sets = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    member_of: Sets = field(default_factory=list)
    not_member_of: set[str] = field(default_factory=set)
    in_tree: str | None = None

    @classmethod
    def parse(cls, params: Params, suffix: str = "") -> Group:
        """The parameters with this suffix. Raises BadRequest."""
        group = cls(in_tree=next(iter(several(params, f"in_tree{suffix}")), None))
        for value in several(params, f"resources{suffix}"):
            group.resources |= resources(value)
        for value in several(params, f"required{suffix}"):
            group.add_traits(value)
        for value in several(params, f"member_of{suffix}"):
            group.add_aggregates(value)
        return group

    def add_traits(self, text: str) -> None:
        """`A,!B`, or `in:A,B`. Raises BadQuery."""
        names = [name.strip() for name in text.removeprefix("in:").split(",")]
        if not all(name.removeprefix("!") for name in names):
            expected = "Expected 'required' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC."
            raise BadQuery(f"Invalid query string parameters: {expected} Got: {text}")
        if text.startswith("in:"):
            self.required.append(set(names))
            return
        self.required += [{name} for name in names if name[0] != "!"]
        self.forbidden |= {name[1:] for name in names if name[0] == "!"}

    def add_aggregates(self, text: str) -> None:
        """`UUID`, `in:UUID,UUID`, or either with `!` before it. Raises BadQuery."""
        wanted = text.removeprefix("!")
        if "," in wanted and not wanted.startswith("in:"):
            raise BadQuery(f"Multiple values for 'member_of' must be prefixed with the 'in:' keyword. Got: {text}")
        uuids = set(wanted.removeprefix("in:").split(","))
        for uuid in uuids:
            if first_error(uuid, UUID) is not None:
                expected = "Expected 'member_of' parameter to contain valid UUID(s)."
                raise BadQuery(f"Invalid query string parameters: {expected} Got: {uuid}")
        if text.startswith("!"):
            self.not_member_of |= uuids
        else:
            self.member_of.append(uuids)

    def check(self, session: Session) -> None:
        """Raise BadRequest unless all classes and traits are there."""
        try:
            check_classes(session, set(self.resources))
        except ResourceClassNotFound as error:
            raise BadRequest(f"Invalid resource class in resources parameter: {error}") from None
        if unknown := unknown_traits(session, set().union(*self.required, self.forbidden)):
            raise BadRequest(f"No such trait(s): {', '.join(unknown)}.")

    def conditions(self, owner: Any = ResourceProvider.id) -> Iterator[ColumnElement[bool]]:
        """What must hold for a row of `resource_providers`; traits and aggregates are those of `owner`."""
        yield from (has_room(name, amount) for name, amount in self.resources.items())
        yield from (has(ProviderTrait.trait, names, owner) for names in self.required)
        yield from (has(ProviderAggregate.aggregate, uuids, owner) for uuids in self.member_of)
        if self.forbidden:
            yield ~has(ProviderTrait.trait, self.forbidden, owner)
        if self.not_member_of:
            yield ~has(ProviderAggregate.aggregate, self.not_member_of, owner)
        if self.in_tree:
            member = aliased(ResourceProvider)
            tree = select(member.root_provider_uuid).where(member.uuid == self.in_tree).scalar_subquery()
            yield ResourceProvider.root_provider_uuid == tree


def several(params: Params, name: str) -> list[str]:
    value = params.get(name, [])
    return value if isinstance(value, list) else [value]


def resources(text: str) -> Resources:
    """`VCPU:2,MEMORY_MB:1024`. Raises BadRequest."""
    found: Resources = {}
    for part in text.split(","):
        name, colon, amount = part.partition(":")
        if not colon or ":" in amount:
            raise BadRequest(f"{FORM}MEMORY_MB:1024. Got: {part or 'empty string'}.")
        if not amount.isdecimal():
            raise BadRequest(f"Requested resource {name} expected positive integer amount. Got: {amount}.")
        found[name] = number(amount)
        if found[name] < 1:
            raise BadRequest(f"Requested resource {name} requires amount >= 1. Got: {found[name]}.")
    return found


def used(provider_id: Any, resource_class: Any) -> Any:
    """How much of a class all consumers of a provider use."""
    here = Allocation.resource_provider_id == provider_id, Allocation.resource_class == resource_class
    total = select(func.coalesce(func.sum(Allocation.used), 0)).where(*here)
    return total.correlate_except(Allocation).scalar_subquery()


def number(digits: str) -> int:
    """A number; of one that is longer than any there is, as many digits as the database takes.

    >>> number("007"), number("0"), number("9" * 5000) > 10**16
    (7, 0, True)
    """
    return int(digits.lstrip("0")[:17] or "0")


def has_room(name: str, amount: int) -> ColumnElement[bool]:
    """The provider can give this much more of a class."""
    have = aliased(Inventory)
    return exists().where(
        and_(
            have.resource_provider_id == ResourceProvider.id,
            have.resource_class == name,
            used(ResourceProvider.id, name) + amount <= (have.total - have.reserved) * have.allocation_ratio,
            have.min_unit <= amount,
            have.max_unit >= amount,
            amount % have.step_size == 0,
        )
    )


def has(column: Any, names: set[str], owner: Any) -> ColumnElement[bool]:
    """The owner has one of the names in a table of its own."""
    return exists().where(column.class_.resource_provider_id == owner, column.in_(sorted(names)))
