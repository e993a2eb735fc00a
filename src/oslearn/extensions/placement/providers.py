"""Resource providers with their traits and aggregates.

Interface: `Providers`, `Traits`, `Aggregates`: handlers.
Upstream: placement/handlers/{resource_provider,trait,aggregate}.py and their objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NotRequired, TypedDict
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, exists, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.placement.candidates import known
from oslearn.core.placement.models import GENERATION, Allocation, Inventory, ProviderTrait, ResourceProvider
from oslearn.extensions.placement import exception
from oslearn.extensions.placement.candidates import ProviderAggregate, WideGroup
from oslearn.extensions.placement.inventories import find
from oslearn.extensions.placement.names import unknown_traits

LINKS = {"inventories": (1, 0), "usages": (1, 0), "aggregates": (1, 1), "traits": (1, 6), "allocations": (1, 11)}


class ProviderBody(TypedDict):
    """A new provider, or what an old one is to be."""

    name: str
    uuid: NotRequired[str]
    parent_provider_uuid: NotRequired[str | None]


class TraitsBody(TypedDict):
    """All that a provider is like."""

    resource_provider_generation: int
    traits: list[str]


class AggregatesBody(TypedDict):
    """All the groups that a provider is in; before 1.19 a bare list."""

    resource_provider_generation: int
    aggregates: list[str]


class Providers:
    """Who has something to give, and how it is called."""

    def __init__(self, handle: Handle, ids: Ids) -> None:
        self.handle, self.ids = handle, ids

    def list_providers(self, req: Request) -> dict[str, object]:
        """Providers, filtered by name, uuid, resources, required, member_of and in_tree. 200, 400."""
        known(req.params, {"name", "uuid", "resources", "required", "member_of", "in_tree"})
        group = WideGroup.parse(parse_qs(req.query_string, keep_blank_values=True))
        query = select(ResourceProvider).order_by(ResourceProvider.id)
        query = query.filter_by(**{k: req.query[k] for k in ("name", "uuid") if k in req.query})
        with self.handle.session() as session:
            group.check(session.connection())
            found = session.scalars(query.where(*group.conditions())).all()
        return {"resource_providers": [view(req, provider) for provider in found]}

    def show_provider(self, req: Request, uuid: str) -> dict[str, object]:
        """One provider. 200, 404."""
        with self.handle.session() as session:
            return view(req, find(session, uuid))

    def create_provider(self, req: Request, wanted: ProviderBody) -> Reply:
        """A new provider. 200 (201 without a body before 1.20), 400, 409."""
        uuid = str(UUID(wanted["uuid"])) if wanted.get("uuid") else self.ids.uuid()
        new = ResourceProvider(uuid=uuid, name=wanted["name"], generation=0, root_provider_uuid=uuid)
        with self.handle.session() as session:
            unique(session, new)
            if parent := wanted.get("parent_provider_uuid"):
                new.parent_provider_uuid = str(UUID(parent))
                new.root_provider_uuid = parent_of(session, new, new.parent_provider_uuid, "create").root_provider_uuid
            session.add(new)
        place = {"Location": f"{req.root_path}/resource_providers/{uuid}"}
        return Reply(200, view(req, new), place) if req.microversion >= (1, 20) else Reply(201, None, place)

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


class Traits:
    """What providers are like."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_provider_traits(self, req: Request, uuid: str) -> TraitsBody:
        """What a provider is like. 200, 404."""
        with self.handle.session() as session:
            return self.shown(session, find(session, uuid))

    def set_provider_traits(self, req: Request, uuid: str, wanted: TraitsBody) -> TraitsBody:
        """All that a provider is like. 200, 400, 404, 409."""
        with self.handle.session() as session:
            provider = find(session, uuid, wanted["resource_provider_generation"])
            if unknown := unknown_traits(session, set(wanted["traits"])):
                raise BadRequest(f"No such trait {', '.join(unknown)}")
            replace(session, provider, ProviderTrait.trait, wanted["traits"])
            provider.generation += 1
            return self.shown(session, provider)

    def delete_provider_traits(self, req: Request, uuid: str) -> None:
        """Nothing in particular any more. 204, 404."""
        with self.handle.session() as session:
            provider = find(session, uuid)
            replace(session, provider, ProviderTrait.trait, [])
            provider.generation += 1

    def shown(self, session: Session, provider: ResourceProvider) -> TraitsBody:
        """A provider's traits as replies have them."""
        return {
            "traits": names_of(session, provider, ProviderTrait.trait),
            "resource_provider_generation": provider.generation,
        }


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


Column = InstrumentedAttribute[str]


def names_of(session: Session, provider: ResourceProvider, column: Column) -> list[str]:
    """The names that a provider has in the table of that column."""
    return list(session.scalars(owned(column), {"provider": provider.id}))


@cache
def owned(column: Column) -> Select[str]:
    """The query for the names."""
    return select(column).where(column.class_.resource_provider_id == bindparam("provider")).order_by(column)


def replace(session: Session, provider: ResourceProvider, column: Column, names: Sequence[str]) -> None:
    """Give a provider these names in the table of that column, and no others."""
    table = column.class_
    connection = session.connection()  # many rows of which no object is needed
    connection.execute(delete(table).where(table.resource_provider_id == provider.id))
    if names:
        connection.execute(insert(table), [{"resource_provider_id": provider.id, column.key: name} for name in names])


def unique(session: Session, provider: ResourceProvider) -> None:
    """Raise DuplicateName if another provider has this one's name or uuid."""
    with session.no_autoflush:  # the database must not meet the new name before we have looked for the old one
        others = select(ResourceProvider.name, ResourceProvider.uuid).where(
            (ResourceProvider.name == provider.name) | (ResourceProvider.uuid == provider.uuid),
            ResourceProvider.id != (provider.id or 0),
        )
        for name, uuid in session.execute(others):
            raise exception.DuplicateName(name=f"name: {name}" if name == provider.name else f"uuid: {uuid}")


def parent_of(session: Session, provider: ResourceProvider, uuid: str, verb: str) -> ResourceProvider:
    """The provider that is to be above another. Raises BadRequest."""
    failed = f"Unable to {verb} resource provider {provider.uuid}: Object action {verb} failed because: "
    if uuid == provider.uuid:
        raise BadRequest(f"{failed}parent provider UUID cannot be same as UUID. Please supply a parent provider UUID.")
    try:
        return find(session, uuid)
    except NotFound:
        raise BadRequest(f"{failed}parent provider UUID does not exist.") from None


def view(req: Request, provider: ResourceProvider) -> dict[str, object]:
    """A provider as replies have it."""
    here = f"{req.root_path}/resource_providers/{provider.uuid}"
    links = [{"rel": rel, "href": f"{here}/{rel}"} for rel, since in LINKS.items() if req.microversion >= since]
    shown: dict[str, object] = {
        "uuid": provider.uuid,
        "name": provider.name,
        "generation": provider.generation,
        "links": [{"rel": "self", "href": here}, *links],
    }
    family = {"parent_provider_uuid": provider.parent_provider_uuid, "root_provider_uuid": provider.root_provider_uuid}
    return shown | (family if req.microversion >= (1, 14) else {})
