"""Placement's errors and how they look on the wire. Upstream: placement/exception.py, errors.py, util.py."""

from __future__ import annotations

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound, OpenStackError
from oslearn.core.oslo.http import Reply, Request


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


class ProviderNotFound(NotFound):
    message = "No resource provider with uuid %(uuid)s found"


class ResourceClassNotFound(NotFound):
    message = "No such resource class %(name)s."


class BadQuery(BadRequest):
    """400: a query parameter is not what it should be."""

    error_code = "placement.query.bad_value"


def fault(req: Request, error: OpenStackError) -> Reply:
    """The shape of errors."""
    return Reply(error.code, {"errors": [shown(req, error) | {"detail": str(error)}]})


def shown(req: Request, error: OpenStackError) -> Body:
    """What is told of an error besides its words. As long as the version is not known, no code is told."""
    told: Body = {"status": error.code, "title": error.title, "detail": ""}
    if req.microversion >= (1, 23):
        told["code"] = getattr(error, "error_code", "placement.undefined_code")
    return {**told, "request_id": req.caller.request_id, **error.values.get("shown", {})}
