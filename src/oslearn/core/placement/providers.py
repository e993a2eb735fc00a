"""The providers of compute hosts, written when a cloud starts, and their generations: who names an old one, or is
overtaken while writing, changes nothing.

Interface: `find(session, uuid, generation)` reads a provider; `increment(session, read)` counts providers on;
`register(handle, hosts)`; `Amounts`, `inventory_rows`: an inventory and its rows.
Invariants: a change of a provider's inventory, traits, aggregates or allocations adds one to its generation, and only
if nobody else has done so since it was read; `ResourceProvider` has SQLAlchemy ask for that of each row that it saves.
Upstream: placement/objects/resource_provider.py (`get_by_uuid`, `increment_generation`), inventory.py. Upstream's
nova-compute makes the providers known over the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.placement import schemas
from oslearn.core.placement.exception import ConcurrentUpdate, ProviderNotFound
from oslearn.core.placement.models import Inventory, ProviderTrait, ResourceProvider

GENERATION = "resource_provider_generation"


def find(session: Session, uuid: str, generation: int | None = None) -> ResourceProvider:
    """A provider, still of that generation if one is given. Raises ProviderNotFound, ConcurrentUpdate."""
    found = session.scalars(select(ResourceProvider).where(ResourceProvider.uuid == uuid)).first()
    if found is None:
        raise ProviderNotFound(uuid=uuid)
    if generation not in (None, found.generation):
        raise ConcurrentUpdate()
    return found


def increment(session: Session, read: Mapping[int, int]) -> None:
    """Add one to the generation of providers, by id, that must be what was read. Raises StaleDataError."""
    if not read:
        return
    same = (and_(ResourceProvider.id == id_, ResourceProvider.generation == then) for id_, then in read.items())
    changed = update(ResourceProvider).where(or_(*same)).values(generation=ResourceProvider.generation + 1)
    # The comparison and the change are one statement: two who read the same generation cannot both find it unchanged.
    if session.connection().execute(changed).rowcount != len(read):
        raise StaleDataError("somebody else changed a provider")


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
