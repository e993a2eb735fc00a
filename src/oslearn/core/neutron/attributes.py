"""What a client may say of a resource: attributes as data, checked in one place with Neutron's words.

Interface: `load(specs)`, a resource's attributes as resources.toml has them; `Reader(attributes, checks).read(given,
method)` → the values, defaults filled in.
Invariants: an attribute that is not declared is refused by name; a default is filled in on POST only.
Upstream: neutron_lib/api/attributes.py, neutron_lib/api/validators, neutron_lib/api/definitions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from oslearn.core.neutron import exceptions as e
from oslearn.core.oslo.context import Body

RESOURCES = tomllib.loads((Path(__file__).parent / "resources.toml").read_text("utf-8"))
NOT_GIVEN = object()
"""A value that the code works out itself, as upstream's ATTR_NOT_SPECIFIED."""

Values = Body
"""A request's values by attribute, or by column."""
Specs = Mapping[str, Any]
"""A table of resources.toml."""
Checked = tuple[Any, str | None]
"""The value as it is kept, and what is wrong with it."""
Check = Callable[[object], Checked]


def text(value: object) -> Checked:
    """A string of at most 255 characters."""
    if not isinstance(value, str):
        return value, f"'{value}' is not a valid string"
    return value, f"'{value}' exceeds maximum length of 255" if len(value) > 255 else None


def boolean(value: object) -> Checked:
    """True, or something that clients write for it."""
    known = {"true": True, "false": False, "1": True, "0": False}
    made = value if isinstance(value, bool) else known.get(str(value).lower())
    return made, None if made is not None else f"'{value}' cannot be converted to boolean"


def dictionary(value: object) -> Checked:
    """A dictionary with any keys."""
    return value, None if isinstance(value, dict) else f"'{value}' is not a dictionary"


def parsed(parse: Callable[[str], object], fault: str) -> Check:
    """What `parse` makes of it, as text."""

    def check(value: object) -> Checked:
        try:
            return str(parse(value)), None  # type: ignore[arg-type]  # what is no text raises
        except (AttributeError, TypeError, ValueError):
            return value, f"'{value}' is not a valid {fault}"

    return check


def _uuid(value: str) -> str:
    """Without dashes as well, but then nothing is called so."""
    UUID(value)
    return str(value).lower()


uuid = parsed(_uuid, "UUID")


def optional(check: Check, instead: object = None) -> Check:
    """Or null, or an empty dictionary, which stand for `instead`."""
    return lambda value: (instead, None) if value in (None, {}) else check(value)


def array(item: Check) -> Check:
    """A list of what `item` checks."""

    def check(value: object) -> Checked:
        if not isinstance(value, list):
            return value, f"'{value}' is not a list"
        checked = [item(v) for v in value]
        return [v for v, _ in checked], next((reason for _, reason in checked if reason), None)

    return check


CHECKS: dict[str, Check] = {
    "text": text,
    "boolean": boolean,
    "uuid": uuid,
    "dictionary": dictionary,
}
"""What resources.toml calls them. Before one may stand `array`."""


@dataclass(frozen=True)
class Attribute:
    """One attribute, as resources.toml says it."""

    check: str = ""
    optional: bool = False
    auto: bool = False
    default: object = NOT_GIVEN
    required: bool = False
    post: bool = True
    put: bool = True
    column: str = ""
    admin: bool = False
    secret: bool = False
    shown: bool = True


Attributes = Mapping[str, Attribute]


def load(specs: Specs) -> Attributes:
    """A resource's attributes: what all have, but for what it says it has not, and its own."""
    known = RESOURCES["standard"] | specs
    return {name: _attribute(spec) for name, spec in known.items() if spec is not False}


def _attribute(spec: Values) -> Attribute:
    null: Values = {"default": None} if spec.get("optional") and not spec.get("auto") else {}
    return Attribute(**null | spec)


class Reader:
    """What a client may say of a resource: what no check is known for can only be read."""

    def __init__(self, attributes: Attributes, checks: Mapping[str, Check]) -> None:
        self.attributes = attributes
        found = {name: _check(spec, checks) for name, spec in attributes.items()}
        self.checks = {name: check for name, check in found.items() if check}

    def read(self, given: Values, method: str) -> Values:
        """The values of a request by attribute. Raises HTTPBadRequest."""
        if "tenant_id" in given:  # the old name of `project_id`
            if given.get("project_id", given["tenant_id"]) != given["tenant_id"]:
                raise e.HTTPBadRequest("'project_id' and 'tenant_id' do not match")
            given = {k: v for k, v in given.items() if k != "tenant_id"} | {"project_id": given["tenant_id"]}
        if unknown := [name for name in given if name not in self.attributes]:
            raise e.HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
        values = {}
        for name, value in given.items():
            spec = self.attributes[name]
            if name not in self.checks or not (spec.post if method == "POST" else spec.put):
                refused = {"POST": f"Attribute '{name}' not allowed in POST"}
                raise e.HTTPBadRequest(refused.get(method, f"Cannot update read-only attribute {name}"))
            values[name], reason = self.checks[name](value)
            if reason:
                raise e.HTTPBadRequest(f"Invalid input for {name}. Reason: {reason}.")
        return values | (self._defaults(values) if method == "POST" else {})

    def _defaults(self, values: Values) -> Values:
        missing = {name: spec for name, spec in self.attributes.items() if spec.post and name not in values}
        if absent := [name for name, spec in missing.items() if spec.required]:
            raise e.HTTPBadRequest(f"Failed to parse request. Required attribute '{absent[0]}' not specified")
        return {name: spec.default for name, spec in missing.items() if spec.default is not NOT_GIVEN}


def _check(spec: Attribute, checks: Mapping[str, Check]) -> Check | None:
    """What checks an attribute: `array uuid`."""
    *arrays, word = spec.check.split() or [""]
    check = checks.get(word)
    for _ in arrays if check else ():
        check = array(check)  # type: ignore[arg-type]
    default = None if spec.default is NOT_GIVEN else spec.default
    return optional(check, default) if check and spec.optional else check
