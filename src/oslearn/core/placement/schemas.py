"""Bodies that Placement takes. Upstream: placement/schemas/."""

from __future__ import annotations

from typing import Any

MAX_INT = 0x7FFFFFFF
UUID = {"type": "string", "pattern": "^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\\Z"}
UUID_KEY = UUID["pattern"]
CLASS_KEY = "^[A-Z0-9_]+\\Z"
GENERATION = {"type": "integer"}
TEXT = {"type": "string", "minLength": 1, "maxLength": 255}


def strict(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """An object with these fields and no others."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def mapping(key: str, value: dict[str, Any], minimum: int = 0) -> dict[str, Any]:
    """An object whose keys fit a pattern."""
    return {"type": "object", "patternProperties": {key: value}, "minProperties": minimum,
            "additionalProperties": False}  # fmt: skip


PROVIDER = strict({"name": {"type": "string", "maxLength": 200}, "uuid": UUID}, ["name"])
PROVIDER_1_14 = strict({**PROVIDER["properties"], "parent_provider_uuid": {"anyOf": [UUID, {"type": "null"}]}},
                       ["name"])  # fmt: skip
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
PUT_INVENTORY = strict(INVENTORY, ["total", "resource_provider_generation"])
POST_INVENTORY = strict(INVENTORY | {"resource_class": {"type": "string", "pattern": CLASS_KEY}},
                        ["total", "resource_class"])  # fmt: skip
PUT_INVENTORIES = strict(
    {"resource_provider_generation": GENERATION, "inventories": mapping(CLASS_KEY, strict(INVENTORY, ["total"]))},
    ["resource_provider_generation", "inventories"],
)
AGGREGATES = {"type": "array", "items": UUID, "uniqueItems": True}
AGGREGATES_1_19 = strict(
    {"resource_provider_generation": GENERATION, "aggregates": AGGREGATES},
    ["resource_provider_generation", "aggregates"],
)
TRAITS = strict(
    {
        "resource_provider_generation": GENERATION,
        "traits": {"type": "array", "items": TEXT | {"pattern": CLASS_KEY}, "uniqueItems": True},
    },
    ["resource_provider_generation", "traits"],
)
RESOURCE_CLASS = strict(
    {"name": {"type": "string", "pattern": "^CUSTOM_[A-Z0-9_]+\\Z", "minLength": 1, "maxLength": 255}}, ["name"]
)
RESOURCES = mapping(CLASS_KEY, {"type": "integer", "minimum": 1}, minimum=1)
BY_LIST = {
    "type": "array",
    "minItems": 1,
    "items": strict(
        {"resource_provider": strict({"uuid": UUID}, ["uuid"]), "resources": RESOURCES},
        ["resource_provider", "resources"],
    ),
}
BY_PROVIDER = mapping(UUID_KEY, strict({"generation": GENERATION, "resources": RESOURCES}, ["resources"]))
OWNER = {"project_id": TEXT, "user_id": TEXT}
SINCE_1_28 = {"consumer_generation": {"type": ["integer", "null"]}}
SINCE_1_34 = {"mappings": {"type": "object"}}
SINCE_1_38 = {"consumer_type": TEXT | {"pattern": CLASS_KEY}}


def _allocations(shape: dict[str, Any], *groups: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for group in groups for name, value in group.items()}
    return strict({"allocations": shape} | fields, ["allocations", *(f for f in fields if f != "mappings")])


ALLOCATIONS: list[tuple[tuple[int, int], dict[str, Any]]] = [
    ((1, 38), _allocations(BY_PROVIDER, OWNER, SINCE_1_28, SINCE_1_34, SINCE_1_38)),
    ((1, 34), _allocations(BY_PROVIDER, OWNER, SINCE_1_28, SINCE_1_34)),
    ((1, 28), _allocations(BY_PROVIDER, OWNER, SINCE_1_28)),
    ((1, 12), _allocations(BY_PROVIDER | {"minProperties": 1}, OWNER)),
    ((1, 8), _allocations(BY_LIST, OWNER)),
    ((1, 0), _allocations(BY_LIST)),
]
"""What one consumer's allocations look like, from a microversion on, the newest first."""
MANY_ALLOCATIONS = [
    (version, mapping(UUID_KEY, _allocations(BY_PROVIDER, OWNER) if version < (1, 28) else one, minimum=1))
    for version, one in ALLOCATIONS
    if version >= (1, 12)
]
"""The same of several consumers; before 1.28 nothing may be allocated as well."""


def since(version: tuple[int, int], table: list[tuple[tuple[int, int], dict[str, Any]]]) -> dict[str, Any]:
    """The newest schema that a microversion has."""
    return next(schema for start, schema in table if version >= start)
