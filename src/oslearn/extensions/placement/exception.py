"""Placement's other errors. Upstream: placement/exception.py, errors.py."""

from __future__ import annotations

from oslearn.core.oslo.exception import Conflict, MethodNotAllowed, NotFound, OpenStackError
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.placement.exception import shown
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


class TraitNotFound(NotFound):
    """404."""

    message = "No such trait(s): %(names)s."


def fault(req: Request, error: OpenStackError) -> Reply:
    """WebOb's page, or for who asks for JSON the errors' shape: the page's text as upstream's formatter leaves it."""
    if isinstance(error, MethodNotAllowed):
        error = MethodNotAllowed("The method specified is not allowed for this resource.")
    return webob.page(req, error, lambda detail: {"errors": [shown(req, error) | {"detail": detail}]})
