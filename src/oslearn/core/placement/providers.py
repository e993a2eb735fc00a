"""Resource providers and their traits: what nova-compute says of its host.

Interface: `Providers` and `Traits`, handlers; `view(req, provider)`; `unique`, `parent_of`, `replace`, `names_of` are
for whatever else changes a provider; `register` writes many providers at once, for a cloud's first start.
Upstream: placement/handlers/{resource_provider,trait}.py and their objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.placement import exception
from oslearn.core.placement.generation import find
from oslearn.core.placement.inventories import inventory_rows
from oslearn.core.placement.models import Inventory, ProviderTrait, ResourceProvider
from oslearn.core.placement.names import unknown_traits
from oslearn.core.placement.query import Group
from oslearn.core.placement.util import known

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
        session.execute(
            insert(Inventory), [row for h in new for row in inventory_rows(ids[h["uuid"]], h["inventories"])]
        )
        traits = [{"resource_provider_id": ids[h["uuid"]], "trait": trait} for h in new for trait in h["traits"]]
        session.execute(insert(ProviderTrait), traits)


class ProviderBody(TypedDict):
    """A new provider, or what an old one is to be."""

    name: str
    uuid: NotRequired[str]
    parent_provider_uuid: NotRequired[str | None]


class TraitsBody(TypedDict):
    """All that a provider is like."""

    resource_provider_generation: int
    traits: list[str]


class Providers:
    """Who has something to give, and how it is called."""

    def __init__(self, handle: Handle, ids: Ids) -> None:
        self.handle, self.ids = handle, ids

    def list_providers(self, req: Request) -> dict[str, object]:
        """Providers, filtered by name, uuid, resources, required, member_of and in_tree. 200, 400."""
        known(req, {"name", "uuid", "resources", "required", "member_of", "in_tree"})
        group = Group.parse(req.params)
        query = select(ResourceProvider).order_by(ResourceProvider.id)
        query = query.filter_by(**{k: req.query[k] for k in ("name", "uuid") if k in req.query})
        with self.handle.session() as session:
            group.check(session)
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

    def shown(self, session: Session, provider: ResourceProvider) -> TraitsBody:
        """A provider's traits as replies have them."""
        return {
            "traits": names_of(session, provider, ProviderTrait.trait),
            "resource_provider_generation": provider.generation,
        }


Column = InstrumentedAttribute[str]


def names_of(session: Session, provider: ResourceProvider, column: Column) -> list[str]:
    """The names that a provider has in the table of that column."""
    owner = column.class_.resource_provider_id
    return list(session.scalars(select(column).where(owner == provider.id).order_by(column)))


def replace(session: Session, provider: ResourceProvider, column: Column, names: Sequence[str]) -> None:
    """Give a provider these names in the table of that column, and no others."""
    table = column.class_
    session.execute(delete(table).where(table.resource_provider_id == provider.id))
    if names:
        session.execute(insert(table), [{"resource_provider_id": provider.id, column.key: name} for name in names])


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
