"""Allocation candidates: which providers could give what is asked for.

Interface: `Candidates`, the handler of `GET /allocation_candidates`.
Invariants: one query finds the candidates, and the database stops at `limit`; nothing is reserved by looking.
Upstream: placement/handlers/allocation_candidate.py, placement/objects/allocation_candidate.py.
Left out: trees of providers and shared providers (a candidate is one provider that has everything), so groups with
`group_policy=isolate` find none.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from oslearn.oslo.exception import BadRequest
from oslearn.oslo.wsgi import Request
from oslearn.placement.base import Controller
from oslearn.placement.exception import BadQuery
from oslearn.placement.inventories import usages
from oslearn.placement.models import Inventory, ProviderTrait, ResourceProvider
from oslearn.placement.query import Group

SUFFIXED = re.compile(r"(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{0,64})")
WIDE = {"limit": (1, 16), "group_policy": (1, 25), "root_required": (1, 35), "same_subtree": (1, 36)}
"""Parameters of the whole request, and when they came."""


class Candidates(Controller):
    """The handler."""

    def list_candidates(self, req: Request) -> dict[str, Any]:
        """Allocation requests, each ready to be PUT, and summaries of their providers. 200, 400, 404."""
        groups = self._groups(req)
        limit = req.query.get("limit", "0")
        if not limit.isdecimal() or ("limit" in req.query and int(limit) < 1):
            raise BadQuery(f"Invalid query string parameters: '{limit}' does not match '^[1-9][0-9]*$'")
        root = Group()
        if "root_required" in req.query:
            root.add_traits(req.query["root_required"])
        top = aliased(ResourceProvider)
        query = select(ResourceProvider).join(top, top.uuid == ResourceProvider.root_provider_uuid)
        query = query.where(*(c for g in groups.values() for c in g.conditions()), *root.conditions(top.id))
        query = query.order_by(ResourceProvider.id)
        asked = total(groups)
        with self.handle.session() as session:
            for group in (*groups.values(), root):
                group.check(session)
            apart = req.query.get("group_policy") == "isolate" and len(groups) > 1
            found = [] if apart else session.scalars(query.limit(int(limit)) if int(limit) else query).all()
            summaries = self._summaries(session, req, list(found), asked)
        return {
            "allocation_requests": [self._request(req, provider.uuid, asked, groups) for provider in found],
            "provider_summaries": summaries,
        }

    def _groups(self, req: Request) -> dict[str, Group]:
        """The groups by suffix, and one of all of them, as the same provider must serve them. Raises BadRequest."""
        suffixes: dict[str, None] = {}
        for name in req.params:
            match = SUFFIXED.fullmatch(name)
            if match is None and name not in WIDE:
                unexpected = f"Additional properties are not allowed ('{name}' was unexpected)"
                raise BadRequest(f"Invalid query string parameters: {unexpected}")
            if match:
                suffixes[match[2]] = None
        groups = {suffix: Group.parse(req.params, suffix) for suffix in suffixes}
        if not any(group.resources for group in groups.values()):
            raise BadRequest("All request groups must specify resources.")
        if len([s for s in suffixes if s]) > 1 and "group_policy" not in req.query:
            many = 'when specifying more than one "resources{N}" parameter.'
            raise BadRequest(f'The "group_policy" parameter is required {many}')
        return groups

    def _request(self, req: Request, uuid: str, asked: dict[str, int], groups: dict[str, Group]) -> dict[str, Any]:
        """What to PUT, in the shape of the microversion."""
        if req.microversion < (1, 12):
            return {"allocations": [{"resource_provider": {"uuid": uuid}, "resources": asked}]}
        shown: dict[str, Any] = {"allocations": {uuid: {"resources": asked}}}
        return shown | ({"mappings": {suffix: [uuid] for suffix in groups}} if req.microversion >= (1, 34) else {})

    def _summaries(
        self, session: Session, req: Request, found: list[ResourceProvider], asked: dict[str, int]
    ) -> dict[str, Any]:
        """Capacity, use and traits of each provider."""
        ids = [provider.id for provider in found]
        taken = usages(session, ids) if ids else {}
        summaries: dict[int, dict[str, Any]] = {p.id: {"resources": {}} for p in found}
        columns = Inventory.resource_provider_id, Inventory.resource_class, Inventory.total, Inventory.reserved
        rows = select(*columns, Inventory.allocation_ratio).where(Inventory.resource_provider_id.in_(ids))
        for provider_id, name, amount, reserved, ratio in session.execute(rows) if ids else ():
            if name in asked or req.microversion >= (1, 27):
                capacity = {"capacity": int((amount - reserved) * ratio), "used": taken[provider_id][name]}
                summaries[provider_id]["resources"][name] = capacity
        if req.microversion >= (1, 17):
            traits = traits_of(session, ids) if ids else {}
            for provider in found:
                summaries[provider.id]["traits"] = traits.get(provider.id, [])
        if req.microversion >= (1, 29):
            for provider in found:
                family = {"parent_provider_uuid": provider.parent_provider_uuid,
                          "root_provider_uuid": provider.root_provider_uuid}  # fmt: skip
                summaries[provider.id] |= family
        return {provider.uuid: summaries[provider.id] for provider in found}


def total(groups: dict[str, Group]) -> dict[str, int]:
    """What all groups ask for together."""
    asked: dict[str, int] = {}
    for group in groups.values():
        for name, amount in group.resources.items():
            asked[name] = asked.get(name, 0) + amount
    return asked


def traits_of(session: Session, provider_ids: list[int]) -> dict[int, list[str]]:
    """The traits by provider, as one row each."""
    names = func.aggregate_strings(ProviderTrait.trait, ",")
    query = select(ProviderTrait.resource_provider_id, names).where(
        ProviderTrait.resource_provider_id.in_(provider_ids)
    )
    rows = session.execute(query.group_by(ProviderTrait.resource_provider_id))
    return {row[0]: sorted(row[1].split(",")) for row in rows}
