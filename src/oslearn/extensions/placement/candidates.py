"""Allocation candidates for what Nova's default boot never asks, and in the shapes of older microversions.

Interface: `EveryCandidates` takes the place of the core's handler; `WideGroup`, which knows aggregates, whose table is
`ProviderAggregate`.
Upstream: placement/handlers/allocation_candidate.py, placement/lib.py. Left out: groups with `group_policy=isolate`
find none, for a candidate is one provider; `same_subtree`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self
from urllib.parse import parse_qs

from sqlalchemy import ColumnElement, Connection, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request, Version
from oslearn.core.oslo.schema import first_error
from oslearn.core.oslo.wsgi import Handler
from oslearn.core.placement import candidates
from oslearn.core.placement.candidates import Candidates, Group, Params, Resources, Who, has, known, trait_names
from oslearn.core.placement.exception import BadQuery
from oslearn.core.placement.models import PROVIDER, Base, ProviderTrait, ResourceProvider
from oslearn.core.placement.schemas import UUID
from oslearn.extensions.placement.exception import ResourceClassNotFound
from oslearn.extensions.placement.names import check_classes, unknown_traits

SUFFIXED = re.compile(r"(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{0,64})")
WIDE = {"limit", "group_policy", "root_required", "same_subtree"}
SINCE: dict[str, Version] = {
    "mappings": (1, 34), "parent_provider_uuid": (1, 29), "root_provider_uuid": (1, 29), "traits": (1, 17),
}  # fmt: skip
"""From which microversion on a reply says so."""


class ProviderAggregate(Base):
    """A group that a provider is in."""

    __tablename__ = "resource_provider_aggregates"
    resource_provider_id: Mapped[int] = mapped_column(ForeignKey(PROVIDER), primary_key=True)
    aggregate: Mapped[str] = mapped_column(primary_key=True, index=True)


@dataclass
class WideGroup(Group):
    """What one group of parameters asks: of each set in `any_of` and `member_of` one trait or aggregate is enough."""

    any_of: list[set[str]] = field(default_factory=list)
    member_of: list[set[str]] = field(default_factory=list)
    not_member_of: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, params: Params) -> Self:
        """What a query's parameters ask for. Raises BadRequest."""
        group = super().parse(params)
        for text in params.get("member_of", ()):
            group.add_aggregates(text)
        return group

    def add_traits(self, text: str) -> None:
        """`A,!B`, or `in:A,B`. Raises BadQuery."""
        if text.startswith("in:"):
            self.any_of.append({*trait_names(text, "in:")})
        else:
            super().add_traits(text)

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

    def check(self, connection: Connection) -> None:
        """Raise BadRequest unless all classes and traits are there."""
        try:
            check_classes(connection, set(self.resources))
        except ResourceClassNotFound as error:
            raise BadRequest(f"Invalid resource class in resources parameter: {error}") from None
        if unknown := unknown_traits(connection, set().union(*self.any_of, self.required, self.forbidden)):
            raise BadRequest(f"No such trait(s): {', '.join(unknown)}.")

    def conditions(self, owner: Any = ResourceProvider.id) -> Iterator[ColumnElement[bool]]:
        """What must hold for a row of `resource_providers`; traits and aggregates are those of `owner`."""
        yield from super().conditions(owner)
        yield from (has(ProviderTrait.trait, names, owner) for names in self.any_of)
        yield from (has(ProviderAggregate.aggregate, uuids, owner) for uuids in self.member_of)
        if self.not_member_of:
            yield ~has(ProviderAggregate.aggregate, self.not_member_of, owner)


class EveryCandidates(Candidates):
    """Several groups of what is asked, with names of their own; nobody learns what their microversion does not say."""

    def leads_to(self, name: str) -> Handler:
        """The trace leads to the core's handler, where candidates are explained."""
        handler: Handler = getattr(super(), name)
        return handler

    def list_candidates(self, req: Request) -> Body:
        """Allocation requests and summaries of their providers. 200, 400, 404."""
        groups, root, query = understood(req.query_string)
        asked = total(groups.values())
        apart = req.query.get("group_policy") == "isolate" and len(groups) > 1
        with self.handle.engine.connect() as connection:
            for group in (*groups.values(), root):
                group.check(connection)
            if apart:
                return {"allocation_requests": [], "provider_summaries": {}}
            return at(req.microversion, {**candidates.offers(connection, query, asked, groups)}, asked)


def at(version: Version, found: Body, asked: Resources) -> Body:
    """What a microversion says of them."""
    unsaid = {name for name, since in SINCE.items() if version < since}
    for each in (*found["allocation_requests"], *found["provider_summaries"].values()) if unsaid else ():
        for name in unsaid & each.keys():
            del each[name]
    if version < (1, 27):
        for summary in found["provider_summaries"].values():
            summary["resources"] = {name: have for name, have in summary["resources"].items() if name in asked}
    if version < (1, 12):
        for uuid, request in zip(found["provider_summaries"], found["allocation_requests"], strict=True):
            request["allocations"] = [{"resource_provider": {"uuid": uuid}, "resources": asked}]
    return found


@lru_cache(maxsize=256)
def understood(query_string: str) -> tuple[dict[str, WideGroup], WideGroup, Who]:
    """The groups by suffix, what is asked of their root, and the query that finds who has it all.

    Raises BadRequest. The same flavor asks in the same words again and again.
    """
    params = parse_qs(query_string, keep_blank_values=True)
    groups = {suffix: WideGroup.parse(given) for suffix, given in by_suffix(params).items()}
    if not any(group.resources for group in groups.values()):
        raise BadRequest("All request groups must specify resources.")
    if len([suffix for suffix in groups if suffix]) > 1 and "group_policy" not in params:
        many = 'when specifying more than one "resources{N}" parameter.'
        raise BadRequest(f'The "group_policy" parameter is required {many}')
    root = WideGroup.parse({"required": params.get("root_required", [])})
    for policy in params.get("group_policy", []):
        if policy not in ("none", "isolate"):
            raise BadQuery(f"Invalid query string parameters: '{policy}' is not one of ['none', 'isolate']")
    return groups, root, candidates.who_has(groups.values(), root, params)


def by_suffix(params: Params) -> dict[str, dict[str, list[str]]]:
    """Each group's parameters, in order; the one without a suffix is called "". Raises BadRequest for another field."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, values in params.items():
        if match := SUFFIXED.fullmatch(name):
            found.setdefault(match[2], {})[match[1]] = values
        else:
            known([name], WIDE)
    return found


def total(groups: Iterable[Group]) -> Resources:
    """What all groups ask for together."""
    asked: Resources = {}
    for group in groups:
        for name, amount in group.resources.items():
            asked[name] = asked.get(name, 0) + amount
    return asked
