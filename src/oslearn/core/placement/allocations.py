"""Allocations: what a consumer uses of providers. `PUT /allocations/{consumer}` is the claim.

Interface: `Allocations`, the handlers; `replace_all(handle, many)` gives several consumers what each asks for.
Invariants: a request is granted whole or not at all; no provider gives more than its capacity, also when two are asked
at once; who names an old generation of a consumer changes nothing.
Upstream: placement/handlers/allocation.py, placement/objects/allocation.py. Left out: POST /reshaper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from oslearn.core.oslo.db import DBDeadlock, Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.schema import first_error
from oslearn.core.placement import schemas
from oslearn.core.placement.candidates import Resources, used
from oslearn.core.placement.exception import CapacityExceeded, ConcurrentUpdate, InvalidInventory, ProviderNotFound
from oslearn.core.placement.models import GENERATION, Allocation, Consumer, Inventory, ResourceProvider, increment

RETRIES = 10
"""How often a request that was overtaken looks again (`allocation_conflict_retry_count`)."""
SINCE = {"project_id": (1, 12), "user_id": (1, 12), "consumer_generation": (1, 28), "consumer_type": (1, 38)}
"""From which microversion on a reply says whose allocations are."""
USES = (
    select(ResourceProvider.uuid, ResourceProvider.generation, Allocation.resource_class, Allocation.used,
           Consumer.project_id, Consumer.user_id, Consumer.generation, Consumer.consumer_type, Consumer.uuid)
    .outerjoin(Allocation, Allocation.resource_provider_id == ResourceProvider.id)
    .outerjoin(Consumer)
)  # fmt: skip
"""Who uses what; of a provider that nobody uses one row that says so."""
OF_CONSUMER = USES.where(Allocation.consumer_id == bindparam("consumer"))
OF_PROVIDER = USES.where(ResourceProvider.uuid == bindparam("provider"))
KNOWN = select(Consumer.uuid, Consumer.generation).where(Consumer.uuid.in_(bindparam("consumers", expanding=True)))
NEW_CONSUMER, NEW_ALLOCATIONS = insert(Consumer), insert(Allocation)
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
    """All that one consumer is to use."""

    allocations: dict[str, OfProvider]
    project_id: str
    user_id: str
    consumer_generation: NotRequired[int | None]
    consumer_type: NotRequired[str]


class OfConsumer(TypedDict):
    """What one consumer uses of a provider."""

    resources: Resources
    consumer_generation: NotRequired[int]


Ask = tuple[str, str, Resources]
"""A consumer, a provider, and what the one is to use of the other."""
Provider = Row[*tuple[Any, ...]]
"""A row of `ROOM`."""
Room = dict[tuple[str, str], tuple[Provider, int]]
"""By provider and resource class: the inventory, and how much of it is taken."""


class Allocations:
    """Who uses what: of one consumer, or of one provider."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_for_consumer(self, req: Request, consumer_uuid: str) -> dict[str, object]:
        """What a consumer uses, by provider; nothing is no error. 200."""
        found: dict[str, OfProvider] = {}
        owner: dict[str, object] = {}
        for uuid, generation, name, amount, *about, kind, _ in self.handle.rows(
            OF_CONSUMER, {"consumer": consumer_uuid}
        ):
            found.setdefault(uuid, {"resources": {}, "generation": generation})["resources"][name] = amount
            owner = dict(zip(SINCE, (*about, kind or "unknown"), strict=True))
        return {"allocations": found} | {k: v for k, v in owner.items() if req.microversion >= SINCE[k]}

    def list_for_provider(self, req: Request, uuid: str) -> dict[str, object]:
        """What consumers use of a provider. 200, 404."""
        rows = self.handle.rows(OF_PROVIDER, {"provider": uuid})
        if not rows:
            raise NotFound(f"Resource provider '{uuid}' not found: {ProviderNotFound(uuid=uuid)}")
        shown: dict[str, OfConsumer] = {}
        for _, _, name, amount, *_, generation, _, consumer in rows if rows[0].resource_class else ():
            shown.setdefault(consumer, {"resources": {}})["resources"][name] = amount
            if req.microversion >= (1, 28):
                shown[consumer]["consumer_generation"] = generation
        return {"allocations": shown, GENERATION: rows[0].generation}

    def set_allocations(self, req: Request, consumer_uuid: str) -> None:
        """All that a consumer uses. 204, 400, 409."""
        if first_error(consumer_uuid, schemas.UUID) is not None:
            raise BadRequest(f"Malformed consumer_uuid: {consumer_uuid}")
        replace_all(self.handle, {str(UUID(consumer_uuid)): self.read(req)})

    def read(self, req: Request) -> Claim:
        """The body. It is not the door's work, for upstream looks at the path first. Raises BadRequest."""
        wanted: Claim = schemas.extract_json(req, schemas.ALLOCATIONS)
        return wanted

    def delete_allocations(self, req: Request, consumer_uuid: str) -> None:
        """Give everything back. 204, 404."""
        retried(self.handle, lambda connection: give_back(connection, consumer_uuid))


def replace_all(handle: Handle, many: Mapping[str, Claim]) -> None:
    """Take away what each consumer has and give it what it asks for; all or nothing.

    Raises BadRequest, CapacityExceeded, InvalidInventory, ConcurrentUpdate.
    """
    retried(handle, lambda connection: replace(connection, many))


