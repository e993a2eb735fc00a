"""Bodies of the rest of Placement's API. Upstream: placement/schemas/."""

from __future__ import annotations

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.schema import ByVersion
from oslearn.core.placement import schemas
from oslearn.core.placement.schemas import BY_PROVIDER, CLASS_KEY, GENERATION, RESOURCES, TEXT, UUID, mapping, strict

MAX_INT = 0x7FFFFFFF
PROVIDER = strict({"name": {"type": "string", "maxLength": 200}, "uuid": UUID}, ["name"])
PROVIDER_1_14 = strict({**PROVIDER["properties"], "parent_provider_uuid": {"anyOf": [UUID, {"type": "null"}]}},
                       ["name"])  # fmt: skip
PROVIDERS: ByVersion = [((1, 14), PROVIDER_1_14), ((1, 0), PROVIDER)]
COUNT = {"type": "integer", "minimum": 1, "maximum": MAX_INT}
INVENTORY = {
    "total": COUNT,
    "reserved": COUNT | {"minimum": 0},
    "min_unit": COUNT,
    "max_unit": COUNT,
    "step_size": COUNT,
    "allocation_ratio": {"type": "number", "maximum": 3.40282e38},
    "resource_provider_generation": GENERATION,
}
PUT_INVENTORIES = strict(
    {"resource_provider_generation": GENERATION, "inventories": mapping(CLASS_KEY, strict(INVENTORY, ["total"]))},
    ["resource_provider_generation", "inventories"],
)
TRAITS = strict(
    {
        "resource_provider_generation": GENERATION,
        "traits": {"type": "array", "items": TEXT | {"pattern": CLASS_KEY}, "uniqueItems": True},
    },
    ["resource_provider_generation", "traits"],
)
PUT_INVENTORY = strict(INVENTORY, ["total", "resource_provider_generation"])
POST_INVENTORY = strict(INVENTORY | {"resource_class": {"type": "string", "pattern": CLASS_KEY}},
                        ["total", "resource_class"])  # fmt: skip
AGGREGATES = {"type": "array", "items": UUID, "uniqueItems": True}
AGGREGATES_1_19 = strict(
    {"resource_provider_generation": GENERATION, "aggregates": AGGREGATES},
    ["resource_provider_generation", "aggregates"],
)
SETS_OF_AGGREGATES: ByVersion = [((1, 19), AGGREGATES_1_19), ((1, 1), AGGREGATES)]
RESOURCE_CLASS = strict(
    {"name": {"type": "string", "pattern": "^CUSTOM_[A-Z0-9_]+\\Z", "minLength": 1, "maxLength": 255}}, ["name"]
)


def allocations(shape: Body, *names: str) -> Body:
    """A consumer's allocations in that shape, with these of the further fields."""
    return strict({"allocations": shape} | {name: schemas.FIELDS[name] for name in names}, ["allocations", *names])


BY_LIST = {
    "type": "array",
    "minItems": 1,
    "items": strict(
        {"resource_provider": strict({"uuid": UUID}, ["uuid"]), "resources": RESOURCES},
        ["resource_provider", "resources"],
    ),
}
OWNER = ("project_id", "user_id")
TYPED = {"consumer_type": TEXT | {"pattern": CLASS_KEY}}
SINCE_1_28 = allocations(BY_PROVIDER, *OWNER, "consumer_generation")
SINCE_1_38 = strict(schemas.ALLOCATIONS["properties"] | TYPED, [*schemas.FIELDS, *TYPED])
ALLOCATIONS: ByVersion = [
    ((1, 38), SINCE_1_38),
    ((1, 34), schemas.ALLOCATIONS),
    ((1, 28), SINCE_1_28),
    ((1, 12), allocations(BY_PROVIDER | {"minProperties": 1}, *OWNER)),
    ((1, 8), allocations(BY_LIST, *OWNER)),
    ((1, 0), allocations(BY_LIST)),
]
"""What one consumer's allocations look like, from a microversion on, the newest first."""
MANY_ALLOCATIONS = [
    (version, mapping(UUID["pattern"], allocations(BY_PROVIDER, *OWNER) if version < (1, 28) else one, minimum=1))
    for version, one in ALLOCATIONS
    if version >= (1, 12)
]
"""The same of several consumers; before 1.28 nothing may be allocated as well."""
