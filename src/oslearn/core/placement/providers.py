"""Resource providers with their traits and aggregates.

Interface: `Providers`, handlers; `register` writes many providers at once, for a cloud's first start.
Upstream: placement/handlers/{resource_provider,trait,aggregate}.py and their objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.placement import exception, schemas
from oslearn.core.placement.inventories import GENERATION, Inventories, inventory_rows
from oslearn.core.placement.models import Allocation, Inventory, ProviderAggregate, ProviderTrait, ResourceProvider
from oslearn.core.placement.names import unknown_traits
from oslearn.core.placement.query import Group

LINKS = {"inventories": (1, 0), "usages": (1, 0), "aggregates": (1, 1), "traits": (1, 6), "allocations": (1, 11)}


def register(handle: Handle, hosts: Iterable[dict[str, Any]]) -> None:
    """Root providers with `uuid`, `name`, `inventories` and `traits`. One that is there already stays as it is."""
    with handle.session() as session:
        known = set(session.scalars(select(ResourceProvider.uuid)))
        new = [host for host in hosts if host["uuid"] not in known]
        if not new:
            return
        rows = [{"uuid": h["uuid"], "name": h["name"], "root_provider_uuid": h["uuid"], "generation": 2} for h in new]
        session.execute(insert(ResourceProvider), rows)
        ids = {row[0]: row[1] for row in session.execute(select(ResourceProvider.uuid, ResourceProvider.id))}
        session.execute(insert(Inventory), [row for h in new for row in inventory_rows(ids[h["uuid"]], h)])
        traits = [{"resource_provider_id": ids[h["uuid"]], "trait": trait} for h in new for trait in h["traits"]]
        session.execute(insert(ProviderTrait), traits)


class Providers(Inventories):
    """Handlers."""

    def list_providers(self, req: Request) -> dict[str, Any]:
        """Providers, filtered by name, uuid, resources, required, member_of and in_tree. 200, 400."""
        self.known(req, {"name", "uuid", "resources", "required", "member_of", "in_tree"})
        group = Group.parse(req.params)
        query = select(ResourceProvider).order_by(ResourceProvider.id)
        query = query.filter_by(**{k: req.query[k] for k in ("name", "uuid") if k in req.query})
        with self.handle.session() as session:
            group.check(session)
            found = session.scalars(query.where(*group.conditions())).all()
        return {"resource_providers": [self._view(req, provider) for provider in found]}

    def show_provider(self, req: Request, uuid: str) -> dict[str, Any]:
        """One provider. 200, 404."""
        with self.handle.session() as session:
            return self._view(req, self.provider(session, uuid))

    def create_provider(self, req: Request) -> Reply:
        """A new provider. 200 (201 without a body before 1.20), 400, 409."""
        given = self.body(req, schemas.PROVIDER_1_14 if req.microversion >= (1, 14) else schemas.PROVIDER)
        uuid = str(UUID(given["uuid"])) if given.get("uuid") else self.ids.uuid()
        new = ResourceProvider(uuid=uuid, name=given["name"], generation=0, root_provider_uuid=uuid)
        with self.handle.session() as session:
            self._unique(session, new)
            if given.get("parent_provider_uuid"):
                new.parent_provider_uuid = str(UUID(given["parent_provider_uuid"]))
                new.root_provider_uuid = self._parent(
                    session, new, new.parent_provider_uuid, "create"
                ).root_provider_uuid
            session.add(new)
        place = {"Location": f"{req.root_path}/resource_providers/{uuid}"}
        return Reply(200, self._view(req, new), place) if req.microversion >= (1, 20) else Reply(201, None, place)

    def update_provider(self, req: Request, uuid: str) -> dict[str, Any]:
        """Another name or parent. 200, 400, 404, 409."""
        given = self.body(req, schemas.PROVIDER_1_14 if req.microversion >= (1, 14) else schemas.PROVIDER)
        with self.handle.session() as session:
            provider = self.provider(session, uuid)
            if given["name"] != provider.name:
                provider.name = given["name"]
                self._unique(session, provider)
            if "parent_provider_uuid" in given:
                self._move(session, req, provider, given["parent_provider_uuid"])
        return self._view(req, provider)

    def delete_provider(self, req: Request, uuid: str) -> None:
        """Delete a provider with its inventory. 204, 404, 409."""
        with self.handle.session() as session:
            try:
                provider = self.provider(session, uuid)
            except NotFound:
                raise NotFound(f"No resource provider with uuid {uuid} found for delete") from None
            if session.scalar(select(exists().where(ResourceProvider.parent_provider_uuid == uuid))):
                raise exception.CannotDeleteParent(uuid=uuid)
            if session.scalar(select(exists().where(Allocation.resource_provider_id == provider.id))):
                raise exception.ProviderInUse(uuid=uuid)
            for table in (Inventory, ProviderTrait, ProviderAggregate):
                session.execute(delete(table).where(table.resource_provider_id == provider.id))
            session.delete(provider)

    def list_aggregates(self, req: Request, uuid: str) -> dict[str, Any]:
        """The groups that a provider is in. 200, 404."""
        with self.handle.session() as session:
            return self._names(session, req, self.provider(session, uuid), "aggregates")

    def set_aggregates(self, req: Request, uuid: str) -> dict[str, Any]:
        """All the groups that a provider is in. 200, 400, 404, 409."""
        new = req.microversion >= (1, 19)
        given = self.body(req, schemas.AGGREGATES_1_19 if new else schemas.AGGREGATES)
        with self.handle.session() as session:
            provider = self.provider(session, uuid, given[GENERATION] if new else None)
            replace(session, provider, ProviderAggregate, "aggregate", given["aggregates"] if new else given)
            provider.generation += new
            return self._names(session, req, provider, "aggregates")

    def list_provider_traits(self, req: Request, uuid: str) -> dict[str, Any]:
        """What a provider is like. 200, 404."""
        with self.handle.session() as session:
            return self._names(session, req, self.provider(session, uuid), "traits")

    def set_provider_traits(self, req: Request, uuid: str) -> dict[str, Any]:
        """All that a provider is like. 200, 400, 404, 409."""
        given = self.body(req, schemas.TRAITS)
        with self.handle.session() as session:
            provider = self.provider(session, uuid, given[GENERATION])
            if unknown := unknown_traits(session, set(given["traits"])):
                raise BadRequest(f"No such trait {', '.join(unknown)}")
            replace(session, provider, ProviderTrait, "trait", given["traits"])
            provider.generation += 1
            return self._names(session, req, provider, "traits")

    def delete_provider_traits(self, req: Request, uuid: str) -> None:
        """Nothing in particular any more. 204, 404."""
        with self.handle.session() as session:
            provider = self.provider(session, uuid)
            replace(session, provider, ProviderTrait, "trait", [])
            provider.generation += 1

    def _names(self, session: Session, req: Request, provider: ResourceProvider, kind: str) -> dict[str, Any]:
        table: Any = {"traits": ProviderTrait, "aggregates": ProviderAggregate}[kind]
        column = getattr(table, kind[:-1])
        found = session.scalars(select(column).where(table.resource_provider_id == provider.id).order_by(column)).all()
        shown = kind == "traits" or req.microversion >= (1, 19)
        return {kind: list(found)} | ({GENERATION: provider.generation} if shown else {})

    def _unique(self, session: Session, provider: ResourceProvider) -> None:
        with session.no_autoflush:
            others = select(ResourceProvider.name, ResourceProvider.uuid).where(
                (ResourceProvider.name == provider.name) | (ResourceProvider.uuid == provider.uuid),
                ResourceProvider.id != (provider.id or 0),
            )
            for name, uuid in session.execute(others):
                raise exception.DuplicateName(name=f"name: {name}" if name == provider.name else f"uuid: {uuid}")

    def _parent(self, session: Session, provider: ResourceProvider, uuid: str, verb: str) -> ResourceProvider:
        failed = f"Unable to {verb} resource provider {provider.uuid}: Object action {verb} failed because: "
        if uuid == provider.uuid:
            raise BadRequest(
                f"{failed}parent provider UUID cannot be same as UUID. Please supply a parent provider UUID."
            )
        try:
            return self.provider(session, uuid)
        except NotFound:
            raise BadRequest(f"{failed}parent provider UUID does not exist.") from None

    def _move(self, session: Session, req: Request, provider: ResourceProvider, parent: str | None) -> None:
        """Hang a provider below another; only from 1.37 on may it leave one."""
        failed = f"Unable to save resource provider {provider.uuid}: Object action update failed because: "
        if parent == provider.parent_provider_uuid:
            return
        if provider.parent_provider_uuid and req.microversion < (1, 37):
            raise BadRequest(f"{failed}re-parenting a provider is not currently allowed.")
        root = self._parent(session, provider, parent, "update").root_provider_uuid if parent else provider.uuid
        if root == provider.uuid and parent:
            raise BadRequest(f"{failed}creating loop in the provider tree is not allowed.")
        below = [provider.uuid]
        for uuid in below:
            below += session.scalars(select(ResourceProvider.uuid).where(ResourceProvider.parent_provider_uuid == uuid))
        moved = update(ResourceProvider).where(ResourceProvider.uuid.in_(below))
        session.execute(moved.values(root_provider_uuid=root))
        provider.parent_provider_uuid, provider.root_provider_uuid = parent, root

    def _view(self, req: Request, provider: ResourceProvider) -> dict[str, Any]:
        here = f"{req.root_path}/resource_providers/{provider.uuid}"
        links = [{"rel": rel, "href": f"{here}/{rel}"} for rel, since in LINKS.items() if req.microversion >= since]
        shown = {
            "uuid": provider.uuid,
            "name": provider.name,
            "generation": provider.generation,
            "links": [{"rel": "self", "href": here}, *links],
        }
        family = {
            "parent_provider_uuid": provider.parent_provider_uuid,
            "root_provider_uuid": provider.root_provider_uuid,
        }
        return shown | (family if req.microversion >= (1, 14) else {})


def replace(session: Session, provider: ResourceProvider, table: Any, column: str, names: list[str]) -> None:
    """Give a provider these names in a table of its own."""
    session.execute(delete(table).where(table.resource_provider_id == provider.id))
    if names:
        session.execute(insert(table), [{"resource_provider_id": provider.id, column: name} for name in names])
