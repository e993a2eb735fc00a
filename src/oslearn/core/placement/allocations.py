"""Allocations: what a consumer uses of providers. `PUT /allocations/{consumer}` is the claim.

Interface: `Allocations`, handlers.
Invariants: a request is granted whole or not at all; no provider gives more than its capacity; who names an old
generation of a consumer changes nothing.
Upstream: placement/handlers/allocation.py, placement/objects/allocation.py. Left out: POST /reshaper.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.schema import first_error
from oslearn.core.placement import schemas
from oslearn.core.placement.base import Controller
from oslearn.core.placement.exception import CapacityExceeded, ConcurrentUpdate, ResourceClassNotFound
from oslearn.core.placement.models import Allocation, Consumer, Inventory, ResourceProvider
from oslearn.core.placement.names import check_classes
from oslearn.core.placement.query import used

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Whose a consumer is before 1.8 (`incomplete_consumer_project_id`)."""
Version = tuple[int, int]
OF_CONSUMER = (
    select(ResourceProvider.uuid, ResourceProvider.generation, Allocation.resource_class, Allocation.used,
           Consumer.project_id, Consumer.user_id, Consumer.generation, Consumer.consumer_type)
    .join(Allocation, Allocation.resource_provider_id == ResourceProvider.id)
    .join(Consumer)
    .where(Allocation.consumer_id == bindparam("consumer"))
)  # fmt: skip
ROOM = (
    select(ResourceProvider.id, ResourceProvider.uuid, *Inventory.__table__.columns,
           used(Inventory.resource_provider_id, Inventory.resource_class).label("used"))
    .outerjoin(Inventory, Inventory.resource_provider_id == ResourceProvider.id)
    .where(ResourceProvider.uuid.in_(bindparam("uuids", expanding=True)))
)  # fmt: skip


class Allocations(Controller):
    """Handlers."""

    def list_for_consumer(self, req: Request, consumer_uuid: str) -> dict[str, Any]:
        """What a consumer uses, by provider; nothing is no error. 200."""
        shown: dict[str, Any] = {"allocations": {}}
        rows: Any = self.handle.rows(OF_CONSUMER, {"consumer": consumer_uuid})
        for uuid, generation, name, amount, *about in rows:
            here = shown["allocations"].setdefault(uuid, {"resources": {}, "generation": generation})
            here["resources"][name] = amount
            shown |= self._about(req.microversion, *about)
        return shown

    def list_for_provider(self, req: Request, uuid: str) -> dict[str, Any]:
        """What consumers use of a provider. 200, 404."""
        query = select(Allocation.consumer_id, Allocation.resource_class, Allocation.used, Consumer.generation)
        with self.handle.session() as session:
            try:
                provider = self.provider(session, uuid)
            except NotFound as error:
                raise NotFound(f"Resource provider '{uuid}' not found: {error}") from None
            shown: dict[str, Any] = {}
            rows = session.execute(query.join(Consumer).where(Allocation.resource_provider_id == provider.id))
            for consumer, name, amount, generation in rows:
                shown.setdefault(consumer, {"resources": {}})["resources"][name] = amount
                if req.microversion >= (1, 28):
                    shown[consumer]["consumer_generation"] = generation
            return {"allocations": shown, "resource_provider_generation": provider.generation}

    def set_allocations(self, req: Request, consumer_uuid: str) -> None:
        """All that a consumer uses. 204, 400, 409."""
        if first_error(consumer_uuid, schemas.UUID) is not None:
            raise BadRequest(f"Malformed consumer_uuid: {consumer_uuid}")
        given = self.body(req, schemas.since(req.microversion, schemas.ALLOCATIONS))
        self._replace(req.microversion, {str(UUID(consumer_uuid)): given})

    def set_many_allocations(self, req: Request) -> None:
        """All that several consumers use, in one transaction. 204, 400, 404, 409."""
        self._replace(req.microversion, self.body(req, schemas.since(req.microversion, schemas.MANY_ALLOCATIONS)))

    def delete_allocations(self, req: Request, consumer_uuid: str) -> None:
        """Give everything back. 204, 404."""
        with self.handle.session() as session:
            if not clear(session, [consumer_uuid]):
                raise NotFound(f"No allocations for consumer '{consumer_uuid}'")
            session.execute(delete(Consumer).where(Consumer.uuid == consumer_uuid))

    def _replace(self, version: Version, many: dict[str, Any]) -> None:
        """Take away what each consumer has and give it what it asks for."""
        with self.handle.session() as session:
            known = {c.uuid: c for c in session.scalars(select(Consumer).where(Consumer.uuid.in_(many)))}
            for uuid, given in many.items():
                check_generation(version, given, known.get(uuid))
            before = clear(session, list(known)) if known else set()
            asked = [(uuid, *one) for uuid, given in many.items() for one in by_provider(given["allocations"])]
            providers = find_room(session, asked)
            for uuid, given in many.items():
                self._write_consumer(session, uuid, given, known.get(uuid))
            names = ("consumer_id", "resource_provider_id", "resource_class", "used")
            rows = [(uuid, providers[at], *one) for uuid, at, resources in asked for one in resources.items()]
            if rows:
                session.execute(insert(Allocation), [dict(zip(names, row, strict=True)) for row in rows])
            touch(session, set(providers.values()) - before)

    def _write_consumer(self, session: Session, uuid: str, given: dict[str, Any], known: Consumer | None) -> None:
        owner = {"project_id": given.get("project_id", NOBODY), "user_id": given.get("user_id", NOBODY)}
        kind = {"consumer_type": given["consumer_type"]} if "consumer_type" in given else {}
        if not given["allocations"]:
            session.execute(delete(Consumer).where(Consumer.uuid == uuid))
        elif known is None:
            session.execute(insert(Consumer).values(uuid=uuid, generation=1, **owner, **kind))
        else:
            values = owner | kind | {"generation": known.generation + 1}
            session.execute(update(Consumer).where(Consumer.uuid == uuid).values(**values))

    def _about(self, version: Version, project: Any, user: Any, generation: Any, kind: Any) -> dict[str, Any]:
        """Whose the allocations are."""
        fields = {
            "project_id": ((1, 12), project),
            "user_id": ((1, 12), user),
            "consumer_generation": ((1, 28), generation),
            "consumer_type": ((1, 38), kind or "unknown"),
        }
        return {name: value for name, (since, value) in fields.items() if version >= since}


