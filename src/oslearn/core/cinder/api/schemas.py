"""What the bodies of requests must look like.

Upstream: cinder/api/schemas/, cinder/api/validation/parameter_types.py.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
TRUE = ("1", "t", "true", "on", "y", "yes")
FALSE = ("0", "f", "false", "off", "n", "no")
MAX_INT = 0x7FFFFFFF


def obj(required: str = "", more: bool = False, **properties: Any) -> Schema:
    """An object; `required` names properties."""
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": more}
    return made | ({"required": required.split()} if required else {})


def body(key: str, inner: Schema) -> Schema:
    """A body with one key."""
    return {"type": "object", "properties": {key: inner}, "required": [key], "additionalProperties": False}


def named(pattern: str, value: Schema, **more: Any) -> Schema:
    """An object whose keys follow a pattern."""
    return {"type": "object", "patternProperties": {pattern: value}, "additionalProperties": False} | more


NULL: Schema = {"type": "null"}
TEXT: Schema = {"type": ["string", "null"], "maxLength": 255}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
UUID: Schema = {"type": "string", "format": "uuid"}
UUID_OR_NULL: Schema = {"oneOf": [NULL, UUID]}
BOOLEAN: Schema = {
    "type": ["boolean", "string"],
    "enum": [True, False, *(way for word in TRUE + FALSE for way in dict.fromkeys((word, word.title(), word.upper())))],
}
SIZE: Schema = {"type": ["integer", "string"], "pattern": "^[0-9]{1,10}$", "minimum": 1, "maximum": MAX_INT}
VALUE: Schema = {"type": "string", "maxLength": 255}
KEYS = "^[a-zA-Z0-9-_:. /]{1,255}$"
METADATA = named(KEYS, VALUE)
METADATA_OR_NULL: Schema = METADATA | {"type": ["object", "null"]}
ONE: Schema = {"minProperties": 1, "maxProperties": 1}
SPECS = named("^[a-zA-Z0-9-_:.]{1,255}$", {"type": ["string", "null"], "maxLength": 255})
SPECS_OR_NULL = named(KEYS, {"type": ["string", "null"], "maxLength": 255})
LABELS: Schema = dict.fromkeys(("name", "description", "display_name", "display_description"), TEXT)

# --- volumes

VOLUME: Schema = LABELS | {"volume_type": TEXT, "metadata": METADATA_OR_NULL, "image_id": TEXT, "imageRef": TEXT}
VOLUME |= {"snapshot_id": UUID_OR_NULL, "source_volid": UUID_OR_NULL, "consistencygroup_id": UUID_OR_NULL}
VOLUME |= {"availability_zone": TEXT | {"minLength": 1}, "multiattach": {"oneOf": [NULL, BOOLEAN]}}
VOLUME |= {"size": SIZE | {"type": ["integer", "string", "null"]}}
HINTS: Schema = {"OS-SCH-HNT:scheduler_hints": {"type": ["object", "null"]}}
CREATE_VOLUME = obj("volume", volume=obj(more=True, **VOLUME), **HINTS)
CREATE_VOLUME_353 = obj("volume", volume=obj(group_id=TEXT, backup_id=UUID_OR_NULL, **VOLUME), **HINTS)
UPDATE_VOLUME = body("volume", obj(metadata=METADATA, **LABELS))
UPDATE_VOLUME_353 = body("volume", obj(metadata=METADATA, **LABELS) | {"minProperties": 1})
METADATA_BODY = body("metadata", METADATA)
METADATA_ITEM = body("meta", METADATA | ONE)

# --- actions

WORD = VALUE | {"minLength": 1}
DEVICE: Schema = {"mountpoint": WORD, "host_name": VALUE, "mode": {"type": "string", "enum": ["rw", "ro"]}}
FORMAT: Schema = {"type": "string", "enum": ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"]}
IMAGE: Schema = {"image_name": WORD, "force": BOOLEAN, "disk_format": FORMAT, "container_format": TEXT}
IMAGE |= {"visibility": {"type": "string", "enum": ["community", "public", "private", "shared"]}, "protected": BOOLEAN}
CONNECTOR: Schema = {"type": ["object", "null"]}
PROJECT = obj("project", project=WORD)
INSIDE: Schema = {
    "os-attach": obj("mountpoint", instance_uuid=UUID, **DEVICE)
    | {"anyOf": [{"required": ["instance_uuid"]}, {"required": ["host_name"]}]},
    "os-detach": obj(attachment_id=UUID_OR_NULL) | {"type": ["object", "null"]},
    "os-extend": obj("new_size", new_size=SIZE),
    "os-retype": obj("new_type", new_type={"type": "string"}, migration_policy={"enum": ["on-demand", "never", None]}),
    "os-set_bootable": obj("bootable", bootable=BOOLEAN),
    "os-volume_upload_image": obj("image_name", **IMAGE),
    "os-initialize_connection": obj("connector", connector={"type": "object"}),
    "os-terminate_connection": obj("connector", connector={"type": ["string", "object", "null"]}),
    "os-force_detach": obj(connector=CONNECTOR, attachment_id=TEXT),
    "os-update_readonly_flag": obj("readonly", readonly=BOOLEAN),
    "os-reimage": obj("image_id", image_id=UUID, reimage_reserved=BOOLEAN),
    "os-reset_status": obj(status=TEXT, attach_status=TEXT, migration_status=TEXT),
    "os-migrate_volume": obj(host=TEXT, cluster=TEXT, force_host_copy=BOOLEAN, lock_volume=BOOLEAN),
    "os-set_image_metadata": obj("metadata", metadata=named(KEYS, {"type": "string"})),
    "os-unset_image_metadata": obj("key", key=WORD),
    "os-update_snapshot_status": obj("status", status={"type": "string"}, progress=TEXT),
    "addProjectAccess": PROJECT,
    "removeProjectAccess": PROJECT,
}
OTHERS = "reserve unreserve begin_detaching roll_detaching force_delete show_image_metadata complete"
ACTIONS = {name: body(name, INSIDE.get(name, {})) for name in (*INSIDE, *(f"os-{other}" for other in OTHERS.split()))}

# --- everything else

CREATE_SNAPSHOT = body(
    "snapshot", obj("volume_id", volume_id=UUID_OR_NULL, force=BOOLEAN, metadata=METADATA_OR_NULL, **LABELS)
)
UPDATE_SNAPSHOT = body("snapshot", obj(**LABELS) | {"minProperties": 1})
BACKUP: Schema = {"volume_id": UUID, "snapshot_id": UUID_OR_NULL, "container": TEXT, "name": TEXT, "description": TEXT}
BACKUP |= {"incremental": BOOLEAN, "force": BOOLEAN}
CREATE_BACKUP = body("backup", obj("volume_id", **BACKUP))
CREATE_BACKUP_343 = body("backup", obj("volume_id", metadata=METADATA_OR_NULL, **BACKUP))
CREATE_BACKUP_351 = body("backup", obj("volume_id", metadata=METADATA_OR_NULL, availability_zone=TEXT, **BACKUP))
UPDATE_BACKUP = body("backup", obj(name=TEXT, description=TEXT))
UPDATE_BACKUP_343 = body("backup", obj(name=TEXT, description=TEXT, metadata=METADATA))
RESTORE = body("restore", obj(name=TEXT, volume_id=UUID_OR_NULL))
RESET_STATUS = body("os-reset_status", obj("status", status={"type": "string"}))
TYPES: Schema = {"type": "array", "minItems": 1, "items": VALUE, "uniqueItems": True}
GROUP: Schema = {"group_type": {"type": "string"}, "volume_types": TYPES, "availability_zone": TEXT}
CREATE_GROUP = body("group", obj("group_type volume_types", name=TEXT, description=TEXT, **GROUP))
ATTACHMENT: Schema = {"instance_uuid": UUID_OR_NULL, "connector": CONNECTOR, "volume_uuid": UUID}
CREATE_ATTACHMENT = body("attachment", obj("volume_uuid", **ATTACHMENT))
CREATE_ATTACHMENT_354 = body("attachment", obj("volume_uuid", mode={"enum": ["rw", "ro", None]}, **ATTACHMENT))
UPDATE_ATTACHMENT = body("attachment", obj("connector", connector={"type": "object", "minProperties": 1}))
TYPE: Schema = {"description": TEXT, "extra_specs": SPECS_OR_NULL, "os-volume-type-access:is_public": BOOLEAN}
CREATE_TYPE = body("volume_type", obj("name", name=NAME, **TYPE))
UPDATE_TYPE = body("volume_type", obj(name=TEXT, description=TEXT, is_public=BOOLEAN))
EXTRA_SPECS = body("extra_specs", SPECS)
SPEC = SPECS | ONE
DEFAULT = body("default_type", obj("volume_type", volume_type=NAME))
CREATE_TRANSFER = body("transfer", obj("volume_id", volume_id=UUID, name=TEXT))
CREATE_TRANSFER_355 = body("transfer", obj("volume_id", volume_id=UUID, name=TEXT, no_snapshots=BOOLEAN))
ACCEPT = body("accept", obj("auth_key", auth_key={"type": ["string", "integer"]}))
UPDATE_QUOTAS = body("quota_set", {"type": "object", "minProperties": 1})
QUOTA_CLASS = body("quota_class_set", {"type": "object"})
HOST: Schema = {"type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": r"^[a-zA-Z0-9-._#@:/+\[\]]*$"}
EITHER: Schema = {"anyOf": [{"required": ["binary"]}, {"required": ["service"]}]}
SERVICE: Schema = {"binary": WORD, "service": WORD, "host": HOST, "cluster": TEXT}
CHANGE_SERVICE = obj(**SERVICE) | EITHER
DISABLE_WITH_REASON = obj(disabled_reason=WORD, **SERVICE) | EITHER
FREEZE = obj(host=HOST, cluster=TEXT, backend_id=TEXT)