def retried(handle: Handle, change: Callable[[Connection], None]) -> None:
    """Do it in a transaction, and again if somebody else was quicker. Raises ConcurrentUpdate if it never ends."""
    for _ in range(RETRIES):
        try:
            with handle.engine.begin() as connection:
                return change(connection)
        except (StaleDataError, IntegrityError, DBDeadlock):
            continue  # another claim of the same provider, or for the same consumer: look again at what is left
    what = "Another thread concurrently updated the resource provider data. Please retry your update"
    raise ConcurrentUpdate(f"Inventory and/or allocations changed while attempting to allocate: {what}")


def replace(connection: Connection, many: Mapping[str, Claim]) -> None:
    """One attempt. Raises StaleDataError, IntegrityError, DBDeadlock if somebody else was quicker."""
    known: dict[str, int] = {row.uuid: row.generation for row in connection.execute(KNOWN, {"consumers": [*many]})}
    for uuid, given in many.items():
        check_generation(given, known.get(uuid))
    before = clear(connection, list(known)) if known else set()
    asked = [(uuid, at, one["resources"]) for uuid, given in many.items() for at, one in given["allocations"].items()]
    providers = find_room(connection, asked)
    for uuid, given in many.items():
        write_consumer(connection, uuid, given, known.get(uuid))
    names = ("consumer_id", "resource_provider_id", "resource_class", "used")
    rows = [(uuid, providers[at].id, *one) for uuid, at, resources in asked for one in resources.items()]
    if rows:
        connection.execute(NEW_ALLOCATIONS, [dict(zip(names, row, strict=True)) for row in rows])
    # What was free when we looked is still free only if no provider has changed; those cleared above are ours already.
    increment(connection, {row.id: row.generation for row in providers.values() if row.id not in before})


def check_generation(given: Claim, expected: int | None) -> None:
    """Raise ConcurrentUpdate if the consumer is not what the caller thinks; before 1.28 nobody says what they think."""
    got = given.get("consumer_generation")
    if "consumer_generation" in given and expected != got:
        words = "null" if expected is None else expected
        raise ConcurrentUpdate(f"consumer generation conflict - expected {words} but got {got}")


def write_consumer(connection: Connection, uuid: str, given: Claim, then: int | None) -> None:
    """Who has nothing any more is no consumer. Raises StaleDataError, IntegrityError."""
    owner: dict[str, Any] = {n: given[n] for n in ("project_id", "user_id", "consumer_type") if n in given}
    if not given["allocations"]:
        connection.execute(delete(Consumer).where(Consumer.uuid == uuid))
    elif then is None:
        connection.execute(NEW_CONSUMER, {"uuid": uuid, "generation": 1, **owner})
    else:
        same = (Consumer.uuid == uuid) & (Consumer.generation == then)
        if not connection.execute(update(Consumer).where(same).values(generation=then + 1, **owner)).rowcount:
            raise StaleDataError("somebody else changed the consumer")


def give_back(connection: Connection, consumer: str) -> None:
    """Take away all that a consumer uses, and the consumer. Raises NotFound, StaleDataError."""
    if not clear(connection, [consumer]):
        raise NotFound(f"No allocations for consumer '{consumer}'")
    connection.execute(delete(Consumer).where(Consumer.uuid == consumer))


def clear(connection: Connection, consumers: list[str]) -> set[int]:
    """Take away all that consumers use; the providers that gave it. Raises StaleDataError."""
    theirs = Allocation.consumer_id.in_(consumers)
    gave = select(Allocation.resource_provider_id, ResourceProvider.generation).join(ResourceProvider).where(theirs)
    providers = {row[0]: row[1] for row in connection.execute(gave.distinct())}
    connection.execute(delete(Allocation).where(theirs))
    increment(connection, providers)
    return set(providers)


def find_room(connection: Connection, asked: list[Ask]) -> dict[str, Provider]:
    """The providers asked, by uuid, each of which can give it all.

    Raises BadRequest, CapacityExceeded, InvalidInventory.
    """
    uuids = {provider for _, provider, _ in asked}
    if not uuids:
        return {}
    found: dict[str, Provider] = {}
    have: Room = {}
    for row in connection.execute(ROOM, {"uuids": list(uuids)}):
        found[row.uuid] = row
        have[row.uuid, row.resource_class] = row, row.used
    for uuid in uuids - found.keys():
        raise BadRequest(f"Allocation for resource provider '{uuid}' that does not exist.")
    for consumer, uuid, resources in asked:
        for name, amount in resources.items():
            if (uuid, name) not in have:
                raise InvalidInventory(name=name, uuid=uuid, consumer=consumer)
            have[uuid, name] = take(*have[uuid, name], amount)
    return found


def take(row: Provider, taken: int, amount: int) -> tuple[Provider, int]:
    """Count an amount of a provider's inventory as taken. Raises CapacityExceeded."""
    if not row.min_unit <= amount <= row.max_unit or amount % row.step_size:
        raise CapacityExceeded(resource_class=row.resource_class, uuid=row.uuid, why="violate inventory constraints")
    if taken + amount > (row.total - row.reserved) * row.allocation_ratio:
        raise CapacityExceeded(resource_class=row.resource_class, uuid=row.uuid, why="exceed the capacity")
    return row, taken + amount
