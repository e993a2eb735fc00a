"""Body validation by JSON schema, with the messages that OpenStack gives.

Interface: `check(body, schema)`; `ByVersion`, schemas by microversion, of which `of(version, shape)` chooses.
Upstream: nova/api/validation/validators.py, which cinder and glance copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Version

if TYPE_CHECKING:  # it takes longer to load than the rest
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

UUID = "^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\\Z"
NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^(?! )[^\x00-\x1f]+(?<! )\Z"}


ByVersion = list[tuple[Version, Body]]
"""Schemas from a microversion on, the newest first."""
_validators: dict[int, Validator] = {}


def check(body: Any, schema: Body) -> Any:
    """Return the body. Raises ValidationError with the first fault, in Nova's words. `schema` is a constant."""
    error = first_error(body, schema)
    if error is None:
        return body
    if error.path:
        name = error.path[-1]
        text = f"Invalid input for field/attribute {name}. Value: {error.instance}. {error.message}"
        raise exception.ValidationError(text, quoted=(name, error.instance))
    raise exception.ValidationError(error.message)


def of(version: Version, shape: Body | ByVersion) -> Body:
    """The one schema, or the newest of those in a table that a microversion has.

    >>> of((3, 9), [((3, 5), {"maxLength": 5}), ((3, 0), {"maxLength": 0})])
    {'maxLength': 5}
    """
    return shape if isinstance(shape, dict) else next(schema for start, schema in shape if version >= start)


def first_error(body: Any, schema: Body) -> ValidationError | None:
    """jsonschema's error, for a service that has its own words; None if the body fits."""
    validator = _validators.get(id(schema)) or _validators.setdefault(id(schema), _validator(schema))
    return next(iter(sorted(validator.iter_errors(body), key=lambda e: str(list(e.path)))), None)


def _validator(schema: Body) -> Validator:
    import jsonschema

    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
