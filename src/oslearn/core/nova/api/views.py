"""What all views of the Compute API have: links, times, and the shape of an error.

Upstream: nova/api/openstack/common.py, nova/api/openstack/wsgi.py: `Fault`.
"""

from __future__ import annotations

from oslearn.core.oslo import webob
from oslearn.core.oslo.exception import OpenStackError, RouteNotFound
from oslearn.core.oslo.http import Reply, Request

ERRORS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
          409: "conflictingRequest", 413: "overLimit", 415: "badMediaType",
          501: "notImplemented", 503: "serviceUnavailable"}  # fmt: skip
JSON = "application/json; charset=UTF-8"


def links(req: Request, kind: str, id: str) -> list[dict[str, str]]:
    """Where a resource is: `self` with the version, `bookmark` without."""
    return [
        {"rel": "self", "href": f"{req.prefix}/v2.1/{kind}/{id}"},
        {"rel": "bookmark", "href": f"{req.prefix}/{kind}/{id}"},
    ]


def fault(req: Request, error: OpenStackError) -> Reply:
    """Nova's error shape; what no route has never reaches Nova, so that WebOb says so."""
    if isinstance(error, RouteNotFound):
        return webob.page(req, error)
    name = ERRORS.get(error.code, "computeFault")
    return Reply(error.code, {name: {"code": error.code, "message": str(error)}}, {"Content-Type": JSON})


def zulu(text: str | None) -> str | None:
    """A moment as most views show it: `2026-01-01T00:00:00Z`."""
    return f"{text[:19]}Z" if text else None


def micro(text: str | None) -> str | None:
    """`2026-01-01T00:00:00.000000`, without microseconds, as Nova keeps times in its database."""
    return f"{text[:19]}.000000" if text else None
