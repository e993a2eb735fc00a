"""Placement's errors and how they look on the wire. Upstream: placement/exception.py, errors.py, util.py."""

from __future__ import annotations

from oslearn.core.oslo import webob
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Conflict, MethodNotAllowed, NotFound, OpenStackError
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
    """WebOb's page, or for who asks for JSON the errors' shape: the page's text as upstream's formatter leaves it.

    As long as the version is not known, no code is told.
    """
    if isinstance(error, MethodNotAllowed):
        error = MethodNotAllowed("The method specified is not allowed for this resource.")
    shown: Body = {"status": error.code, "title": error.title, "detail": ""}
    if req.microversion >= (1, 23):
        shown["code"] = getattr(error, "error_code", "placement.undefined_code")
    shown |= {"request_id": req.caller.request_id} | error.values.get("shown", {})
    return webob.page(req, error, lambda detail: {"errors": [shown | {"detail": detail}]})
