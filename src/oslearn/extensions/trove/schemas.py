"""What the bodies of requests must look like. Upstream: trove/common/apischema.py."""

from __future__ import annotations

from oslearn.core.oslo.context import Body


def obj(*required: str, **properties: Body) -> Body:
    """An object that may hold more than is named."""
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def some(item: Body) -> Body:
    """A list of things."""
    return {"type": "array", "items": item, "minItems": 1}


NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^.*[0-9a-zA-Z]+.*$"}
TEXT = {"type": ["string", "null"], "maxLength": 255}
SIZE = {"type": "integer", "minimum": 1, "maximum": 1024}
REF = {"type": "string", "minLength": 1}
FLAVOR = {"type": ["string", "integer"], "minLength": 1}
DATABASE = obj("name", name={"type": "string", "pattern": r"^\w[\w-]{0,63}$"})
USER = obj("name", "password", name={"type": "string", "pattern": r"^[^'\"@/;]{1,32}$"}, password=REF, host=TEXT,
           databases={"type": "array", "items": DATABASE})  # fmt: skip
NIC = obj(**{"net-id": REF}, network_id=REF, subnet_id=REF, ip_address=REF)
DATASTORE = obj(type=TEXT, version=TEXT, version_number=TEXT)
ACCESS = obj(is_public={"type": "boolean"}, allowed_cidrs={"type": "array", "items": {"type": "string"}})
MORE: Body = {"databases": {"type": "array", "items": DATABASE}, "users": {"type": "array", "items": USER}}
MORE |= {"restorePoint": obj("backupRef", backupRef=REF), "nics": {"type": "array", "items": NIC, "maxItems": 1}}
MORE |= {"volume": obj("size", size=SIZE, type=TEXT), "datastore": DATASTORE, "availability_zone": TEXT}
MORE |= {"name": NAME, "flavorRef": FLAVOR, "access": ACCESS}
CREATE_INSTANCE = obj("instance", instance=obj("name", "flavorRef", "volume", **MORE))
UPDATE_INSTANCE = obj("instance", instance=obj(name=NAME, access=ACCESS))
UPDATE_USER = obj("user", user=obj(name=USER["properties"]["name"], host=TEXT, password=REF) | {"minProperties": 1})
ROOT: Body = {"type": ["object", "null"], "properties": {"password": {"type": ["string", "null"]}}}
RESIZE = {"oneOf": [obj("volume", volume=obj("size", size=SIZE)), obj("flavorRef", flavorRef=FLAVOR)]}
ACTION = obj(restart={}, reset_status={}, resize=RESIZE) | {"additionalProperties": False, "minProperties": 1}
DATABASES = obj("databases", databases=some(DATABASE))
USERS = obj("users", users=some(USER))
CREATE_BACKUP = obj("backup", backup=obj("name", "instance", name=NAME, instance=REF, description=TEXT,
                                         parent_id=TEXT))  # fmt: skip
