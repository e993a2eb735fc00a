"""What a client may say of a resource: attributes as data, checked in one place with Neutron's words.

Interface: `Attribute`, `read(body, resource, attributes, method)` → the values with defaults.
Invariants: an attribute that is not declared is refused by name; a default is filled in on POST only.
Upstream: neutron_lib/api/attributes.py, neutron_lib/api/validators, neutron/api/v2/base.py (`prepare_request_body`).
Left out: bulk requests, dictionary validators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from oslearn.neutron.exceptions import HTTPBadRequest

REQUIRED = object()
NOT_GIVEN = object()
"""A value that the code works out itself, as upstream's ATTR_NOT_SPECIFIED."""

MAX_INTEGER = 2**31 - 1

Check = Callable[[Any], tuple[Any, str | None]]


@dataclass(frozen=True)
class Attribute:
    """One attribute: how it is checked, what it is if not given, whether POST and PUT may set it."""

    check: Check
    default: Any = NOT_GIVEN
    post: bool = True
    put: bool = True


def text(value: Any) -> tuple[Any, str | None]:
    """A string of at most 255 characters."""
    if not isinstance(value, str):
        return value, f"'{value}' is not a valid string"
    return value, f"'{value}' exceeds maximum length of 255" if len(value) > 255 else None


def text_or_none(value: Any) -> tuple[Any, str | None]:
    """Or null."""
    return (value, None) if value is None else text(value)


def boolean(value: Any) -> tuple[Any, str | None]:
    """True, or something that clients write for it."""
    known = {"true": True, "false": False, "1": True, "0": False}
    made = value if isinstance(value, bool) else known.get(str(value).lower())
    return made, None if made is not None else f"'{value}' cannot be converted to boolean"


def integer(value: Any) -> tuple[Any, str | None]:
    """A whole number that a database column holds, or null."""
    if value is None:
        return None, None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return value, f"'{value}' is not an integer"
    return number, None if abs(number) <= MAX_INTEGER else f"'{value}' is too large"


def one_of(*allowed: Any) -> Check:
    """One of a few values."""
    return lambda value: (value, None if value in allowed else f"'{value}' is not in {list(allowed)}")


def address(value: Any) -> tuple[Any, str | None]:
    """An IP address, or null."""
    if value is None:
        return None, None
    try:
        return str(ip_address(value)), None
    except ValueError:
        return value, f"'{value}' is not a valid IP address"


def cidr(value: Any) -> tuple[Any, str | None]:
    """A network without host bits."""
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return value, f"'{value}' is not a valid IP subnet"
    if str(network) != str(value):
        return value, f"'{value}' isn't a recognized IP subnet cidr, '{network}' is recommended"
    return value, None


def prefix(value: Any) -> tuple[Any, str | None]:
    """A network or an address, or null."""
    if value is None:
        return None, None
    try:
        return str(ip_network(value, strict=False)), None
    except ValueError:
        return value, f"'{value}' is not a valid IP subnet"


def mac(value: Any) -> tuple[Any, str | None]:
    """A MAC address."""
    parts = str(value).lower().split(":")
    good = len(parts) == 6 and all(len(p) == 2 and set(p) <= set("0123456789abcdef") for p in parts)
    return ":".join(parts), None if good else f"'{value}' is not a valid MAC address"


def array(item: Check) -> Check:
    """A list of distinct items."""

    def check(value: Any) -> tuple[Any, str | None]:
        if not isinstance(value, list):
            return value, f"'{value}' is not a list"
        checked = [item(v) for v in value]
        fault = next((reason for _, reason in checked if reason), None)
        return [v for v, _ in checked], fault

    return check


def mapping(*keys: str) -> Check:
    """A dictionary with no other keys; with any if none are named."""

    def check(value: Any) -> tuple[Any, str | None]:
        if not isinstance(value, dict):
            return value, f"'{value}' is not a dictionary"
        unexpected = sorted(set(value) - set(keys)) if keys else []
        return value, f"Unexpected keys supplied: {', '.join(unexpected)}" if unexpected else None

    return check


def read(body: dict[str, Any], resource: str, attributes: Mapping[str, Attribute], method: str) -> dict[str, Any]:
    """The values of a request. Raises HTTPBadRequest."""
    given = body.get(resource)
    if not isinstance(given, dict):
        raise HTTPBadRequest(f"Unable to find '{resource}' in request body")
    given = _one_project(given)
    unknown = [name for name in given if name not in attributes]
    if unknown:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    for name in given:
        if not (attributes[name].post if method == "POST" else attributes[name].put):
            refused = (
                "Attribute '%s' not allowed in POST" if method == "POST" else "Cannot update read-only attribute %s"
            )
            raise HTTPBadRequest(refused % name)
    values = {name: _checked(name, attributes[name], value) for name, value in given.items()}
    return (_defaults(attributes, values) | values) if method == "POST" else values


def _one_project(given: dict[str, Any]) -> dict[str, Any]:
    """`tenant_id` is the old name of `project_id`."""
    if "tenant_id" not in given:
        return given
    if given.get("project_id", given["tenant_id"]) != given["tenant_id"]:
        raise HTTPBadRequest("'project_id' and 'tenant_id' do not match")
    return {k: v for k, v in given.items() if k != "tenant_id"} | {"project_id": given["tenant_id"]}


def _checked(name: str, attribute: Attribute, value: Any) -> Any:
    made, reason = attribute.check(value)
    if reason:
        raise HTTPBadRequest(f"Invalid input for {name}. Reason: {reason}.")
    return made


def _defaults(attributes: Mapping[str, Attribute], values: dict[str, Any]) -> dict[str, Any]:
    missing = {name: a.default for name, a in attributes.items() if a.post and name not in values}
    for name, default in missing.items():
        if default is REQUIRED:
            raise HTTPBadRequest(f"Failed to parse request. Required attribute '{name}' not specified")
    return {name: default for name, default in missing.items() if default is not NOT_GIVEN}
