"""What providers have and what is taken of it: inventories and usages.

Interface: `Inventories`, `Usages`: handlers; `find(session, uuid, generation)` reads a provider.
Invariants: what is in use stays; a change names the generation that it read.
Upstream: placement/handlers/{inventory,usage}.py, placement/objects/inventory.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from sqlalchemy import bindparam, delete, func, insert, literal_column, select
from sqlalchemy.orm import Session

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, Conflict, MethodNotAllowed, NotFound
from oslearn.core.oslo.http import Reply, Request, Version
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.placement.candidates import HAVE, Resources, known
from oslearn.core.placement.exception import ConcurrentUpdate, ProviderNotFound
from oslearn.core.placement.models import GENERATION, Allocation, Consumer, Inventory, ResourceProvider
from oslearn.extensions.placement import exception
from oslearn.extensions.placement.names import check_classes, class_order
from oslearn.extensions.placement.schemas import MAX_INT

DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": MAX_INT, "step_size": 1, "allocation_ratio": 1.0}
Amounts = Body
"""`total`, `reserved`, `allocation_ratio`, ... of one resource class: numbers."""
AMOUNTS = ("total", *DEFAULTS)
BY_UUID = select(ResourceProvider).where(ResourceProvider.uuid == bindparam("uuid"))
OWN = select(Inventory.resource_class, *(getattr(Inventory, name) for name in AMOUNTS)).where(
    Inventory.resource_provider_id == bindparam("provider")
)
CLEAR = delete(Inventory).where(Inventory.resource_provider_id == bindparam("provider"))
consumer_type = func.coalesce(Consumer.consumer_type, literal_column("'unknown'"))
"""A consumer's type. It holds no bound value: PostgreSQL would take it for another expression where it groups."""


def find(session: Session, uuid: str, generation: int | None = None) -> ResourceProvider:
    """A provider, still of that generation if one is given. Raises ProviderNotFound, ConcurrentUpdate."""
    found = session.scalars(BY_UUID, {"uuid": uuid}).first()
    if found is None:
        raise ProviderNotFound(uuid=uuid)
    if generation not in (None, found.generation):
        raise ConcurrentUpdate()
    return found


class ProviderInventories(TypedDict):
    """All that a provider has, by resource class, as bodies and replies have it."""

    resource_provider_generation: int
    inventories: dict[str, Amounts]


