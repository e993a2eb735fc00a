"""What becomes of providers later: another name or parent, their end; and the groups that they are in.

Interface: `ProviderChanges`, `Aggregates`: handlers.
Upstream: placement/handlers/{resource_provider,aggregate,trait}.py.
"""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.placement import exception
from oslearn.core.placement.generation import GENERATION, find
from oslearn.core.placement.models import Allocation, Inventory, ProviderAggregate, ProviderTrait, ResourceProvider
from oslearn.core.placement.providers import ProviderBody, names_of, parent_of, replace, unique, view


class AggregatesBody(TypedDict):
    """All the groups that a provider is in; before 1.19 a bare list."""

    resource_provider_generation: int
    aggregates: list[str]


class ProviderChanges:
    """Changes a provider, and deletes it."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def update_provider(self, req: Request, uuid: str, wanted: ProviderBody) -> dict[str, object]:
        """Another name or parent. 200, 400, 404, 409."""
        with self.handle.session() as session:
            provider = find(session, uuid)
            if wanted["name"] != provider.name:
                provider.name = wanted["name"]
                unique(session, provider)
            if "parent_provider_uuid" in wanted:
                self._move(session, req, provider, wanted["parent_provider_uuid"])
        return view(req, provider)

    def delete_provider(self, req: Request, uuid: str) -> None:
        """Delete a provider with its inventory. 204, 404, 409."""
        with self.handle.session() as session:
            try:
                provider = find(session, uuid)
            except NotFound:
                raise NotFound(f"No resource provider with uuid {uuid} found for delete") from None
            if session.scalar(select(exists().where(ResourceProvider.parent_provider_uuid == uuid))):
                raise exception.CannotDeleteParent(uuid=uuid)
            if session.scalar(select(exists().where(Allocation.resource_provider_id == provider.id))):
                raise exception.ProviderInUse(uuid=uuid)
            for table in (Inventory, ProviderTrait, ProviderAggregate):
                session.execute(delete(table).where(table.resource_provider_id == provider.id))
            session.delete(provider)

    def delete_provider_traits(self, req: Request, uuid: str) -> None:
        """Nothing in particular any more. 204, 404."""
        with self.handle.session() as session:
            provider = find(session, uuid)
            replace(session, provider, ProviderTrait.trait, [])
            provider.generation += 1

    def _move(self, session: Session, req: Request, provider: ResourceProvider, parent: str | None) -> None:
        """Hang a provider below another; only from 1.37 on may it leave one."""
        failed = f"Unable to save resource provider {provider.uuid}: Object action update failed because: "
        if parent == provider.parent_provider_uuid:
            return
        if provider.parent_provider_uuid and req.microversion < (1, 37):
            raise BadRequest(f"{failed}re-parenting a provider is not currently allowed.")
        root = parent_of(session, provider, parent, "update").root_provider_uuid if parent else provider.uuid
        if root == provider.uuid and parent:
            raise BadRequest(f"{failed}creating loop in the provider tree is not allowed.")
        below = [provider.uuid]
        for uuid in below:
            below += session.scalars(select(ResourceProvider.uuid).where(ResourceProvider.parent_provider_uuid == uuid))
        moved = update(ResourceProvider).where(ResourceProvider.uuid.in_(below))
        session.execute(moved.values(root_provider_uuid=root))
        provider.parent_provider_uuid, provider.root_provider_uuid = parent, root


class Aggregates:
    """The groups that a provider is in."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_aggregates(self, req: Request, uuid: str) -> dict[str, object]:
        """The groups that a provider is in. 200, 404."""
        with self.handle.session() as session:
            return self.shown(session, req, find(session, uuid))

    def set_aggregates(self, req: Request, uuid: str, wanted: AggregatesBody | list[str]) -> dict[str, object]:
        """All the groups that a provider is in. 200, 400, 404, 409."""
        with self.handle.session() as session:
            if isinstance(wanted, list):
                provider, names = find(session, uuid), wanted
            else:
                provider, names = find(session, uuid, wanted["resource_provider_generation"]), wanted["aggregates"]
                provider.generation += 1
            replace(session, provider, ProviderAggregate.aggregate, names)
            return self.shown(session, req, provider)

    def shown(self, session: Session, req: Request, provider: ResourceProvider) -> dict[str, object]:
        """The groups as replies have them; the generation is told from 1.19 on."""
        found: dict[str, object] = {"aggregates": names_of(session, provider, ProviderAggregate.aggregate)}
        return found | ({GENERATION: provider.generation} if req.microversion >= (1, 19) else {})
