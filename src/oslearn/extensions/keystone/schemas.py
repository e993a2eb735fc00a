"""What a body of the Identity API may hold. Upstream: each part's `schema.py`, `keystone/api/validation`.

An attribute that a schema does not name is kept and shown as it was given, as upstream's `extra` does.
"""

from __future__ import annotations

from oslearn.core.keystone.auth import STRING, Schema
from oslearn.core.oslo.strutils import bool_from_string

SWITCH = {"type": "boolean"}
TEXT = {"type": ["string", "null"]}
ID = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-zA-Z0-9-]+$"}
NO_ID = ID | {"type": ["string", "null"]}
NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"[\S]+"}
SHORT_NAME = NAME | {"maxLength": 64}
WORDS = ("True", "TRUE", "true", "False", "FALSE", "false", "", "1", "0", "y", "Y", "n", "N", "on", "ON", "off", "OFF")
BOOLEAN = {"type": ["boolean", "string", "null"], "enum": [True, *WORDS[:3], False, *WORDS[3:], "yes", "no"]}
INTERFACE = {"type": "string", "enum": ["admin", "internal", "public"]}
URL = {"type": "string", "maxLength": 225, "pattern": "^[a-zA-Z0-9+.-]+:.+"}
TAG = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^,/]*$"}
TAGS = {"type": "array", "items": TAG, "maxItems": 80, "uniqueItems": True}


def options(*names: str, **others: Schema) -> Schema:
    """The options of a resource: true, false, or null for one that is taken away."""
    known = {name: {"type": ["boolean", "null"]} for name in names} | others
    return {"type": "object", "properties": known, "additionalProperties": False}


IMMUTABLE = options("immutable")
USER_OPTIONS = options(
    "ignore_change_password_upon_first_use", "ignore_password_expiry", "ignore_lockout_failure_attempts",
    "ignore_user_inactivity", "lock_password", "multi_factor_auth_enabled",
    multi_factor_auth_rules={"type": ["array", "null"], "items": {"type": "array", "items": STRING}},
)  # fmt: skip
ROLE = {"type": "object", "properties": {"id": STRING, "name": STRING}, "minProperties": 1}


def body(key: str, attributes: Schema, required: tuple[str, ...] = (), **rules: object) -> Schema:
    """A body with one object in it."""
    inner = {"type": "object", "properties": attributes, **rules} | ({"required": list(required)} if required else {})
    return {"type": "object", "properties": {key: inner}, "required": [key], "additionalProperties": False}


ACCESS_RULE: Schema = {
    "type": "object",
    "properties": {
        "id": ID, "path": {"type": "string", "maxLength": 225, "pattern": r"^/\.*"}, "service": ID,
        "method": {"type": "string", "enum": ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]},
    },
    "additionalProperties": False,
}  # fmt: skip
"""A new rule, or one that is there by its id alone."""
APPLICATION_CREDENTIAL = body(
    "application_credential",
    {
        "name": NAME, "description": TEXT, "secret": TEXT, "expires_at": TEXT, "unrestricted": SWITCH,
        "roles": {"type": "array", "items": ROLE},
        "access_rules": {"type": "array", "items": ACCESS_RULE},
    },
    ("name",),
    additionalProperties=False,
)  # fmt: skip
PASSWORD = {
    "type": "object",
    "properties": {"original_password": STRING, "password": STRING},
    "required": ["original_password", "password"],
    "additionalProperties": False,
}
PROJECT_TAGS = {"type": "object", "properties": {"tags": TAGS}, "required": ["tags"], "additionalProperties": False}


def boolean(value: object) -> bool:
    """What the API takes for true and false."""
    return value is None or bool_from_string(value)
