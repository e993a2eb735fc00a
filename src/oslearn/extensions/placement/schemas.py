"""Bodies of the rest of Placement's API. Upstream: placement/schemas/."""

from __future__ import annotations

from oslearn.core.oslo.schema import ByVersion
from oslearn.core.placement.schemas import (
    ALLOCATIONS,
    BY_PROVIDER,
    CLASS_KEY,
    GENERATION,
    INVENTORY,
    OWNER,
    UUID,
    UUID_KEY,
    allocations,
    mapping,
    strict,
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
