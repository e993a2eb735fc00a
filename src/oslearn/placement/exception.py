"""Placement's errors and how they look on the wire. Upstream: placement/exception.py, errors.py, util.py.

Left out: `code` is shown before 1.23 as well.
"""

from __future__ import annotations

from typing import Any

from oslearn.oslo import context as oslo_context
from oslearn.oslo.exception import BadRequest, Conflict, NotFound, OpenStackError

EXPLANATIONS = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The method specified is not allowed for this resource.",
    406: "The resource could not be generated that was acceptable to your browser.",
    409: "There was a conflict when trying to complete your request.",
}


class ConcurrentUpdate(Conflict):
    """409: the generation that the caller knows is an old one."""

    error_code = "placement.concurrent_update"
    message = "Resource provider's generation already changed. Please update the generation and try again."


class DuplicateName(Conflict):
    """409."""

    error_code = "placement.duplicate_name"
    message = "Conflicting resource provider %(name)s already exists."


class ProviderInUse(Conflict):
    """409."""

    error_code = "placement.resource_provider.inuse"
    message = "Unable to delete resource provider %(uuid)s: Resource provider has allocations."


class CannotDeleteParent(Conflict):
    """409."""

    error_code = "placement.resource_provider.cannot_delete_parent"
    message = "Unable to delete parent resource provider %(uuid)s: It has child resource providers."


class InventoryInUse(Conflict):
    """409."""

    error_code = "placement.inventory.inuse"
    message = "%(what)s: Inventory for '%(classes)s' on resource provider '%(uuid)s' in use."


class CapacityExceeded(Conflict):
    """409: what makes a claim fail."""

    message = (
        "Unable to allocate inventory: Unable to create allocation for '%(resource_class)s' on resource provider "
        "'%(uuid)s'. The requested amount would %(why)s."
    )


class ProviderNotFound(NotFound):
    """404."""

    message = "No resource provider with uuid %(uuid)s found"


class TraitNotFound(NotFound):
    """404."""

    message = "No such trait(s): %(names)s."


class ResourceClassNotFound(NotFound):
    """404."""

    message = "No such resource class %(name)s."


class BadQuery(BadRequest):
    """400: a query parameter is not what it should be."""

    error_code = "placement.query.bad_value"


def fault(error: OpenStackError) -> tuple[Any, dict[str, str]]:
    """The errors' shape: WebOb's sentence, then the detail, as upstream's formatter leaves them."""
    if error.code == 401:
        return {"error": {"code": 401, "title": "Unauthorized", "message": str(error)}}, {}
    about = EXPLANATIONS.get(error.code, error.title)
    context = oslo_context.current.get()
    shown = {
        "status": error.code,
        "title": error.title,
        "detail": f"{about}\n\n {error}  ",
        "code": getattr(error, "error_code", "placement.undefined_code"),
        "request_id": context.request_id if context else "",
    }
    return {"errors": [shown | error.values.get("shown", {})]}, {}
