"""What the bodies of requests must look like.

Upstream: cinder/api/schemas/, cinder/api/validation/parameter_types.py.
"""

from __future__ import annotations

from oslearn.core.cinder.api.routes import CONNECTOR, UUID, UUID_OR_NULL, body, obj
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.schema import ByVersion
from oslearn.core.oslo.strutils import TRUE
from oslearn.extensions.oslo.strutils import FALSE

MAX_INT = 0x7FFFFFFF


def named(pattern: str, value: Body, **more: object) -> Body:
    """An object whose keys follow a pattern."""
    return {"type": "object", "patternProperties": {pattern: value}, "additionalProperties": False} | more


NULL: Body = {"type": "null"}
TEXT: Body = {"type": ["string", "null"], "maxLength": 255}
NAME: Body = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
BOOLEAN: Body = {
    "type": ["boolean", "string"],
    "enum": [True, False, *(way for word in TRUE + FALSE for way in dict.fromkeys((word, word.title(), word.upper())))],
}
SIZE: Body = {"type": ["integer", "string"], "pattern": "^[0-9]{1,10}$", "minimum": 1, "maximum": MAX_INT}
VALUE: Body = {"type": "string", "maxLength": 255}
KEYS = "^[a-zA-Z0-9-_:. /]{1,255}$"
METADATA = named(KEYS, VALUE)
METADATA_OR_NULL: Body = METADATA | {"type": ["object", "null"]}
ONE: Body = {"minProperties": 1, "maxProperties": 1}
SPECS = named("^[a-zA-Z0-9-_:.]{1,255}$", {"type": ["string", "null"], "maxLength": 255})
SPECS_OR_NULL = named(KEYS, {"type": ["string", "null"], "maxLength": 255})
LABELS: Body = dict.fromkeys(("name", "description", "display_name", "display_description"), TEXT)

# --- volumes

VOLUME: Body = LABELS | {"volume_type": TEXT, "metadata": METADATA_OR_NULL, "image_id": TEXT, "imageRef": TEXT}
VOLUME |= {"snapshot_id": UUID_OR_NULL, "source_volid": UUID_OR_NULL, "consistencygroup_id": UUID_OR_NULL}
VOLUME |= {"availability_zone": TEXT | {"minLength": 1}, "multiattach": {"oneOf": [NULL, BOOLEAN]}}
VOLUME |= {"size": SIZE | {"type": ["integer", "string", "null"]}}
HINTS: Body = {"OS-SCH-HNT:scheduler_hints": {"type": ["object", "null"]}}
CREATE_VOLUMES: ByVersion = [
    ((3, 53), obj("volume", volume=obj(group_id=TEXT, backup_id=UUID_OR_NULL, **VOLUME), **HINTS)),
    ((3, 0), obj("volume", volume=obj(more=True, **VOLUME), **HINTS)),
]
UPDATE_VOLUMES: ByVersion = [
    ((3, 53), body("volume", obj(metadata=METADATA, **LABELS) | {"minProperties": 1})),
    ((3, 0), body("volume", obj(metadata=METADATA, **LABELS))),
]
METADATA_BODY = body("metadata", METADATA)
METADATA_ITEM = body("meta", METADATA | ONE)

# --- actions

