"""Allocation candidates: which providers could give what is asked for.

Interface: `Candidates`, the handler of `GET /allocation_candidates`; a `Group` is what is asked of a provider;
`who_has(groups, root, params)` is the query that finds those who have it all, `offers` what is said of them.
Invariants: one query finds the candidates, and the database stops at `limit`; nothing is reserved by looking.
Upstream: placement/handlers/allocation_candidate.py, placement/objects/allocation_candidate.py, placement/lib.py.
Left out: trees of providers and shared providers (a candidate is one provider that has everything).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self, TypedDict
from urllib.parse import parse_qs

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request
from oslearn.core.placement.exception import BadQuery
from oslearn.core.placement.models import Allocation, Inventory, ProviderTrait, ResourceProvider

KNOWN = {"resources", "required", "in_tree", "root_required", "limit"}
HAVE = (
    select(Inventory.resource_provider_id.label("id"), Inventory.resource_class, Inventory.total, Inventory.reserved,
           Inventory.allocation_ratio, func.coalesce(func.sum(Allocation.used), 0).label("used"))
    .outerjoin(Allocation, (Allocation.resource_provider_id == Inventory.resource_provider_id)
               & (Allocation.resource_class == Inventory.resource_class))
    .where(Inventory.resource_provider_id.between(bindparam("first"), bindparam("last")))
    .group_by(Inventory.resource_provider_id, Inventory.resource_class)
)  # fmt: skip
"""What providers have, and how much of it is used."""
TRAITS = (
    select(ProviderTrait.resource_provider_id, func.aggregate_strings(ProviderTrait.trait, ","))
    .where(ProviderTrait.resource_provider_id.between(bindparam("first"), bindparam("last")))
    .group_by(ProviderTrait.resource_provider_id)
)
"""The traits by provider, as one row each; those of hosts are alike."""
in_order = lru_cache(maxsize=256)(lambda names: tuple(sorted(names.split(","))))
FORM = "Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,"
Params = Mapping[str, list[str]]
"""A query's parameters."""
Resources = dict[str, int]
"""Amounts by resource class."""
Who = Select[int, str, str | None, str]
"""A query for providers: id and uuid, the uuids of parent and root."""


class Summary(TypedDict):
    """What a reply says of a provider: its resources with `capacity` and `used`, what it is like, and its tree."""

    resources: dict[str, Resources]
    traits: Sequence[str]
    parent_provider_uuid: str | None
    root_provider_uuid: str


class Offers(TypedDict):
    """What could be claimed: requests, each ready to be PUT, and summaries of their providers."""

    allocation_requests: list[dict[str, object]]
    provider_summaries: dict[str, Summary]


class Candidates:
    """Looks for providers; nothing is reserved."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_candidates(self, req: Request) -> Mapping[str, object]:
        """Allocation requests and summaries of their providers, in the shape of 1.36. 200, 400."""
        group, query = understood(req.query_string)
        with self.handle.engine.connect() as connection:
            return offers(connection, query, group.resources)


@dataclass
class Group:
    """What is asked of a provider: amounts of resources, and traits that it must have or must not."""

    resources: Resources = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    in_tree: str | None = None

    @classmethod
    def parse(cls, params: Params) -> Self:
        """What a query's parameters ask for. Raises BadRequest."""
        group = cls(in_tree=next(iter(params.get("in_tree", ())), None))
        for text in params.get("resources", ()):
            group.resources |= resources(text)
        for text in params.get("required", ()):
            group.add_traits(text)
        return group

    def add_traits(self, text: str) -> None:
        """`A,!B`. Raises BadQuery."""
        names = trait_names(text)
        self.required += [name for name in names if name[0] != "!"]
        self.forbidden |= {name[1:] for name in names if name[0] == "!"}

    def conditions(self, owner: Any = ResourceProvider.id) -> Iterator[ColumnElement[bool]]:
        """What must hold for a row of `resource_providers`; the traits are those of `owner`."""
        yield from (has_room(name, amount) for name, amount in self.resources.items())
        yield from (has(ProviderTrait.trait, {name}, owner) for name in self.required)
        if self.forbidden:
            yield ~has(ProviderTrait.trait, self.forbidden, owner)
        if self.in_tree:
            member = aliased(ResourceProvider)
            tree = select(member.root_provider_uuid).where(member.uuid == self.in_tree).scalar_subquery()
            yield ResourceProvider.root_provider_uuid == tree


