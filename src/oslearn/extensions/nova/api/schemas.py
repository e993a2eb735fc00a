"""Bodies and queries for what can be done with a server, and all that a boot may ask for.

Upstream: nova/api/openstack/compute/schemas/.
"""

from __future__ import annotations

from oslearn.core.nova.api.servers import COUNT, ID, NAME, SERVER, TEXT
from oslearn.core.nova.api.validation import V, strict
from oslearn.core.oslo.context import Body

TEXT_OR_NULL = {"type": ["string", "null"], "maxLength": 255}
TAG = {"type": "string", "pattern": "^[^,/]*$", "minLength": 1, "maxLength": 60}
TAGS = {"type": "array", "items": TAG, "maxItems": 50}
IP = {"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
FQDN = {"type": "string", "pattern": "^[a-zA-Z0-9-._]*$", "minLength": 1, "maxLength": 255}
HOSTNAME = {"type": "string", "pattern": "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$", "minLength": 2, "maxLength": 63}
TRUE = [True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"]
FALSE = [False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"]
BOOLEAN = {"type": ["boolean", "string"], "enum": TRUE + FALSE}
SIZE = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 1, "maximum": 2**31 - 1}
METADATA = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
    "additionalProperties": False,
}
DESCRIPTION = {"type": ["string", "null"], "pattern": r"^[^\x00-\x1f]*$", "maxLength": 255}
FILE = strict({"path": TEXT, "contents": {"type": "string", "format": "base64"}}, ["path", "contents"])
PERSONALITY = {"type": "array", "items": FILE}
USER_DATA = {"type": "string", "format": "base64", "maxLength": 65535}
SOME_TEXT = {"type": "string", "minLength": 1}
CERTS = {"type": ["array", "null"], "minItems": 1, "maxItems": 50, "uniqueItems": True, "items": SOME_TEXT}
FLAVOR_REF = SERVER["flavorRef"]

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
    **{name: {"type": "string", "maxLength": 255} for name in ("guest_format", "device_type", "disk_bus")},
    "boot_index": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$"},
    "tag": (V(TAG, 32, 32), V(TAG, 42)),
    "volume_type": V(TEXT_OR_NULL, 67),
}
HINTS: Body = {"type": "object", "additionalProperties": True, "properties": {
    "group": ID, "different_host": {"oneOf": [ID, {"type": "array", "items": ID}]},
    "same_host": {"type": ["string", "array"], "items": ID}, "query": {"type": ["string", "object"]},
    "different_cell": {"type": ["string", "array"], "items": TEXT}, "target_cell": NAME, "build_near_host_ip": IP,
    "cidr": {"type": "string", "pattern": "^/[0-9a-f.:]+$"},
}}  # fmt: skip

CHANGEABLE: Body = {
    "name": NAME,
    "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]},
    "accessIPv4": {"type": "string", "format": "ipv4"},
    "accessIPv6": {"type": "string", "format": "ipv6"},
    "description": V(DESCRIPTION, 19),
    "hostname": (V(HOSTNAME, 90, 93), V(FQDN, 94)),
}
"""What an update, a rebuild and a boot have in common."""

CREATE_SERVER = strict(
    {
        "server": strict(
            CHANGEABLE
            | {
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
            },
            ["name", "flavorRef", V("networks", 37)],
        ),
        "os:scheduler_hints": HINTS,
        "OS-SCH-HNT:scheduler_hints": HINTS,
    },
    ["server"],
)

DEVICE = {"type": ["string", "null"], "pattern": "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$"}
LIMIT = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 0, "minLength": 1}

