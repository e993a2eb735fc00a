"""Bodies that the Compute API takes. Upstream: nova/api/openstack/compute/schemas/servers.py, flavor_manage.py."""

from __future__ import annotations

from typing import Any

from oslearn.oslo.schema import NAME, UUID

ID = {"type": "string", "pattern": UUID}
STRINGS = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 255}}
COUNT = {"type": "integer", "minimum": 1}
POSITIVE = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
WHOLE = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}


def strict(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """An object with these fields and no others."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


NETWORK = strict({"uuid": ID, "fixed_ip": {"type": "string", "format": "ipv4"}}, ["uuid"])
BLOCK_DEVICE = strict(
    {
        "uuid": ID,
        "source_type": {"enum": ["image", "volume"]},
        "destination_type": {"enum": ["local", "volume"]},
        "boot_index": {"type": ["integer", "string", "null"]},
        "delete_on_termination": {"type": "boolean"},
        "device_name": {"type": "string", "pattern": "^/dev/[a-z0-9]{2,40}\\Z"},
    },
    ["uuid", "source_type"],
)
SERVER = strict(
    {
        "name": NAME,
        "imageRef": ID,
        "flavorRef": {"type": ["string", "integer"], "minLength": 1},
        "networks": {"oneOf": [{"type": "array", "items": NETWORK}, {"enum": ["auto", "none"]}]},
        "block_device_mapping_v2": {"type": "array", "items": BLOCK_DEVICE},
        "security_groups": {"type": "array", "items": strict({"name": NAME}, ["name"])},
        "availability_zone": NAME,
        "metadata": STRINGS,
        "description": {"type": ["string", "null"], "maxLength": 255},
        "key_name": NAME,
        "adminPass": {"type": "string"},
        "min_count": COUNT,
        "max_count": COUNT,
    },
    ["name", "imageRef", "flavorRef"],
)
CREATE_SERVER = strict({"server": SERVER}, ["server"])
FLAVOR = strict(
    {
        "id": {"type": ["string", "null"], "pattern": r"^[a-zA-Z0-9. _-]+\Z", "maxLength": 255},
        "name": NAME,
        "ram": POSITIVE,
        "vcpus": POSITIVE,
        "disk": WHOLE,
        "swap": WHOLE,
        "OS-FLV-EXT-DATA:ephemeral": WHOLE,
        "rxtx_factor": {"type": "number"},
        "os-flavor-access:is_public": {"type": "boolean"},
        "description": {"type": ["string", "null"]},
    },
    ["name", "ram", "vcpus", "disk"],
)
CREATE_FLAVOR = strict({"flavor": FLAVOR}, ["flavor"])
UPDATE_SERVICE = strict(
    {"status": {"enum": ["enabled", "disabled"]}, "disabled_reason": {"type": "string", "maxLength": 255}}, []
)
