"""Resource providers with their inventories, traits, aggregates and usages.

Interface: `Providers`, handlers; `register` writes many providers at once, for a cloud's first start.
Upstream: placement/handlers/{resource_provider,inventory,trait,aggregate,usage}.py and their objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from oslearn.oslo.db import Handle
from oslearn.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.oslo.wsgi import Reply, Request
from oslearn.placement import exception, schemas
from oslearn.placement.base import Controller
from oslearn.placement.models import Allocation, Consumer, Inventory, ProviderAggregate, ProviderTrait, ResourceProvider
from oslearn.placement.names import check_classes, unknown_traits
from oslearn.placement.query import Group

LINKS = {"inventories": (1, 0), "usages": (1, 0), "aggregates": (1, 1), "traits": (1, 6), "allocations": (1, 11)}
DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": schemas.MAX_INT, "step_size": 1, "allocation_ratio": 1.0}
GENERATION = "resource_provider_generation"


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


def inventory_rows(provider_id: int, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of `inventories` for a body's `inventories`."""
    return [
        {"resource_provider_id": provider_id, "resource_class": name}
        | DEFAULTS
        | {k: v for k, v in given.items() if k != GENERATION}
        for name, given in data["inventories"].items()
    ]


class Providers(Controller):
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

    def list_inventories(self, req: Request, uuid: str) -> dict[str, Any]:
        """What a provider has. 200, 404."""
        with self.handle.session() as session:
            return self._inventories(session, self.provider(session, uuid))

    def show_inventory(self, req: Request, uuid: str, resource_class: str) -> dict[str, Any]:
        """What it has of one class. 200, 404."""
        shown = self.list_inventories(req, uuid)
        if resource_class not in shown["inventories"]:
            raise NotFound(f"No inventory of class {resource_class} for {uuid}")
        return shown["inventories"][resource_class] | {GENERATION: shown[GENERATION]}

    def set_inventories(self, req: Request, uuid: str) -> dict[str, Any]:
        """All that a provider has. 200, 400, 404, 409."""
        return self._write(req, uuid, self.body(req, schemas.PUT_INVENTORIES))

    def create_inventory(self, req: Request, uuid: str) -> Reply:
        """One more class. 201, 400, 404, 409."""
        given = self.body(req, schemas.POST_INVENTORY)
        name = given.pop("resource_class")
        known = self.list_inventories(req, uuid)
        if name in known["inventories"]:
            raise Conflict(f"Update conflict: Inventory of class {name} already exists.")
        self._write(req, uuid, known | {"inventories": known["inventories"] | {name: given}})
        place = {"Location": f"{req.root_path}/resource_providers/{uuid}/inventories/{name}"}
        return Reply(201, self.show_inventory(req, uuid, name), place)

    def update_inventory(self, req: Request, uuid: str, resource_class: str) -> dict[str, Any]:
        """Another amount of a class. 200, 400, 404, 409."""
        given = self.body(req, schemas.PUT_INVENTORY)
        known = self.list_inventories(req, uuid)
        if resource_class not in known["inventories"]:
            raise BadRequest(f"No inventory record with resource class: No inventory of class {resource_class} found.")
        changed = {resource_class: given}
        self._write(req, uuid, {GENERATION: given[GENERATION], "inventories": known["inventories"] | changed})
        return self.show_inventory(req, uuid, resource_class)

    def delete_inventory(self, req: Request, uuid: str, resource_class: str) -> None:
        """No more of a class. 204, 404, 409."""
        known = self.list_inventories(req, uuid)
        if known["inventories"].pop(resource_class, None) is None:
            what = f"No inventory of class {resource_class} found for delete"
            raise NotFound(f"{what}: {what}")
        self._write(req, uuid, known, what=f"Unable to delete inventory of class {resource_class}")

    def delete_inventories(self, req: Request, uuid: str) -> None:
        """Nothing any more. 204, 404, 409."""
        with self.handle.session() as session:
            generation = self.provider(session, uuid).generation
        self._write(req, uuid, {GENERATION: generation, "inventories": {}})

    def list_usages(self, req: Request, uuid: str) -> dict[str, Any]:
        """How much of each class is used. 200, 404."""
        with self.handle.session() as session:
            provider = self.provider(session, uuid)
            return {GENERATION: provider.generation, "usages": usages(session, [provider.id])[provider.id]}

    def list_total_usages(self, req: Request) -> dict[str, Any]:
        """How much of each class a project or one of its users uses. 200, 400, 403, 404."""
        self.known(req, {"project_id", "user_id", "consumer_type"})
        if "project_id" not in req.query:
            raise BadRequest("Invalid query string parameters: 'project_id' is a required property")
        kind = func.coalesce(Consumer.consumer_type, "unknown")
        query = select(Allocation.resource_class, func.sum(Allocation.used), kind, func.count(Consumer.uuid.distinct()))
        query = query.join(Consumer).filter(Consumer.project_id == req.query["project_id"])
        if "user_id" in req.query:
            query = query.where(Consumer.user_id == req.query["user_id"])
        asked = req.query.get("consumer_type", "all")
        if asked != "all":
            query = query.where(kind == asked)
        by_type = req.microversion >= (1, 38)
        with self.handle.session() as session:
            rows = session.execute(query.group_by(Allocation.resource_class, *([kind] if by_type else []))).all()
        if not by_type:
            return {"usages": {name: total for name, total, _, _ in rows}}
        shown: dict[str, Any] = {}
        for name, total, type_, count in rows:
            entry = shown.setdefault(type_ if "consumer_type" not in req.query or asked != "all" else "all", {})
            entry[name] = entry.get(name, 0) + total
            entry["consumer_count"] = count
        return {"usages": shown}

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

    def _write(self, req: Request, uuid: str, data: dict[str, Any], what: str = "update conflict") -> dict[str, Any]:
        """Replace the inventory. Raises BadRequest, ConcurrentUpdate, InventoryInUse."""
        with self.handle.session() as session:
            provider = self.provider(session, uuid, data[GENERATION])
            try:
                check_classes(session, set(data["inventories"]))
            except NotFound as error:
                about = f"Unknown resource class in inventory for resource provider {uuid}"
                raise BadRequest(f"{about}: {error}") from None
            rows = inventory_rows(provider.id, data)
            for row in rows:
                check_capacity(row, uuid, req.microversion)
            gone = [
                n
                for n, amount in usages(session, [provider.id])[provider.id].items()
                if amount and n not in data["inventories"]
            ]
            if gone:
                raise exception.InventoryInUse(what=what, classes=", ".join(gone), uuid=uuid)
            session.execute(delete(Inventory).where(Inventory.resource_provider_id == provider.id))
            if rows:
                session.execute(insert(Inventory), rows)
            provider.generation += 1
            return self._inventories(session, provider)

    def _inventories(self, session: Session, provider: ResourceProvider) -> dict[str, Any]:
        rows = session.scalars(select(Inventory).where(Inventory.resource_provider_id == provider.id))
        keys = ("total", *DEFAULTS)
        return {
            GENERATION: provider.generation,
            "inventories": {row.resource_class: {key: getattr(row, key) for key in keys} for row in rows},
        }

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