def by_provider(allocations: Any) -> list[tuple[str, dict[str, int]]]:
    """Provider and resources, of either form of a body."""
    if isinstance(allocations, list):
        return [(one["resource_provider"]["uuid"], one["resources"]) for one in allocations]
    return [(uuid, one["resources"]) for uuid, one in allocations.items()]


def check_generation(version: Version, given: dict[str, Any], known: Consumer | None) -> None:
    """Raise ConcurrentUpdate if the consumer is not what the caller thinks; before 1.28 nobody asks."""
    expected, got = known.generation if known else None, given.get("consumer_generation")
    if version >= (1, 28) and expected != got:
        words = "null" if expected is None else expected
        raise ConcurrentUpdate(f"consumer generation conflict - expected {words} but got {got}")


def clear(session: Session, consumers: list[str]) -> set[int]:
    """Take away all that consumers use; the providers that gave it."""
    theirs = Allocation.consumer_id.in_(consumers)
    providers = set(session.scalars(select(Allocation.resource_provider_id).where(theirs).distinct()))
    session.execute(delete(Allocation).where(theirs))
    touch(session, providers)
    return providers


def touch(session: Session, providers: set[int]) -> None:
    """Add one to the generation of providers."""
    if providers:
        changed = update(ResourceProvider).where(ResourceProvider.id.in_(providers))
        session.execute(changed.values(generation=ResourceProvider.generation + 1))


def find_room(session: Session, asked: list[tuple[str, str, dict[str, int]]]) -> dict[str, int]:
    """The ids of the providers asked, each of which can give it all. Raises BadRequest, CapacityExceeded."""
    uuids = {provider for _, provider, _ in asked}
    if not uuids:
        return {}
    found: dict[str, int] = {}
    have: dict[tuple[str, str], tuple[Any, int]] = {}
    for row in session.execute(ROOM, {"uuids": list(uuids)}):
        found[row.uuid] = row.id
        have[row.uuid, row.resource_class] = row, row.used
    for uuid in uuids - found.keys():
        raise BadRequest(f"Allocation for resource provider '{uuid}' that does not exist.")
    for consumer, uuid, resources in asked:
        take(session, have, consumer, uuid, resources)
    return found


def take(
    session: Session, have: dict[tuple[str, str], Any], consumer: str, uuid: str, resources: dict[str, int]
) -> None:
    """Count one consumer's resources as taken. Raises BadRequest, CapacityExceeded."""
    for name, amount in resources.items():
        if (uuid, name) not in have:
            try:
                check_classes(session, {name})
            except ResourceClassNotFound as error:
                raise BadRequest(f"Unable to allocate inventory for consumer {consumer}: {error}") from None
            what = f"Unable to allocate inventory: Inventory for '{name}' on resource provider '{uuid}' invalid."
            raise CapacityExceeded(what)
        row, taken = have[uuid, name]
        if not row.min_unit <= amount <= row.max_unit or amount % row.step_size:
            raise CapacityExceeded(resource_class=name, uuid=uuid, why="violate inventory constraints")
        if taken + amount > (row.total - row.reserved) * row.allocation_ratio:
            raise CapacityExceeded(resource_class=name, uuid=uuid, why="exceed the capacity")
        have[uuid, name] = row, taken + amount
