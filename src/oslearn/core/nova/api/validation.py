"""What a request may say, by microversion: one table of fields instead of one schema a version.

Interface: `check_body(req, schema)`, `check_query(req, schema)`, `given_query(req)`; `V(schema, since, until)` marks
what a version brought or took away, anywhere in a schema; `strict(properties, required)`.
Invariants: a refusal says it in Nova's words, and shows no password.
Upstream: nova/api/validation/ (`schema`, `query_schema`, `validators`, `parameter_types`).
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request, Version

Schema = Any
"""A JSON schema, in which `V` may stand anywhere."""
Validator = Any
"""jsonschema's, which is imported when the first request comes."""
Keyword = Callable[..., Iterable[Exception]]
_known: dict[tuple[int, int], Validator] = {}


class V(NamedTuple):
    """A part of a schema that is there from one minor version to another."""

    schema: Schema
    since: int = 1
    until: int = 999


def strict(properties: Body, required: Sequence[Schema] = (), kind: str | list[str] = "object") -> Body:
    """An object with these fields and no others."""
    return {"type": kind, "properties": properties, "required": list(required), "additionalProperties": False}


def at(schema: Schema, minor: int) -> Schema:
    """The schema as it is at a version. Of several `V` in a tuple the one that fits is taken."""
    if isinstance(schema, V):
        return at(schema.schema, minor) if schema.since <= minor <= schema.until else None
    if isinstance(schema, tuple):
        return next((found for part in schema if (found := at(part, minor)) is not None), None)
    if isinstance(schema, dict):
        return {key: part for key, value in schema.items() if (part := at(value, minor)) is not None}
    if isinstance(schema, list):
        return [part for value in schema if (part := at(value, minor)) is not None or value is None]
    return schema


def check_body(req: Request, schema: Schema, body: Body | None = None) -> Body:
    """The body, read and checked. Raises ValidationError."""
    body = req.json_body() if body is None else body
    refuse(body, schema, req.microversion, "field/attribute", -1)
    return body


def given_query(req: Request) -> dict[str, list[str]]:
    """The query's fields, each a list of what was given."""
    return {key: value if isinstance(value, list) else [value] for key, value in req.params.items()}


def check_query(req: Request, schema: Schema) -> None:
    """Raises ValidationError if the query may not say what it says."""
    refuse(given_query(req), schema, req.microversion, "query parameters", 0)


def refuse(value: Body, schema: Schema, version: Version, kind: str, place: int) -> None:
    """Raise ValidationError with the first fault of a value; `place` says which part of its path names it."""
    key = (id(schema), version[1])
    if key not in _known:
        _known[key] = validator_class()(at(schema, version[1]))
    error = next(_known[key].iter_errors(value), None)
    if error is None:
        return
    if isinstance(error.cause, exception.BadRequest):
        raise exception.ValidationError(str(error.cause))
    if not error.path:
        raise exception.ValidationError(error.message)
    name = error.path[-1]
    text = f"Invalid input for {kind} {error.path[place]}. Value: {error.instance}. {error.message}"
    raise exception.ValidationError(text, quoted=(name, error.instance))


@cache
def validator_class() -> Callable[[Schema], Validator]:
    """Draft 2020-12 with Nova's formats; a limit counts for digits in a string as well."""
    import jsonschema  # takes longer to load than the rest of nova-api

    formats = jsonschema.FormatChecker(["ipv4", "ipv6"])
    for name, (check, raises) in FORMATS.items():
        formats.checks(name, raises)(check)
    draft = jsonschema.Draft202012Validator

    def limit(keyword: str) -> Keyword:
        def check(validator: Validator, most: object, instance: object, schema: Body) -> Iterable[Exception]:
            if isinstance(instance, str) and re.fullmatch("-?[0-9]+", instance):
                instance = int(instance)
            return draft.VALIDATORS[keyword](validator, most, instance, schema) or ()

        return check

    def pattern(validator: Validator, expression: str, instance: object, schema: Body) -> Iterable[Exception]:
        """Python's `$` also matches before a last newline: nothing that ends so is let in.

        What is too long is refused for that, and a pattern may take long to find no fault or many in it.
        """
        if not isinstance(instance, str) or len(instance) > schema.get("maxLength", len(instance)):
            return
        if instance.endswith("\n") or not re.search(expression, instance):
            yield jsonschema.ValidationError(f"{instance!r} does not match {expression!r}")

    own = {"minimum": limit("minimum"), "maximum": limit("maximum"), "pattern": pattern}
    made = jsonschema.validators.extend(draft, own)  # type: ignore[no-untyped-call]
    return lambda schema: made(schema, format_checker=formats)


@cache
def printable(char: str) -> bool:
    """No control character, and no space but a horizontal one."""
    category = unicodedata.category(char)
    return not category.startswith("C") and (not category.startswith("Z") or category == "Zs")


def is_name(value: object) -> bool:
    """Printable, with no space at its ends."""
    if isinstance(value, str) and (value != value.strip() or not all(map(printable, value))):
        raise exception.BadRequest(
            "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end "
            "with whitespace."
        )
    return True


def text(check: Callable[[str], object]) -> Callable[[object], bool]:
    """A format says nothing of what is no text."""
    return lambda value: not isinstance(value, str) or bool(check(value))


FORMATS: dict[str, tuple[Callable[[object], bool], type[Exception] | tuple[()]]] = {
    "name": (is_name, exception.BadRequest),
    "uuid": (text(lambda value: re.fullmatch("[0-9a-fA-F]{32}", value.replace("-", ""))), ()),
    "date-time": (text(datetime.fromisoformat), ValueError),
    "base64": (text(lambda value: base64.b64decode(value) is not None), ValueError),
}