UPDATE_SERVER = strict(
    {"server": strict(CHANGEABLE | {"pinned_availability_zone": V(TEXT_OR_NULL, 104)})},
    ["server"],
)
REBUILD = strict(
    CHANGEABLE
    | {
        "imageRef": ID,
        "adminPass": TEXT,
        "metadata": METADATA,
        "preserve_ephemeral": BOOLEAN,
        "personality": V(PERSONALITY, until=56),
        "key_name": V({"type": ["string", "null"], "minLength": 1, "maxLength": 255}, 54),
        "user_data": V(USER_DATA | {"type": ["string", "null"]}, 57),
        "trusted_image_certificates": V(CERTS, 63),
    },
    ["imageRef"],
)
RESIZE = strict({"flavorRef": FLAVOR_REF, "OS-DCF:diskConfig": CHANGEABLE["OS-DCF:diskConfig"]}, ["flavorRef"])
REBOOT = strict({"type": {"type": "string", "enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]}}, ["type"])
LOCK = (
    V({}, until=72),
    V(strict({"locked_reason": {"type": "string", "minLength": 1, "maxLength": 255}}, kind=["object", "null"])),
)
UNSHELVE = (
    V({}, until=76),
    V(strict({"availability_zone": NAME}, ["availability_zone"], ["object", "null"]), until=90),
    V(strict({"availability_zone": {"type": ["string", "null"]}, "host": TEXT}, kind=["object", "null"])),
)
RESCUE = strict({"adminPass": TEXT, "rescue_image_ref": ID}, kind=["object", "null"])
HOST = FQDN | {"type": ["string", "null"]}
MIGRATE = (V({}, until=55), V(strict({"host": HOST}, kind=["object", "null"])))
LIVE = strict(
    {
        "block_migration": (V(BOOLEAN, until=24), V(BOOLEAN | {"enum": TRUE + FALSE + ["auto"]})),
        "disk_over_commit": V(BOOLEAN, until=24),
        "host": HOST,
        "force": V(BOOLEAN, 30, 67),
    },
    ["block_migration", V("disk_over_commit", until=24), "host"],
)
EVACUATE = strict(
    {"host": FQDN, "onSharedStorage": V(BOOLEAN, until=13), "adminPass": TEXT, "force": V(BOOLEAN, 29, 67)},
    [V("onSharedStorage", until=13)],
)
CREATE_IMAGE = strict({"name": NAME, "metadata": METADATA}, ["name"])
CREATE_BACKUP = strict(
    {"name": NAME, "backup_type": TEXT, "rotation": LIMIT, "metadata": METADATA}, ["name", "backup_type", "rotation"]
)
CHANGE_PASSWORD = strict({"adminPass": TEXT}, ["adminPass"])
RESET_STATE = strict({"state": {"type": "string", "enum": ["active", "error"]}}, ["state"])
CONSOLE_OUTPUT = strict(
    {"length": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$", "minimum": -1}},
)
GROUP = strict({"name": SOME_TEXT}, ["name"])


def console(*kinds: str) -> Body:
    """What asks for a console of one of these types."""
    return strict({"type": {"type": "string", "enum": list(kinds)}}, ["type"])


PROTOCOLS = ["vnc", "spice", "serial", "rdp", V("mks", 8)]
CONSOLES = ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5", V("webmks", 8), V("spice-direct", 99)]
REMOTE_CONSOLE = strict(
    {
        "remote_console": strict(
            {"protocol": {"type": "string", "enum": PROTOCOLS}, "type": {"type": "string", "enum": CONSOLES}},
            ["protocol", "type"],
        )
    },
    ["remote_console"],
)

ATTACHMENT = {"volumeId": ID, "device": DEVICE, "tag": V(TAG, 49), "delete_on_termination": V(BOOLEAN, 79)}
ATTACH_VOLUME = strict({"volumeAttachment": strict(ATTACHMENT, ["volumeId"])}, ["volumeAttachment"])
UPDATE_ATTACHMENT = strict(
    {
        "volumeAttachment": strict(
            {"volumeId": ID}
            | {
                key: V(schema, 85)
                for key, schema in {
                    "device": DEVICE,
                    "tag": TAG,
                    "delete_on_termination": BOOLEAN,
                    "serverId": ID,
                    "id": ID,
                }.items()
            },
            ["volumeId"],
        )
    },
    ["volumeAttachment"],
)
FIXED_IPS = {"type": "array", "minItems": 1, "maxItems": 1, "items": strict({"ip_address": IP}, ["ip_address"])}
ATTACH_INTERFACE = strict(
    {"interfaceAttachment": strict({"net_id": ID, "port_id": ID, "fixed_ips": FIXED_IPS, "tag": V(TAG, 49)})}
)
SET_METADATA = strict({"metadata": METADATA}, ["metadata"])
SET_METADATA_ITEM = strict({"meta": METADATA | {"minProperties": 1, "maxProperties": 1}}, ["meta"])
SET_TAGS = strict({"tags": TAGS}, ["tags"])
ACTIONS_QUERY = (
    V({"type": "object"}, until=57),
    V(
        strict(
            {
                "limit": {"type": "array", "items": LIMIT, "maxItems": 1},
                "marker": {"type": "array", "items": TEXT, "maxItems": 1},
                "changes-since": {"type": "array", "items": {"format": "date-time"}, "maxItems": 1},
                "changes-before": V({"type": "array", "items": {"format": "date-time"}, "maxItems": 1}, 66),
            }
        )
    ),
)
