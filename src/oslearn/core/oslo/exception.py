"""One tree of errors, with a code and a message format each.

Interface: raise a subclass with the values that its message names; `oslearn.core.oslo.wsgi` turns it into the service's
own HTTP error, `oslearn.core.oslo.messaging` carries it by name in an RPC reply. `try_each(parts, left)` cleans
up, and no error ends it.
Upstream: each project's `exception.py`; `excutils.save_and_reraise_exception`, of which nothing is raised here: what is
left over is found again by periodic tasks.

OpenStackError
├── BadRequest 400 ── ValidationError, MalformedRequestBody
├── Unauthorized 401
├── Forbidden 403 ── PolicyNotAuthorized, OverQuota
├── NotFound 404 ── RouteNotFound
├── MethodNotAllowed 405
├── NotAcceptable 406
├── Conflict 409
├── RequestEntityTooLarge 413
├── UnsupportedMediaType 415
├── ServiceUnavailable 503
└── MessagingTimeout, RemoteError: of a message
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from oslearn.core.oslo.context import Body

LOG = logging.getLogger(__name__)
REGISTRY: dict[str, type[OpenStackError]] = {}


class OpenStackError(Exception):
    """The root. `code` is the HTTP status; `title` the status line's words.

    `served` says whether it comes from the service itself, not from a filter before it. An error may have a `reply` of
    its own, and `headers`; Neutron's have a `type`, its name for them.
    """

    code = 500
    title = "Internal Server Error"
    message = "An unknown exception occurred."
    served = True

    def __init__(self, message: str | None = None, **values: Any) -> None:
        self.values = values
        super().__init__(message if message is not None else self.message % values)

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        REGISTRY[f"{cls.__module__}.{cls.__name__}"] = cls


class BadRequest(OpenStackError):
    """400."""

    code, title = 400, "Bad Request"
    message = "The request is invalid."


class ValidationError(BadRequest):
    """400: a body does not fit its schema. `quoted` are the name and the value of a field that the message quotes."""


class MalformedRequestBody(BadRequest):
    """400: a body is not JSON."""

    message = "Malformed request body"


class Unauthorized(OpenStackError):
    """401."""

    code, title = 401, "Unauthorized"
    message = "The request you have made requires authentication."


class Forbidden(OpenStackError):
    """403."""

    code, title = 403, "Forbidden"
    message = "You are not authorized to perform the requested action."


class PolicyNotAuthorized(Forbidden):
    """403: no rule lets these roles do that."""

    message = "Policy doesn't allow %(action)s to be performed."


class OverQuota(Forbidden):
    """403: the project has as many as it may."""

    message = "Quota exceeded for resources: %(overs)s."


class NotFound(OpenStackError):
    """404."""

    code, title = 404, "Not Found"
    message = "The resource could not be found."


class RouteNotFound(NotFound):
    """404: no route has this path, or this method at it."""


class MethodNotAllowed(OpenStackError):
    """405."""

    code, title = 405, "Method Not Allowed"
    message = "The method is not allowed for this resource."


class NotAcceptable(OpenStackError):
    """406."""

    code, title = 406, "Not Acceptable"
    message = "The requested version is not supported."


class Conflict(OpenStackError):
    """409."""

    code, title = 409, "Conflict"
    message = "The resource is in a state that does not allow this."


class RequestEntityTooLarge(OpenStackError):
    """413."""

    code, title = 413, "Request Entity Too Large"
    message = "Request is too large."


class UnsupportedMediaType(OpenStackError):
    """415."""

    code, title = 415, "Unsupported Media Type"
    message = "The content type is not supported."


class ServiceUnavailable(OpenStackError):
    """503."""

    code, title = 503, "Service Unavailable"
    message = "The server is currently unavailable. Please try again at a later time."


class MessagingTimeout(OpenStackError):
    """No reply to an RPC call in time."""

    message = "Timed out waiting for a reply to message ID %(msg_id)s"


class MessageDeliveryFailure(OpenStackError):
    """The queue cannot be reached. Upstream: oslo_messaging, with a limit of retries; by default it has none."""

    message = "Unable to connect to AMQP server: Connection refused"


class RemoteError(OpenStackError):
    """An RPC server raised something that is not in this tree."""

    message = "Remote error: %(exc_type)s %(value)s"


def serialize(error: Exception) -> Body:
    """An error as a reply carries it."""
    values = getattr(error, "values", {})
    return {
        "class": f"{type(error).__module__}.{type(error).__name__}",
        "message": str(error),
        "values": json.loads(json.dumps(values, default=str)),
    }


def deserialize(failure: Body) -> Exception:
    """The error again, by its name; RemoteError if the name is not in the tree."""
    known = REGISTRY.get(failure["class"])
    if known is None:
        return RemoteError(exc_type=failure["class"].rpartition(".")[2], value=failure["message"])
    return known(failure["message"], **failure["values"])


def try_each(parts: Iterable[Callable[[], object]], left: str) -> bool:
    """Do every part; whether all went well. `left` says in the log what is not done.

    >>> done: list[str] = []
    >>> logging.disable()
    >>> try_each([lambda: done.append("ports"), lambda: {}["host"], lambda: done.append("volumes")], "Not all is freed")
    False
    >>> logging.disable(logging.NOTSET)
    >>> done
    ['ports', 'volumes']
    """
    well = True
    for part in parts:
        try:
            part()
        except Exception as error:
            LOG.warning("%s, it is tried again: %s", left, error)
            well = False
    return well