@lru_cache(maxsize=256)
def understood(query_string: str) -> tuple[Group, Who]:
    """What is asked for, and the query that finds who has it. Raises BadRequest.

    The same flavor asks in the same words again and again.
    """
    params = parse_qs(query_string, keep_blank_values=True)
    known(params, KNOWN)
    group, root = Group.parse(params), Group()
    if not group.resources:
        raise BadRequest("All request groups must specify resources.")
    for text in params.get("root_required", ()):
        root.add_traits(text)
    return group, who_has([group], root, params)


def known(params: Iterable[str], names: set[str]) -> None:
    """Raise BadRequest for a query with other fields."""
    for name in params:
        if name not in names:
            unexpected = f"Additional properties are not allowed ('{name}' was unexpected)"
            raise BadRequest(f"Invalid query string parameters: {unexpected}")


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


def trait_names(text: str, prefix: str = "") -> list[str]:
    """What stands between the commas. Raises BadQuery if it is nothing. `prefix`, the extensions', is left out."""
    names = [name.strip() for name in text.removeprefix(prefix).split(",")]
    if not all(name.removeprefix("!") for name in names):
        expected = "Expected 'required' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC."
        raise BadQuery(f"Invalid query string parameters: {expected} Got: {text}")
    return names


def number(digits: str) -> int:
    """A number; of one that is longer than any there is, as many digits as the database takes.

    >>> number("007"), number("0"), number("9" * 5000) > 10**16
    (7, 0, True)
    """
    return int(digits.lstrip("0")[:17] or "0")


def who_has(groups: Iterable[Group], root: Group, params: Params) -> Who:
    """The query for who has all that the groups ask, below a root that is as `root` says. Raises BadQuery."""
    limit = params.get("limit", ["none"])[-1]
    if not re.fullmatch("none|0*[1-9][0-9]*", limit):
        raise BadQuery(f"Invalid query string parameters: '{limit}' does not match '^[1-9][0-9]*$'")
    one, top = ResourceProvider, aliased(ResourceProvider)
    query = select(one.id, one.uuid, one.parent_provider_uuid, one.root_provider_uuid).order_by(one.id)
    query = query.join(top, top.uuid == one.root_provider_uuid).where(
        *(c for g in groups for c in g.conditions()), *root.conditions(top.id)
    )
    return query if limit == "none" else query.limit(number(limit))


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


def used(provider_id: Any, resource_class: Any) -> Any:
    """How much of a class all consumers of a provider use."""
    here = Allocation.resource_provider_id == provider_id, Allocation.resource_class == resource_class
    total = select(func.coalesce(func.sum(Allocation.used), 0)).where(*here)
    return total.correlate_except(Allocation).scalar_subquery()


def has(column: Any, names: set[str], owner: Any) -> ColumnElement[bool]:
    """The owner has one of the names in a table of its own."""
    return exists().where(column.class_.resource_provider_id == owner, column.in_(sorted(names)))


def offers(connection: Connection, query: Who, asked: Resources, groups: Iterable[str] = ("",)) -> Offers:
    """What those who are found offer; `groups`, which the extensions give, name what was asked together."""
    found = connection.execute(query).all()
    summaries: dict[str, Summary] = {}
    if found:
        # They come by id. A list of a thousand ids would be a statement of its own each time; a few rows more are none.
        ends = {"first": found[0].id, "last": found[-1].id}
        resources: dict[int, dict[str, Resources]] = {id: {} for id, *_ in found}
        for id, name, total, reserved, ratio, used in connection.execute(HAVE, ends).all():
            if id in resources:
                resources[id][name] = {"capacity": int((total - reserved) * ratio), "used": used}
        traits = {id: in_order(names) for id, names in connection.execute(TRAITS, ends).all()}
        summaries = {
            uuid: {"resources": resources[id], "traits": traits.get(id, ()), "parent_provider_uuid": parent,
                   "root_provider_uuid": root}
            for id, uuid, parent, root in found
        }  # fmt: skip
    requests: list[dict[str, object]] = [
        {"allocations": {uuid: {"resources": asked}}, "mappings": {name: [uuid] for name in groups}}
        for _, uuid, *_ in found
    ]
    return {"allocation_requests": requests, "provider_summaries": summaries}