def usages(session: Session, provider_ids: list[int]) -> dict[int, dict[str, int]]:
    """How much of each class that a provider has is used, by provider."""
    joined = (Allocation.resource_provider_id == Inventory.resource_provider_id) & (
        Allocation.resource_class == Inventory.resource_class
    )
    query = (
        select(Inventory.resource_provider_id, Inventory.resource_class, func.coalesce(func.sum(Allocation.used), 0))
        .outerjoin(Allocation, joined)
        .where(Inventory.resource_provider_id.in_(provider_ids))
        .group_by(Inventory.resource_provider_id, Inventory.resource_class)
    )
    found: dict[int, dict[str, int]] = {provider_id: {} for provider_id in provider_ids}
    for provider_id, name, amount in session.execute(query):
        found[provider_id][name] = amount
    return found


def check_capacity(row: dict[str, Any], uuid: str, version: tuple[int, int]) -> None:
    """Raise BadRequest if nothing is left of what is reserved; from 1.26 on all may be."""
    left = int((row["total"] - row["reserved"]) * row["allocation_ratio"])
    if left < 0 or (left == 0 and version < (1, 26)):
        than = "than" if version >= (1, 26) else "than or equal to"
        raise BadRequest(
            f"Unable to update inventory for resource provider {uuid}: Invalid inventory for '{row['resource_class']}' "
            f"on resource provider '{uuid}'. The reserved value is greater {than} total."
        )
