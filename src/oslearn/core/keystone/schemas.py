"""What a login looks like. Upstream: keystone/auth/schema.py.

Interface: `AUTH`, `check_auth(auth)`; `several(...)`, from which schemas are made; `CLIENT_ERROR`, `EXPECTED`.
"""

from __future__ import annotations

import re

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import ValidationError
from oslearn.core.oslo.schema import first_error

Schema = Body
CLIENT_ERROR = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is "
    "assumed to be in error."
)
EXPECTED = f"Expecting to find {{}} in {{}}. {CLIENT_ERROR}"
STRING = {"type": "string"}
SWITCH = {"type": "boolean"}


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


def check_auth(auth: Body, schema: Schema = AUTH) -> Body:
    """Return it. Raises ValidationError in the words of Keystone's older parts, which repeat no password."""
    error = first_error(auth, schema)
    if error is None:
        return auth
    path, message = "/".join(map(str, error.path)), error.message
    if error.validator not in ("required", "additionalProperties") and re.search("password|secret|credential", path):
        message = "the value does not fit"
    raise ValidationError(f"Invalid input for field '{path}': {message}" if path else message)
