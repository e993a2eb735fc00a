"""What the body of a boot may say, and what other bodies are made of. Upstream: nova/api/openstack/compute/schemas/."""

from __future__ import annotations

from oslearn.core.nova.api.validation import V, strict
from oslearn.core.oslo.context import Body

ID = {"type": "string", "format": "uuid"}
NAME = {"type": "string", "format": "name", "minLength": 1, "maxLength": 255}
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"], "maxLength": 255}
TAG = {"type": "string", "pattern": "^[^,/]*$", "minLength": 1, "maxLength": 60}
TAGS = {"type": "array", "items": TAG, "maxItems": 50}
IP = {"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
FQDN = {"type": "string", "pattern": "^[a-zA-Z0-9-._]*$", "minLength": 1, "maxLength": 255}
HOSTNAME = {"type": "string", "pattern": "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$", "minLength": 2, "maxLength": 63}
TRUE = [True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"]
FALSE = [False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"]
BOOLEAN = {"type": ["boolean", "string"], "enum": TRUE + FALSE}
COUNT = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 1, "minLength": 1}
SIZE = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 1, "maximum": 2**31 - 1}
METADATA = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
    "additionalProperties": False,
}
DESCRIPTION = {"type": ["string", "null"], "pattern": r"^[^\x00-\x1f]*$", "maxLength": 255}
PERSONALITY = {"type": "array", "items": strict({"path": TEXT, "contents": {"type": "string", "format": "base64"}})}
USER_DATA = {"type": "string", "format": "base64", "maxLength": 65535}
CERT = {"type": "string", "minLength": 1}
CERTS = {"type": ["array", "null"], "minItems": 1, "maxItems": 50, "uniqueItems": True, "items": CERT}
FLAVOR_REF = {"type": ["string", "integer"], "minLength": 1}

NETWORK = {"fixed_ip": IP, "port": {"type": ["string", "null"], "format": "uuid"}, "tag": (V(TAG, 32, 36), V(TAG, 42))}
NETWORKS = (
    V({"type": "array", "items": strict(NETWORK | {"uuid": TEXT})}, until=36),
    V({"oneOf": [{"type": "array", "items": strict(NETWORK | {"uuid": ID})}, {"enum": ["none", "auto"]}]}),
)
LEGACY_DEVICE = {
    "virtual_name": {"type": "string", "maxLength": 255},
    "volume_id": ID,
    "snapshot_id": ID,
    "volume_size": SIZE,
    "device_name": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-r/]*$"},
    "delete_on_termination": BOOLEAN,
    "no_device": {},
    "connection_info": TEXT,
}
BLOCK_DEVICE = LEGACY_DEVICE | {
    "source_type": {"type": "string", "enum": ["volume", "image", "snapshot", "blank"]},
    "uuid": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-]*$"},
    "image_id": ID,
    "destination_type": {"type": "string", "enum": ["local", "volume"]},
    "guest_format": {"type": "string", "maxLength": 255},
    "device_type": {"type": "string", "maxLength": 255},
    "disk_bus": {"type": "string", "maxLength": 255},
    "boot_index": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$"},
    "tag": (V(TAG, 32, 32), V(TAG, 42)),
    "volume_type": V(TEXT_OR_NULL, 67),
}
HINTS = {"type": "object", "properties": {"group": ID}, "additionalProperties": True}

CHANGEABLE: Body = {
    "name": NAME,
    "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]},
    "accessIPv4": {"type": "string", "format": "ipv4"},
    "accessIPv6": {"type": "string", "format": "ipv6"},
    "description": V(DESCRIPTION, 19),
    "hostname": (V(HOSTNAME, 90, 93), V(FQDN, 94)),
}
"""What an update, a rebuild and a boot have in common."""

SERVER = CHANGEABLE | {
    "imageRef": {"oneOf": [ID, {"type": "string", "maxLength": 0}]},
    "flavorRef": FLAVOR_REF,
    "adminPass": TEXT,
    "metadata": METADATA,
    "networks": NETWORKS,
    "personality": V(PERSONALITY, until=56),
    "availability_zone": NAME,
    "block_device_mapping": {"type": "array", "items": strict(LEGACY_DEVICE)},
    "block_device_mapping_v2": {"type": "array", "items": strict(BLOCK_DEVICE)},
    "config_drive": BOOLEAN,
    "key_name": NAME,
    "min_count": COUNT,
    "max_count": COUNT,
    "return_reservation_id": BOOLEAN,
    "security_groups": {"type": "array", "items": strict({"name": NAME})},
    "user_data": USER_DATA,
    "tags": V(TAGS, 52),
    "trusted_image_certificates": V(CERTS, 63),
    "host": V(FQDN, 74),
    "hypervisor_hostname": V(FQDN, 74),
}
CREATE_SERVER = strict(
    {
        "server": strict(SERVER, ["name", "flavorRef", V("networks", 37)]),
        "os:scheduler_hints": HINTS,
        "OS-SCH-HNT:scheduler_hints": HINTS,
    },
    ["server"],
)
