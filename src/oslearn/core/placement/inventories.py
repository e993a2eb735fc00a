"""What providers have and what is taken of it: inventories and usages.

Interface: `Inventories`, handlers; `usages` sums what is allocated.
Upstream: placement/handlers/{inventory,usage}.py, placement/objects/inventory.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.placement import exception, schemas
from oslearn.core.placement.base import Controller
from oslearn.core.placement.models import Allocation, Consumer, Inventory, ResourceProvider
from oslearn.core.placement.names import check_classes, class_order

DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": schemas.MAX_INT, "step_size": 1, "allocation_ratio": 1.0}
GENERATION = "resource_provider_generation"
HAVE = (
    select(Inventory.resource_provider_id.label("id"), Inventory.resource_class, Inventory.total, Inventory.reserved,
           Inventory.allocation_ratio, func.coalesce(func.sum(Allocation.used), 0).label("used"))
    .outerjoin(Allocation, (Allocation.resource_provider_id == Inventory.resource_provider_id)
               & (Allocation.resource_class == Inventory.resource_class))
    .where(Inventory.resource_provider_id.in_(bindparam("ids", expanding=True)))
    .group_by(Inventory.resource_provider_id, Inventory.resource_class)
)  # fmt: skip
"""What providers have, and how much of it is used."""


def inventory_rows(provider_id: int, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of `inventories` for a body's `inventories`."""
    return [
        {"resource_provider_id": provider_id, "resource_class": name}
        | DEFAULTS
        | {k: v for k, v in given.items() if k != GENERATION}
        for name, given in data["inventories"].items()
    ]


class Inventories(Controller):
    """Handlers."""

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
            return {GENERATION: provider.generation, "usages": usages(session, provider.id)}

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
            used = usages(session, provider.id).items()
            gone = [name for name, amount in used if amount and name not in data["inventories"]]
            if gone:
                raise exception.InventoryInUse(what=what, classes=", ".join(gone), uuid=uuid)
            session.execute(delete(Inventory).where(Inventory.resource_provider_id == provider.id))
            if rows:
                session.execute(insert(Inventory), rows)
            provider.generation += 1
            return self._inventories(session, provider)

    def _inventories(self, session: Session, provider: ResourceProvider) -> dict[str, Any]:
        query = select(Inventory).where(Inventory.resource_provider_id == provider.id)
        rows = sorted(session.scalars(query), key=lambda row: class_order(row.resource_class))
        keys = ("total", *DEFAULTS)
        return {
            GENERATION: provider.generation,
            "inventories": {row.resource_class: {key: getattr(row, key) for key in keys} for row in rows},
        }


def usages(session: Session, provider_id: int) -> dict[str, int]:
    """How much is used of each class that a provider has."""
    rows = session.execute(HAVE, {"ids": [provider_id]})
    return {row.resource_class: row.used for row in sorted(rows, key=lambda row: class_order(row.resource_class))}


def check_capacity(row: dict[str, Any], uuid: str, version: tuple[int, int]) -> None:
    """Raise BadRequest if nothing is left of what is reserved; from 1.26 on all may be."""
    left = int((row["total"] - row["reserved"]) * row["allocation_ratio"])
    if left < 0 or (left == 0 and version < (1, 26)):
        than = "than" if version >= (1, 26) else "than or equal to"
        raise BadRequest(
            f"Unable to update inventory for resource provider {uuid}: Invalid inventory for '{row['resource_class']}' "
            f"on resource provider '{uuid}'. The reserved value is greater {than} total."
        )
