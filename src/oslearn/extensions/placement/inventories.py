"""One resource class of a provider's inventory at a time, and what is used of it all.

Interface: `InventoryClasses`, `Usages`: handlers.
Upstream: placement/handlers/{inventory,usage}.py.
"""

from __future__ import annotations

from sqlalchemy import func, literal_column, select

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, Conflict, MethodNotAllowed, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.placement.generation import GENERATION, find
from oslearn.core.placement.inventories import Amounts, Inventories, usages
from oslearn.core.placement.models import Allocation, Consumer
from oslearn.core.placement.query import Resources
from oslearn.core.placement.util import known

consumer_type = func.coalesce(Consumer.consumer_type, literal_column("'unknown'"))
"""A consumer's type. It holds no bound value: PostgreSQL would take it for another expression where it groups."""


class InventoryClasses:
    """One class of what a provider has: each change writes the whole inventory, as it was read but for that class."""

    def __init__(self, inventories: Inventories) -> None:
        self.inventories = inventories

    def show_inventory(self, req: Request, uuid: str, resource_class: str) -> Amounts:
        """What it has of one class. 200, 404."""
        shown = self.inventories.list_inventories(req, uuid)
        if resource_class not in shown["inventories"]:
            raise NotFound(f"No inventory of class {resource_class} for {uuid}")
        return shown["inventories"][resource_class] | {GENERATION: shown["resource_provider_generation"]}

    def create_inventory(self, req: Request, uuid: str, wanted: Amounts) -> Reply:
        """One more class. 201, 400, 404, 409."""
        name = wanted["resource_class"]
        known = self.inventories.list_inventories(req, uuid)
        if name in known["inventories"]:
            raise Conflict(f"Update conflict: Inventory of class {name} already exists.")
        known["inventories"][name] = {key: value for key, value in wanted.items() if key != "resource_class"}
        self.inventories.write(req, uuid, known)
        place = {"Location": f"{req.root_path}/resource_providers/{uuid}/inventories/{name}"}
        return Reply(201, self.show_inventory(req, uuid, name), place)

    def update_inventory(self, req: Request, uuid: str, resource_class: str, wanted: Amounts) -> Amounts:
        """Another amount of a class. 200, 400, 404, 409."""
        known = self.inventories.list_inventories(req, uuid)
        if resource_class not in known["inventories"]:
            raise BadRequest(f"No inventory record with resource class: No inventory of class {resource_class} found.")
        known["inventories"][resource_class] = wanted
        known["resource_provider_generation"] = wanted[GENERATION]  # the caller's, not the one read here
        self.inventories.write(req, uuid, known)
        return self.show_inventory(req, uuid, resource_class)

    def delete_inventory(self, req: Request, uuid: str, resource_class: str) -> None:
        """No more of a class. 204, 404, 409."""
        known = self.inventories.list_inventories(req, uuid)
        if known["inventories"].pop(resource_class, None) is None:
            what = f"No inventory of class {resource_class} found for delete"
            raise NotFound(f"{what}: {what}")
        self.inventories.write(req, uuid, known, what=f"Unable to delete inventory of class {resource_class}")

    def delete_inventories(self, req: Request, uuid: str) -> None:
        """Nothing any more; before 1.5 the path had no such method. 204, 404, 405, 409."""
        if req.microversion < (1, 5):
            raise MethodNotAllowed()
        known = self.inventories.list_inventories(req, uuid)
        known["inventories"].clear()
        self.inventories.write(req, uuid, known)


class Usages:
    """How much is used: of a provider, or by a project."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_usages(self, req: Request, uuid: str) -> dict[str, object]:
        """How much of each class is used. 200, 404."""
        with self.handle.session() as session:
            provider = find(session, uuid)
            return {GENERATION: provider.generation, "usages": usages(session, provider.id)}

    def list_total_usages(self, req: Request) -> dict[str, object]:
        """How much of each class a project or one of its users uses; from 1.38 on by the consumers' type.

        200, 400, 403, 404.
        """
        known(req, {"project_id", "user_id", "consumer_type"})
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