class Inventories:
    """What a provider has: each change of one class writes the whole inventory, as it was read but for that class."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_inventories(self, req: Request, uuid: str) -> ProviderInventories:
        """What a provider has. 200, 404."""
        with self.handle.session() as session:
            return shown(session, find(session, uuid))

    def set_inventories(self, req: Request, uuid: str, wanted: ProviderInventories) -> ProviderInventories:
        """All that a provider has. 200, 400, 404, 409."""
        return self._write(req, uuid, wanted)

    def show_inventory(self, req: Request, uuid: str, resource_class: str) -> Amounts:
        """What it has of one class. 200, 404."""
        shown = self.list_inventories(req, uuid)
        if resource_class not in shown["inventories"]:
            raise NotFound(f"No inventory of class {resource_class} for {uuid}")
        return shown["inventories"][resource_class] | {GENERATION: shown["resource_provider_generation"]}

    def create_inventory(self, req: Request, uuid: str, wanted: Amounts) -> Reply:
        """One more class. 201, 400, 404, 409."""
        name = wanted["resource_class"]
        known = self.list_inventories(req, uuid)
        if name in known["inventories"]:
            raise Conflict(f"Update conflict: Inventory of class {name} already exists.")
        known["inventories"][name] = {key: value for key, value in wanted.items() if key != "resource_class"}
        self._write(req, uuid, known)
        place = {"Location": f"{req.root_path}/resource_providers/{uuid}/inventories/{name}"}
        return Reply(201, self.show_inventory(req, uuid, name), place)

    def update_inventory(self, req: Request, uuid: str, resource_class: str, wanted: Amounts) -> Amounts:
        """Another amount of a class. 200, 400, 404, 409."""
        known = self.list_inventories(req, uuid)
        if resource_class not in known["inventories"]:
            raise BadRequest(f"No inventory record with resource class: No inventory of class {resource_class} found.")
        known["inventories"][resource_class] = wanted
        known["resource_provider_generation"] = wanted[GENERATION]  # the caller's, not the one read here
        self._write(req, uuid, known)
        return self.show_inventory(req, uuid, resource_class)

    def delete_inventory(self, req: Request, uuid: str, resource_class: str) -> None:
        """No more of a class. 204, 404, 409."""
        known = self.list_inventories(req, uuid)
        if known["inventories"].pop(resource_class, None) is None:
            what = f"No inventory of class {resource_class} found for delete"
            raise NotFound(f"{what}: {what}")
        self._write(req, uuid, known, what=f"Unable to delete inventory of class {resource_class}")

    def delete_inventories(self, req: Request, uuid: str) -> None:
        """Nothing any more; before 1.5 the path had no such method. 204, 404, 405, 409."""
        if req.microversion < (1, 5):
            raise MethodNotAllowed()
        known = self.list_inventories(req, uuid)
        known["inventories"].clear()
        self._write(req, uuid, known)

    def _write(
        self, req: Request, uuid: str, data: ProviderInventories, what: str = "update conflict"
    ) -> ProviderInventories:
        """Replace the inventory. Raises BadRequest, ConcurrentUpdate, InventoryInUse."""
        with self.handle.session() as session:
            provider = find(session, uuid, data["resource_provider_generation"])
            try:
                check_classes(session, set(data["inventories"]))
            except NotFound as error:
                about = f"Unknown resource class in inventory for resource provider {uuid}"
                raise BadRequest(f"{about}: {error}") from None
            rows = inventory_rows(provider.id, data["inventories"])
            for row in rows:
                check_capacity(row, uuid, req.microversion)
            used = usages(session, provider.id).items()
            gone = [name for name, amount in used if amount and name not in data["inventories"]]
            if gone:
                raise exception.InventoryInUse(what=what, classes=", ".join(gone), uuid=uuid)
            connection = session.connection()  # many rows of which no object is needed
            connection.execute(CLEAR, {"provider": provider.id})
            if rows:
                connection.execute(insert(Inventory), rows)
            provider.generation += 1
            return shown(session, provider)


class Usages:
    """How much is used: of a provider, or by a project."""

    def __init__(self, handle: Handle, policy: Enforcer) -> None:
        self.handle, self.policy = handle, policy

    def list_usages(self, req: Request, uuid: str) -> dict[str, object]:
        """How much of each class is used. 200, 404."""
        with self.handle.session() as session:
            provider = find(session, uuid)
            return {GENERATION: provider.generation, "usages": usages(session, provider.id)}

    def list_total_usages(self, req: Request) -> dict[str, object]:
        """How much of each class a project or one of its users uses; from 1.38 on by the consumers' type.

        200, 400, 403, 404.
        """
        self.policy.enforce(req.caller, "list_total_usages", {"project_id": req.query.get("project_id", "")})
        known(req.params, {"project_id", "user_id", "consumer_type"})
        if "project_id" not in req.query:
            raise BadRequest("Invalid query string parameters: 'project_id' is a required property")
        query = select(Allocation.resource_class, func.sum(Allocation.used)).join(Consumer)
        query = query.where(Consumer.project_id == req.query["project_id"]).group_by(Allocation.resource_class)
        if "user_id" in req.query:
            query = query.where(Consumer.user_id == req.query["user_id"])
        asked = req.query.get("consumer_type", "all")
        if asked != "all":
            query = query.where(consumer_type == asked)
        with self.handle.session() as session:
            if req.microversion < (1, 38):
                return {"usages": {row[0]: row[1] for row in session.execute(query)}}
            query = query.group_by(consumer_type)
            rows = session.execute(query.add_columns(consumer_type, func.count(Consumer.uuid.distinct()))).all()
        shown: dict[str, Resources] = {}
        for name, total, kind, count in rows:
            entry = shown.setdefault(kind if "consumer_type" not in req.query or asked != "all" else "all", {})
            entry[name] = entry.get(name, 0) + total
            entry["consumer_count"] = count
        return {"usages": shown}


def shown(session: Session, provider: ResourceProvider) -> ProviderInventories:
    """A provider's inventory as replies have it."""
    rows = sorted(session.execute(OWN, {"provider": provider.id}), key=lambda row: class_order(row[0]))
    return {
        "resource_provider_generation": provider.generation,
        "inventories": {name: dict(zip(AMOUNTS, amounts, strict=True)) for name, *amounts in rows},
    }


def usages(session: Session, provider_id: int) -> Resources:
    """How much is used of each class that a provider has."""
    rows = session.execute(HAVE, {"first": provider_id, "last": provider_id})
    return {row.resource_class: row.used for row in sorted(rows, key=lambda row: class_order(row.resource_class))}


def check_capacity(row: Amounts, uuid: str, version: Version) -> None:
    """Raise BadRequest if nothing is left of what is reserved; from 1.26 on all may be."""
    left = int((row["total"] - row["reserved"]) * row["allocation_ratio"])
    if left < 0 or (left == 0 and version < (1, 26)):
        than = "than" if version >= (1, 26) else "than or equal to"
        raise BadRequest(
            f"Unable to update inventory for resource provider {uuid}: Invalid inventory for '{row['resource_class']}' "
            f"on resource provider '{uuid}'. The reserved value is greater {than} total."
        )


def inventory_rows(provider_id: int, inventories: Mapping[str, Amounts]) -> list[Amounts]:
    """Rows of `inventories` for a body's `inventories`."""
    return [
        {"resource_provider_id": provider_id, "resource_class": name}
        | DEFAULTS
        | {k: v for k, v in given.items() if k != GENERATION}
        for name, given in inventories.items()
    ]
