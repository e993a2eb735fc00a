"""Providers of resources, and their generations: who names an old one, or is overtaken while writing, changes nothing.

Interface: `find(session, uuid, generation)` reads a provider; `increment(session, read)` counts providers on.
Invariants: a change of a provider's inventory, traits, aggregates or allocations adds one to its generation, and only
if nobody else has done so since it was read; `ResourceProvider` has SQLAlchemy ask for that of each row that it saves.
Upstream: placement/objects/resource_provider.py (`get_by_uuid`, `increment_generation`).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from oslearn.core.placement.exception import ConcurrentUpdate, ProviderNotFound
from oslearn.core.placement.models import ResourceProvider

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
