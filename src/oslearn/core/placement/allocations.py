"""Allocations: what a consumer uses of providers. `PUT /allocations/{consumer}` is the claim.

Interface: `Allocations`, the handlers; `replace_all(handle, version, many)` does what both PUT and POST ask for.
Invariants: a request is granted whole or not at all; no provider gives more than its capacity, also when two are asked
at once; who names an old generation of a consumer changes nothing.
Upstream: placement/handlers/allocation.py, placement/objects/allocation.py. Left out: POST /reshaper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request, Version
from oslearn.core.oslo.schema import first_error
from oslearn.core.placement import schemas
from oslearn.core.placement.exception import CapacityExceeded, ConcurrentUpdate, ResourceClassNotFound
from oslearn.core.placement.models import Allocation, Consumer, Inventory, ResourceProvider
from oslearn.core.placement.providers import GENERATION, find, increment
from oslearn.core.placement.query import Resources, check_classes, used
from oslearn.core.placement.schemas import extract_json

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Whose a consumer is before 1.8 (`incomplete_consumer_project_id`)."""
RETRIES = 10
"""How often a request that was overtaken looks again (`allocation_conflict_retry_count`)."""
OF_CONSUMER = (
    select(ResourceProvider.uuid, ResourceProvider.generation, Allocation.resource_class, Allocation.used,
           Consumer.project_id, Consumer.user_id, Consumer.generation, Consumer.consumer_type)
    .join(Allocation, Allocation.resource_provider_id == ResourceProvider.id)
    .join(Consumer)
    .where(Allocation.consumer_id == bindparam("consumer"))
)  # fmt: skip
ROOM = (
    select(ResourceProvider.id, ResourceProvider.uuid, ResourceProvider.generation, *Inventory.__table__.columns,
           used(Inventory.resource_provider_id, Inventory.resource_class).label("used"))
    .outerjoin(Inventory, Inventory.resource_provider_id == ResourceProvider.id)
    .where(ResourceProvider.uuid.in_(bindparam("uuids", expanding=True)))
)  # fmt: skip


class OfProvider(TypedDict):
    """What is, or is to be, used of one provider."""

    resources: Resources
    generation: NotRequired[int]


class Claim(TypedDict):
    """All that one consumer is to use; before 1.12 `allocations` is a list that names the providers."""

    allocations: dict[str, OfProvider]
    project_id: NotRequired[str]
    user_id: NotRequired[str]
    consumer_generation: NotRequired[int | None]
    consumer_type: NotRequired[str]


class OfConsumer(TypedDict):
    """What one consumer uses of a provider."""

    resources: Resources
    consumer_generation: NotRequired[int]


Ask = tuple[str, str, Resources]
"""A consumer, a provider, and what the one is to use of the other."""
Room = dict[tuple[str, str], tuple[Row[*tuple[Any, ...]], int]]
"""By provider and resource class: the inventory, and how much of it is taken."""
Shown = dict[str, object]
"""A JSON object of a reply."""


