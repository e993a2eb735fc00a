"""The providers of compute hosts, and what each host offers: written when a cloud starts.

Interface: `register(handle, hosts)`; `Amounts`, `inventory_rows`: an inventory and its rows.
Upstream: placement/objects/resource_provider.py, inventory.py. Upstream's nova-compute makes them known over the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import insert, select

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.placement import schemas
from oslearn.core.placement.generation import GENERATION
from oslearn.core.placement.models import Inventory, ProviderTrait, ResourceProvider

DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": schemas.MAX_INT, "step_size": 1, "allocation_ratio": 1.0}
Amounts = Body
"""`total`, `reserved`, `allocation_ratio`, ... of one resource class: numbers."""


def register(handle: Handle, hosts: Iterable[Body]) -> None:
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


def inventory_rows(provider_id: int, inventories: Mapping[str, Amounts]) -> list[Amounts]:
    """Rows of `inventories` for a body's `inventories`."""
    return [
        {"resource_provider_id": provider_id, "resource_class": name}
        | DEFAULTS
        | {k: v for k, v in given.items() if k != GENERATION}
        for name, given in inventories.items()
    ]
