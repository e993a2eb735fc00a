"""What providers have and what is taken of it: inventories and usages.

Interface: `Inventories`, the handlers of a provider's whole inventory; `HAVE`, the query behind candidates; `usages`.
Invariants: what is in use stays; a change names the generation that it read.
Upstream: placement/handlers/inventory.py, placement/objects/inventory.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.microversion import Version
from oslearn.core.placement import exception, schemas
from oslearn.core.placement.generation import GENERATION, find
from oslearn.core.placement.models import Allocation, Inventory, ResourceProvider
from oslearn.core.placement.names import check_classes, class_order
from oslearn.core.placement.query import Resources

DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": schemas.MAX_INT, "step_size": 1, "allocation_ratio": 1.0}
HAVE = (
    select(Inventory.resource_provider_id.label("id"), Inventory.resource_class, Inventory.total, Inventory.reserved,
           Inventory.allocation_ratio, func.coalesce(func.sum(Allocation.used), 0).label("used"))
    .outerjoin(Allocation, (Allocation.resource_provider_id == Inventory.resource_provider_id)
               & (Allocation.resource_class == Inventory.resource_class))
    .where(Inventory.resource_provider_id.in_(bindparam("ids", expanding=True)))
    .group_by(Inventory.resource_provider_id, Inventory.resource_class)
)  # fmt: skip
"""What providers have, and how much of it is used."""


Amounts = dict[str, Any]
"""`total`, `reserved`, `allocation_ratio`, ... of one resource class: numbers."""


class ProviderInventories(TypedDict):
    """All that a provider has, by resource class, as bodies and replies have it."""

    resource_provider_generation: int
    inventories: dict[str, Amounts]


def inventory_rows(provider_id: int, inventories: Mapping[str, Amounts]) -> list[Amounts]:
    """Rows of `inventories` for a body's `inventories`."""
    return [
        {"resource_provider_id": provider_id, "resource_class": name}
        | DEFAULTS
        | {k: v for k, v in given.items() if k != GENERATION}
        for name, given in inventories.items()
    ]


class Inventories:
    """What a provider has, all of it at once."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_inventories(self, req: Request, uuid: str) -> ProviderInventories:
        """What a provider has. 200, 404."""
        with self.handle.session() as session:
            return shown(session, find(session, uuid))

    def set_inventories(self, req: Request, uuid: str, wanted: ProviderInventories) -> ProviderInventories:
        """All that a provider has. 200, 400, 404, 409."""
        return self.write(req, uuid, wanted)

    def write(
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
            session.execute(delete(Inventory).where(Inventory.resource_provider_id == provider.id))
            if rows:
                session.execute(insert(Inventory), rows)
            provider.generation += 1
            return shown(session, provider)


def shown(session: Session, provider: ResourceProvider) -> ProviderInventories:
    """A provider's inventory as replies have it."""
    query = select(Inventory).where(Inventory.resource_provider_id == provider.id)
    rows = sorted(session.scalars(query), key=lambda row: class_order(row.resource_class))
    keys = ("total", *DEFAULTS)
    return {
        "resource_provider_generation": provider.generation,
        "inventories": {row.resource_class: {key: getattr(row, key) for key in keys} for row in rows},
    }


def usages(session: Session, provider_id: int) -> Resources:
    """How much is used of each class that a provider has."""
    rows = session.execute(HAVE, {"ids": [provider_id]})
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
