"""What a body of the Identity API may hold. Upstream: each part's `schema.py`, `keystone/api/validation`.

An attribute that a schema does not name is kept and shown as it was given, as upstream's `extra` does.
"""

from __future__ import annotations

import re
from typing import Any

from oslearn.core.oslo.exception import ValidationError
from oslearn.core.oslo.schema import first_error

Schema = dict[str, Any]
CLIENT_ERROR = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is "
    "assumed to be in error."
)
EXPECTED = f"Expecting to find {{}} in {{}}. {CLIENT_ERROR}"
STRING = {"type": "string"}
TEXT = {"type": ["string", "null"]}
ID = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-zA-Z0-9-]+$"}
NO_ID = ID | {"type": ["string", "null"]}
NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"[\S]+"}
SHORT_NAME = NAME | {"maxLength": 64}
TRUE, FALSE = ("true", "1", "y", "on", "yes"), ("false", "", "0", "n", "off", "no")
WORDS = ("True", "TRUE", "true", "False", "FALSE", "false", "", "1", "0", "y", "Y", "n", "N", "on", "ON", "off", "OFF")
BOOLEAN = {"type": ["boolean", "string", "null"], "enum": [True, *WORDS[:3], False, *WORDS[3:], "yes", "no"]}
SWITCH = {"type": "boolean"}
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


def body(key: str, attributes: Schema, required: tuple[str, ...] = (), **rules: Any) -> Schema:
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


def several(**attributes: Schema) -> Schema:
    """An object of which some attributes are known."""
    return {"type": "object", "properties": attributes}


NAMED = several(id=STRING, name=STRING)
SOMEBODY = several(id=STRING, name=STRING, password=STRING | {"maxLength": 4096}, domain=NAMED)
IDENTITY = several(
    methods={"type": "array", "items": STRING},
    password=several(user=SOMEBODY),
    token=several(id=STRING) | {"required": ["id"]},
    application_credential=several(id=STRING, name=STRING, secret=STRING, user=SOMEBODY),
) | {"required": ["methods"]}
PLACE = several(project=several(id=STRING, name=STRING, domain=NAMED), domain=NAMED, system=several(all=SWITCH))
AUTH = several(identity=IDENTITY, scope=PLACE | {"type": ["object", "string"]}) | {"required": ["identity"]}


def check_auth(auth: Any, schema: Schema = AUTH) -> Any:
    """Return it. Raises ValidationError in the words of Keystone's older parts, which repeat no password."""
    error = first_error(auth, schema)
    if error is None:
        return auth
    path, message = "/".join(map(str, error.path)), error.message
    if error.validator not in ("required", "additionalProperties") and re.search("password|secret|credential", path):
        message = "the value does not fit"
    raise ValidationError(f"Invalid input for field '{path}': {message}" if path else message)


def boolean(value: Any) -> bool:
    """What the API takes for true and false."""
    return value is None or str(value).lower() in TRUE
