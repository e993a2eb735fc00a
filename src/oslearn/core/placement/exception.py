"""Placement's errors and how they look on the wire. Upstream: placement/exception.py, errors.py, util.py."""

from __future__ import annotations

from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound, OpenStackError
from oslearn.core.oslo.http import Reply, Request

UNDEFINED = "placement.undefined_code"


class ConcurrentUpdate(Conflict):
    """409: the generation that the caller knows is an old one."""

    error_code = "placement.concurrent_update"
    message = "Resource provider's generation already changed. Please update the generation and try again."


class CapacityExceeded(Conflict):
    """409: what makes a claim fail."""

    message = (
        "Unable to allocate inventory: Unable to create allocation for '%(resource_class)s' on resource provider "
        "'%(uuid)s'. The requested amount would %(why)s."
    )


class InvalidInventory(Conflict):
    """409: a provider has nothing of a class."""

    message = "Unable to allocate inventory: Inventory for '%(name)s' on resource provider '%(uuid)s' invalid."


class ProviderNotFound(NotFound):
    message = "No resource provider with uuid %(uuid)s found"


class BadQuery(BadRequest):
    """400: a query parameter is not what it should be."""

    error_code = "placement.query.bad_value"


def fault(req: Request, error: OpenStackError) -> Reply:
    """The shape of errors. The code is what a client can act on."""
    shown = {"status": error.code, "title": error.title, "detail": str(error), "request_id": req.caller.request_id}
    return Reply(error.code, {"errors": [shown | {"code": getattr(error, "error_code", UNDEFINED)}]})
