"""Bodies of the rest of Placement's API. Upstream: placement/schemas/."""

from __future__ import annotations

from oslearn.core.oslo.schema import ByVersion
from oslearn.core.placement.schemas import (
    ALLOCATIONS,
    BY_PROVIDER,
    CLASS_KEY,
    GENERATION,
    MAX_INT,
    OWNER,
    TEXT,
    UUID,
    UUID_KEY,
    allocations,
    mapping,
    strict,
)

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
MANY_ALLOCATIONS = [
    (version, mapping(UUID_KEY, allocations(BY_PROVIDER, OWNER) if version < (1, 28) else one, minimum=1))
    for version, one in ALLOCATIONS
    if version >= (1, 12)
]
"""The same of several consumers; before 1.28 nothing may be allocated as well."""
