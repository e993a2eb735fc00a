"""What all views of the Compute API have: links, times, and the shape of an error.

Upstream: nova/api/openstack/common.py, nova/api/openstack/wsgi.py: `Fault`.
"""

from __future__ import annotations

from typing import Any

from oslearn.oslo.exception import OpenStackError
from oslearn.oslo.wsgi import Fault, Request

ERRORS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
          406: "notAcceptable", 409: "conflictingRequest", 413: "overLimit", 415: "badMediaType",
          501: "notImplemented", 503: "serviceUnavailable"}  # fmt: skip


def links(req: Request, kind: str, id: str) -> list[dict[str, str]]:
    """`self` and `bookmark`."""
    return [
        {"rel": "self", "href": f"{req.prefix}/v2.1/{kind}/{id}"},
        {"rel": "bookmark", "href": f"{req.prefix}/{kind}/{id}"},
    ]


def fault(uri: str) -> Fault:
    """Nova's error shape; a 401 is keystonemiddleware's and says where to get a token."""

    def shape(error: OpenStackError) -> tuple[Any, dict[str, str]]:
        if error.code == 401:
            body = {"code": 401, "title": "Unauthorized", "message": str(error)}
            return {"error": body}, {"WWW-Authenticate": f'Keystone uri="{uri}"'}
        name = ERRORS.get(error.code, "computeFault")
        return {name: {"code": error.code, "message": str(error)}}, {"Content-Type": "application/json; charset=UTF-8"}

    return shape


def zulu(text: str | None) -> str | None:
    """`2026-01-01T00:00:00Z`."""
    return f"{text[:19]}Z" if text else None


def micro(text: str | None) -> str | None:
    """`2026-01-01T00:00:00.000000`, without microseconds, as Nova keeps times in its database."""
    return f"{text[:19]}.000000" if text else None