class Allocations:
    """Who uses what: of one consumer, or of one provider."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_for_consumer(self, req: Request, consumer_uuid: str) -> Shown:
        """What a consumer uses, by provider; nothing is no error. 200."""
        found: dict[str, OfProvider] = {}
        owner: Shown = {}
        for uuid, generation, name, amount, *about in self.handle.rows(OF_CONSUMER, {"consumer": consumer_uuid}):
            found.setdefault(uuid, {"resources": {}, "generation": generation})["resources"][name] = amount
            owner = of_owner(req.microversion, *about)
        return {"allocations": found} | owner

    def list_for_provider(self, req: Request, uuid: str) -> Shown:
        """What consumers use of a provider. 200, 404."""
        query = select(Allocation.consumer_id, Allocation.resource_class, Allocation.used, Consumer.generation)
        with self.handle.session() as session:
            try:
                provider = find(session, uuid)
            except NotFound as error:
                raise NotFound(f"Resource provider '{uuid}' not found: {error}") from None
            shown: dict[str, OfConsumer] = {}
            rows = session.execute(query.join(Consumer).where(Allocation.resource_provider_id == provider.id))
            for consumer, name, amount, generation in rows:
                shown.setdefault(consumer, {"resources": {}})["resources"][name] = amount
                if req.microversion >= (1, 28):
                    shown[consumer]["consumer_generation"] = generation
            return {"allocations": shown, GENERATION: provider.generation}

    def set_allocations(self, req: Request, consumer_uuid: str) -> None:
        """All that a consumer uses. 204, 400, 409."""
        if first_error(consumer_uuid, schemas.UUID) is not None:
            raise BadRequest(f"Malformed consumer_uuid: {consumer_uuid}")
        wanted = extract_json(req, schemas.ALLOCATIONS)  # not the door's work: upstream looks at the path first
        replace_all(self.handle, req.microversion, {str(UUID(consumer_uuid)): wanted})

    def delete_allocations(self, req: Request, consumer_uuid: str) -> None:
        """Give everything back. 204, 404."""
        retried(self.handle, lambda session: give_back(session, consumer_uuid))


def of_owner(version: Version, project: str, user: str, generation: int, kind: str | None) -> Shown:
    """Whose allocations are, as far as the microversion tells."""
    fields: dict[str, tuple[Version, object]] = {
        "project_id": ((1, 12), project),
        "user_id": ((1, 12), user),
        "consumer_generation": ((1, 28), generation),
        "consumer_type": ((1, 38), kind or "unknown"),
    }
    return {name: value for name, (since, value) in fields.items() if version >= since}


def replace_all(handle: Handle, version: Version, many: Mapping[str, Claim]) -> None:
    """Take away what each consumer has and give it what it asks for; all or nothing.

    Raises BadRequest, CapacityExceeded, ConcurrentUpdate.
    """
    retried(handle, lambda session: replace(session, version, many))


def retried(handle: Handle, change: Callable[[Session], None]) -> None:
    """Do it in a transaction, and again if somebody else was quicker. Raises ConcurrentUpdate if it never ends."""
    for _ in range(RETRIES):
        try:
            with handle.session() as session:
                return change(session)
        except (StaleDataError, IntegrityError):
            continue  # another claim of the same provider, or for the same consumer: look again at what is left
    what = "Another thread concurrently updated the resource provider data. Please retry your update"
    raise ConcurrentUpdate(f"Inventory and/or allocations changed while attempting to allocate: {what}")


def replace(session: Session, version: Version, many: Mapping[str, Claim]) -> None:
    """One attempt. Raises StaleDataError, IntegrityError if somebody else was quicker."""
    known = {c.uuid: c for c in session.scalars(select(Consumer).where(Consumer.uuid.in_(many)))}
    for uuid, given in many.items():
        check_generation(version, given, known.get(uuid))
    before = clear(session, list(known)) if known else set()
    asked = [(uuid, *one) for uuid, given in many.items() for one in by_provider(given["allocations"])]
    providers = find_room(session, asked)
    for uuid, given in many.items():
        write_consumer(session, uuid, given, known.get(uuid))
    names = ("consumer_id", "resource_provider_id", "resource_class", "used")
    rows = [(uuid, providers[at].id, *one) for uuid, at, resources in asked for one in resources.items()]
    if rows:
        session.execute(insert(Allocation), [dict(zip(names, row, strict=True)) for row in rows])
    # What was free when we looked is still free only if no provider has changed; those cleared above are ours already.
    increment(session, {row.id: row.generation for row in providers.values() if row.id not in before})


def write_consumer(session: Session, uuid: str, given: Claim, known: Consumer | None) -> None:
    """Who has nothing any more is no consumer. Raises StaleDataError, IntegrityError."""
    owner = {"project_id": given.get("project_id", NOBODY), "user_id": given.get("user_id", NOBODY)}
    kind = {"consumer_type": given["consumer_type"]} if "consumer_type" in given else {}
    if not given["allocations"]:
        session.execute(delete(Consumer).where(Consumer.uuid == uuid))
    elif known is None:
        session.execute(insert(Consumer).values(uuid=uuid, generation=1, **owner, **kind))
    else:
        same = (Consumer.uuid == uuid) & (Consumer.generation == known.generation)
        values = owner | kind | {"generation": known.generation + 1}
        if not session.connection().execute(update(Consumer).where(same).values(**values)).rowcount:
            raise StaleDataError("somebody else changed the consumer")


def give_back(session: Session, consumer: str) -> None:
    """Take away all that a consumer uses, and the consumer. Raises NotFound, StaleDataError."""
    if not clear(session, [consumer]):
        raise NotFound(f"No allocations for consumer '{consumer}'")
    session.execute(delete(Consumer).where(Consumer.uuid == consumer))


def by_provider(allocations: dict[str, OfProvider] | list[Any]) -> list[tuple[str, Resources]]:
    """Provider and resources, of either form of a body."""
    if isinstance(allocations, list):
        return [(one["resource_provider"]["uuid"], one["resources"]) for one in allocations]
    return [(uuid, one["resources"]) for uuid, one in allocations.items()]


def check_generation(version: Version, given: Claim, known: Consumer | None) -> None:
    """Raise ConcurrentUpdate if the consumer is not what the caller thinks; before 1.28 nobody asks."""
    expected, got = known.generation if known else None, given.get("consumer_generation")
    if version >= (1, 28) and expected != got:
        words = "null" if expected is None else expected
        raise ConcurrentUpdate(f"consumer generation conflict - expected {words} but got {got}")


def clear(session: Session, consumers: list[str]) -> set[int]:
    """Take away all that consumers use; the providers that gave it. Raises StaleDataError."""
    theirs = Allocation.consumer_id.in_(consumers)
    gave = select(Allocation.resource_provider_id, ResourceProvider.generation).join(ResourceProvider).where(theirs)
    providers = {row[0]: row[1] for row in session.execute(gave.distinct())}
    session.execute(delete(Allocation).where(theirs))
    increment(session, providers)
    return set(providers)


def find_room(session: Session, asked: list[Ask]) -> dict[str, Row[*tuple[Any, ...]]]:
    """The providers asked, by uuid, each of which can give it all. Raises BadRequest, CapacityExceeded."""
    uuids = {provider for _, provider, _ in asked}
    if not uuids:
        return {}
    found: dict[str, Row[*tuple[Any, ...]]] = {}
    have: Room = {}
    for row in session.execute(ROOM, {"uuids": list(uuids)}):
        found[row.uuid] = row
        have[row.uuid, row.resource_class] = row, row.used
    for uuid in uuids - found.keys():
        raise BadRequest(f"Allocation for resource provider '{uuid}' that does not exist.")
    for consumer, uuid, resources in asked:
        take(session, have, consumer, uuid, resources)
    return found


def take(session: Session, have: Room, consumer: str, uuid: str, resources: Resources) -> None:
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
