"""Allocation candidates: which providers could give what is asked for.

Interface: `Candidates`, the handler of `GET /allocation_candidates`.
Invariants: one query finds the candidates, and the database stops at `limit`; nothing is reserved by looking.
Upstream: placement/handlers/allocation_candidate.py, placement/objects/allocation_candidate.py.
Left out: trees of providers and shared providers (a candidate is one provider that has everything), so groups with
`group_policy=isolate` find none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NotRequired, TypedDict
from urllib.parse import parse_qsl

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request, Version
from oslearn.core.placement.exception import BadQuery
from oslearn.core.placement.models import Allocation, Inventory, ProviderTrait, ResourceProvider
from oslearn.core.placement.query import Group, Resources, number

SUFFIXED = re.compile(r"(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{0,64})")
WIDE = {"limit", "group_policy", "root_required", "same_subtree"}
HAVE = (
    select(Inventory.resource_provider_id.label("id"), Inventory.resource_class, Inventory.total, Inventory.reserved,
           Inventory.allocation_ratio, func.coalesce(func.sum(Allocation.used), 0).label("used"))
    .outerjoin(Allocation, (Allocation.resource_provider_id == Inventory.resource_provider_id)
               & (Allocation.resource_class == Inventory.resource_class))
    .where(Inventory.resource_provider_id.in_(bindparam("ids", expanding=True)))
    .group_by(Inventory.resource_provider_id, Inventory.resource_class)
)  # fmt: skip
"""What providers have, and how much of it is used."""
TRAITS = (
    select(ProviderTrait.resource_provider_id, func.aggregate_strings(ProviderTrait.trait, ","))
    .where(ProviderTrait.resource_provider_id.in_(bindparam("ids", expanding=True)))
    .group_by(ProviderTrait.resource_provider_id)
)
"""The traits by provider, as one row each."""


class Summary(TypedDict):
    """What a reply says of a provider: its resources with `capacity` and `used`, from 1.17 on its traits."""

    resources: dict[str, Resources]
    traits: NotRequired[list[str]]
    parent_provider_uuid: NotRequired[str | None]
    root_provider_uuid: NotRequired[str]


class Candidates:
    """Looks for providers; nothing is reserved."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_candidates(self, req: Request) -> dict[str, object]:
        """Allocation requests, each ready to be PUT, and summaries of their providers. 200, 400, 404."""
        groups, root, query = understood(req.query_string)
        apart = req.query.get("group_policy") == "isolate" and len(groups) > 1
        with self.handle.session() as session:
            for group in (*groups.values(), root):
                group.check(session)
            found = [] if apart else session.execute(query).all()
            asked = total(groups.values())
            summaries = summaries_of(session, req.microversion, found, asked) if found else {}
        requests = [request(req.microversion, provider.uuid, asked, groups) for provider in found]
        return {"allocation_requests": requests, "provider_summaries": summaries}


def request(version: Version, uuid: str, asked: Resources, groups: Iterable[str]) -> dict[str, object]:
    """What to PUT, in the shape of the microversion."""
    if version < (1, 12):
        return {"allocations": [{"resource_provider": {"uuid": uuid}, "resources": asked}]}
    mappings = {"mappings": {suffix: [uuid] for suffix in groups}} if version >= (1, 34) else {}
    return {"allocations": {uuid: {"resources": asked}}, **mappings}


def summaries_of(
    session: Session, version: Version, found: Sequence[Row[int, str, str | None, str]], asked: Resources
) -> dict[str, Summary]:
    """Capacity, use and traits of each provider."""
    ids = {"ids": [provider.id for provider in found]}
    resources: dict[int, dict[str, Resources]] = {provider_id: {} for provider_id in ids["ids"]}
    for row in session.execute(HAVE, ids):
        if row.resource_class in asked or version >= (1, 27):
            capacity = int((row.total - row.reserved) * row.allocation_ratio)
            resources[row.id][row.resource_class] = {"capacity": capacity, "used": row.used}
    shown: dict[str, Summary] = {p.uuid: {"resources": resources[p.id]} for p in found}
    if version >= (1, 17):
        traits = {row[0]: sorted(row[1].split(",")) for row in session.execute(TRAITS, ids)}
        for provider in found:
            shown[provider.uuid]["traits"] = traits.get(provider.id, [])
    if version >= (1, 29):
        for provider in found:
            shown[provider.uuid]["parent_provider_uuid"] = provider.parent_provider_uuid
            shown[provider.uuid]["root_provider_uuid"] = provider.root_provider_uuid
    return shown


@lru_cache(maxsize=256)
def understood(query_string: str) -> tuple[dict[str, Group], Group, Select[int, str, str | None, str]]:
    """The groups by suffix, what is asked of their root, and the query that finds who has it all.

    Raises BadRequest. The same flavor asks in the same words again and again.
    """
    params: dict[str, list[str]] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        params.setdefault(name, []).append(value)
    groups = {suffix: Group.parse(params, suffix) for suffix in suffixes(params)}
    if not any(group.resources for group in groups.values()):
        raise BadRequest("All request groups must specify resources.")
    if len([suffix for suffix in groups if suffix]) > 1 and "group_policy" not in params:
        many = 'when specifying more than one "resources{N}" parameter.'
        raise BadRequest(f'The "group_policy" parameter is required {many}')
    root, limit = Group(), params.get("limit", ["none"])[-1]
    for value in params.get("root_required", ()):
        root.add_traits(value)
    for policy in params.get("group_policy", []):
        if policy not in ("none", "isolate"):
            raise BadQuery(f"Invalid query string parameters: '{policy}' is not one of ['none', 'isolate']")
    if not re.fullmatch("none|0*[1-9][0-9]*", limit):
        raise BadQuery(f"Invalid query string parameters: '{limit}' does not match '^[1-9][0-9]*$'")
    top = aliased(ResourceProvider)
    one = ResourceProvider
    query = select(one.id, one.uuid, one.parent_provider_uuid, one.root_provider_uuid).order_by(one.id)
    query = query.join(top, top.uuid == one.root_provider_uuid).where(
        *(c for g in groups.values() for c in g.conditions()), *root.conditions(top.id)
    )
    return groups, root, query if limit == "none" else query.limit(number(limit))


def suffixes(params: Iterable[str]) -> dict[str, None]:
    """The groups' names, in order; the one without a suffix is called "". Raises BadRequest for another field."""
    found: dict[str, None] = {}
    for name in params:
        match = SUFFIXED.fullmatch(name)
        if match:
            found[match[2]] = None
        elif name not in WIDE:
            unexpected = f"Additional properties are not allowed ('{name}' was unexpected)"
            raise BadRequest(f"Invalid query string parameters: {unexpected}")
    return found


def total(groups: Iterable[Group]) -> Resources:
    """What all groups ask for together."""
    asked: Resources = {}
    for group in groups:
        for name, amount in group.resources.items():
            asked[name] = asked.get(name, 0) + amount
    return asked
