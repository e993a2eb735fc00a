"""Bodies that the Identity API takes. Upstream: keystone/auth/schema.py, keystone/identity/schema.py, ..."""

from __future__ import annotations

from typing import Any

from oslearn.oslo.exception import ValidationError
from oslearn.oslo.schema import NAME, first_error

ID = {"type": "string", "maxLength": 255}
BOOLEAN = {"type": "boolean"}
SECRET = {"type": "string", "maxLength": 4096}


def body(key: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """A body with one object in it."""
    inner = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"type": "object", "properties": {key: inner}, "required": [key], "additionalProperties": False}


USER = {
    "name": NAME,
    "password": SECRET,
    "enabled": BOOLEAN,
    "domain_id": {"enum": ["default"]},
    "default_project_id": ID,
    "email": ID,
}
PROJECT = {
    "name": NAME | {"maxLength": 64},
    "description": {"type": "string"},
    "enabled": BOOLEAN,
    "domain_id": {"enum": ["default"]},
    "parent_id": {"enum": ["default"]},
}
CREATE = {
    "user": body("user", USER, ["name", "password"]),
    "project": body("project", PROJECT, ["name"]),
    "role": body("role", {"name": NAME}, ["name"]),
}
UPDATE = {
    "user": body("user", USER, []),
    "project": body("project", PROJECT, []),
    "role": body("role", {"name": NAME}, []),
}
PASSWORD = body("user", {"original_password": SECRET, "password": SECRET}, ["original_password", "password"])
DOMAIN = {"type": "object", "properties": {"name": ID, "id": ID}}
AUTH = {
    "type": "object",
    "required": ["auth"],
    "properties": {
        "auth": {
            "type": "object",
            "required": ["identity"],
            "properties": {
                "identity": {
                    "type": "object",
                    "required": ["methods"],
                    "properties": {
                        "methods": {"type": "array", "items": {"type": "string"}},
                        "password": {
                            "type": "object",
                            "required": ["user"],
                            "properties": {
                                "user": {
                                    "type": "object",
                                    "required": ["password"],
                                    "properties": {"id": ID, "name": ID, "password": SECRET, "domain": DOMAIN},
                                }
                            },
                        },
                        "token": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
                    },
                },
                "scope": {
                    "type": ["object", "string"],
                    "pattern": "^unscoped$",
                    "properties": {
                        "project": {"type": "object", "properties": {"id": ID, "name": ID, "domain": DOMAIN}}
                    },
                },
            },
        }
    },
}


def check(body: Any, schema: dict[str, Any]) -> Any:
    """Return the body. Raises ValidationError in Keystone's words, which repeat no password."""
    error = first_error(body, schema)
    if error is None:
        return body
    path, message = "/".join(map(str, error.path)), error.message
    if "password" in path and error.validator not in ("required", "additionalProperties"):
        message = "the value does not fit"
    raise ValidationError(f"Invalid input for field '{path}': {message}" if path else message)
