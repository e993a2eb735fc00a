"""Bodies and queries for what can be done with a server. Upstream: nova/api/openstack/compute/schemas/."""

from __future__ import annotations

from oslearn.core.nova.api.schemas import (
    BOOLEAN,
    CERTS,
    CHANGEABLE,
    FALSE,
    FLAVOR_REF,
    FQDN,
    ID,
    IP,
    METADATA,
    NAME,
    PERSONALITY,
    TAG,
    TAGS,
    TEXT,
    TEXT_OR_NULL,
    TRUE,
    USER_DATA,
)
from oslearn.core.nova.api.validation import V, strict
from oslearn.core.oslo.context import Body

DEVICE = {"type": ["string", "null"], "pattern": "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$"}
LIMIT = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 0, "minLength": 1}
GROUP_NAME = {"type": "string", "minLength": 1}

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
GROUP = strict({"name": GROUP_NAME}, ["name"])


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
