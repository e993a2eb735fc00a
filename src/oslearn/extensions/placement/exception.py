"""Placement's other errors. Upstream: placement/exception.py, errors.py."""

from __future__ import annotations

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import Conflict, MethodNotAllowed, NotFound, OpenStackError
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.placement.exception import UNDEFINED
from oslearn.extensions.oslo import webob


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


class ResourceClassNotFound(NotFound):
    """404."""

    message = "No such resource class %(name)s."


class TraitNotFound(NotFound):
    """404."""

    message = "No such trait(s): %(names)s."


def fault(req: Request, error: OpenStackError) -> Reply:
    """WebOb's page, or for who asks for JSON the errors' shape: the page's text as upstream's formatter leaves it.

    As long as the version is not known, no code is told.
    """
    if isinstance(error, MethodNotAllowed):
        error = MethodNotAllowed("The method specified is not allowed for this resource.")
    shown: Body = {"status": error.code, "title": error.title, "detail": ""}
    if req.microversion >= (1, 23):
        shown["code"] = getattr(error, "error_code", UNDEFINED)
    shown |= {"request_id": req.caller.request_id} | error.values.get("shown", {})
    return webob.page(req, error, lambda detail: {"errors": [shown | {"detail": detail}]})