WORD = VALUE | {"minLength": 1}
DEVICE: Body = {"mountpoint": WORD, "host_name": VALUE, "mode": {"type": "string", "enum": ["rw", "ro"]}}
FORMAT: Body = {"type": "string", "enum": ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"]}
IMAGE: Body = {"image_name": WORD, "force": BOOLEAN, "disk_format": FORMAT, "container_format": TEXT}
IMAGE |= {"visibility": {"type": "string", "enum": ["community", "public", "private", "shared"]}, "protected": BOOLEAN}
PROJECT = obj("project", project=WORD)
ATTACH = body(
    "os-attach",
    obj("mountpoint", instance_uuid=UUID, **DEVICE)
    | {"anyOf": [{"required": ["instance_uuid"]}, {"required": ["host_name"]}]},
)
DETACH = body("os-detach", obj(attachment_id=UUID_OR_NULL) | {"type": ["object", "null"]})
EXTEND = body("os-extend", obj("new_size", new_size=SIZE))
RETYPE = body(
    "os-retype", obj("new_type", new_type={"type": "string"}, migration_policy={"enum": ["on-demand", "never", None]})
)
SET_BOOTABLE = body("os-set_bootable", obj("bootable", bootable=BOOLEAN))
VOLUME_UPLOAD_IMAGE = body("os-volume_upload_image", obj("image_name", **IMAGE))
INITIALIZE_CONNECTION = body("os-initialize_connection", obj("connector", connector={"type": "object"}))
TERMINATE_CONNECTION = body(
    "os-terminate_connection", obj("connector", connector={"type": ["string", "object", "null"]})
)
FORCE_DETACH = body("os-force_detach", obj(connector=CONNECTOR, attachment_id=TEXT))
UPDATE_READONLY_FLAG = body("os-update_readonly_flag", obj("readonly", readonly=BOOLEAN))
REIMAGE = body("os-reimage", obj("image_id", image_id=UUID, reimage_reserved=BOOLEAN))
RESET_STATUS = body("os-reset_status", obj(status=TEXT, attach_status=TEXT, migration_status=TEXT))
MIGRATE_VOLUME = body("os-migrate_volume", obj(host=TEXT, cluster=TEXT, force_host_copy=BOOLEAN, lock_volume=BOOLEAN))
SET_IMAGE_METADATA = body("os-set_image_metadata", obj("metadata", metadata=named(KEYS, {"type": "string"})))
UNSET_IMAGE_METADATA = body("os-unset_image_metadata", obj("key", key=WORD))
UPDATE_SNAPSHOT_STATUS = body("os-update_snapshot_status", obj("status", status={"type": "string"}, progress=TEXT))
ADD_ACCESS = body("addProjectAccess", PROJECT)
REMOVE_ACCESS = body("removeProjectAccess", PROJECT)
RESERVE = body("os-reserve", {})
UNRESERVE = body("os-unreserve", {})
BEGIN_DETACHING = body("os-begin_detaching", {})
ROLL_DETACHING = body("os-roll_detaching", {})
FORCE_DELETE = body("os-force_delete", {})
SHOW_IMAGE_METADATA = body("os-show_image_metadata", {})

# --- everything else

CREATE_SNAPSHOT = body(
    "snapshot", obj("volume_id", volume_id=UUID_OR_NULL, force=BOOLEAN, metadata=METADATA_OR_NULL, **LABELS)
)
UPDATE_SNAPSHOT = body("snapshot", obj(**LABELS) | {"minProperties": 1})
BACKUP: Body = {"volume_id": UUID, "snapshot_id": UUID_OR_NULL, "container": TEXT, "name": TEXT, "description": TEXT}
BACKUP |= {"incremental": BOOLEAN, "force": BOOLEAN}
CREATE_BACKUPS: ByVersion = [
    ((3, 51), body("backup", obj("volume_id", metadata=METADATA_OR_NULL, availability_zone=TEXT, **BACKUP))),
    ((3, 43), body("backup", obj("volume_id", metadata=METADATA_OR_NULL, **BACKUP))),
    ((3, 0), body("backup", obj("volume_id", **BACKUP))),
]
UPDATE_BACKUPS: ByVersion = [
    ((3, 43), body("backup", obj(name=TEXT, description=TEXT, metadata=METADATA))),
    ((3, 0), body("backup", obj(name=TEXT, description=TEXT))),
]
RESTORE = body("restore", obj(name=TEXT, volume_id=UUID_OR_NULL))
RESET_ONE_STATUS = body("os-reset_status", obj("status", status={"type": "string"}))
TYPES: Body = {"type": "array", "minItems": 1, "items": VALUE, "uniqueItems": True}
GROUP: Body = {"group_type": {"type": "string"}, "volume_types": TYPES, "availability_zone": TEXT}
CREATE_GROUP = body("group", obj("group_type volume_types", name=TEXT, description=TEXT, **GROUP))
TYPE: Body = {"description": TEXT, "extra_specs": SPECS_OR_NULL, "os-volume-type-access:is_public": BOOLEAN}
CREATE_TYPE = body("volume_type", obj("name", name=NAME, **TYPE))
UPDATE_TYPE = body("volume_type", obj(name=TEXT, description=TEXT, is_public=BOOLEAN))
EXTRA_SPECS = body("extra_specs", SPECS)
SPEC = SPECS | ONE
DEFAULT = body("default_type", obj("volume_type", volume_type=NAME))
CREATE_TRANSFERS: ByVersion = [
    ((3, 55), body("transfer", obj("volume_id", volume_id=UUID, name=TEXT, no_snapshots=BOOLEAN))),
    ((3, 0), body("transfer", obj("volume_id", volume_id=UUID, name=TEXT))),
]
ACCEPT = body("accept", obj("auth_key", auth_key={"type": ["string", "integer"]}))
UPDATE_QUOTAS = body("quota_set", {"type": "object", "minProperties": 1})
QUOTA_CLASS = body("quota_class_set", {"type": "object"})
HOST: Body = {"type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": r"^[a-zA-Z0-9-._#@:/+\[\]]*$"}
EITHER: Body = {"anyOf": [{"required": ["binary"]}, {"required": ["service"]}]}
SERVICE: Body = {"binary": WORD, "service": WORD, "host": HOST, "cluster": TEXT}
CHANGE_SERVICE = obj(**SERVICE) | EITHER
DISABLE_WITH_REASON = obj(disabled_reason=WORD, **SERVICE) | EITHER
FREEZE = obj(host=HOST, cluster=TEXT, backend_id=TEXT)
