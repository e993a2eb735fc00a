"""Which microversion a request asks for, and that the reply names it.

Interface: `Negotiation()`, a middleware for `oslearn.oslo.wsgi`; `of(req)`; `require(req, minimum)`.
Invariants: a request without the header gets the oldest behaviour; no reply has a later field than was asked for.
Upstream: cinder/api/openstack/wsgi.py (`set_api_version_request`), cinder/api/openstack/api_version_request.py.
"""

from __future__ import annotations

import re
from typing import Any

from oslearn.cinder import exceptions as e

MINIMUM, MAXIMUM = (3, 0), (3, 71)
Version = tuple[int, int]


class Negotiation:
    """Reads `OpenStack-API-Version: volume 3.x`."""

    def process_request(self, req: Any, resp: Any) -> None:
        """Raises InvalidAPIVersionString, InvalidGlobalAPIVersion."""
        req.context.api_version = parse(req.get_header("OpenStack-API-Version") or "")

    def process_response(self, req: Any, resp: Any, resource: Any, succeeded: bool) -> None:
        """Name the version that was used; there is none if the request was refused before."""
        version = getattr(req.context, "api_version", None)
        if version is not None:
            resp.set_header("OpenStack-API-Version", f"volume {text(version)}")
            resp.set_header("Vary", "OpenStack-API-Version")


def parse(header: str) -> Version:
    """The version for this service in a header such as `compute 2.1, volume 3.44`.

    >>> parse("volume 3.44"), parse("volume latest"), parse("")
    ((3, 44), (3, 71), (3, 0))
    """
    asked = dict(part.strip().partition(" ")[::2] for part in header.split(","))
    wanted = asked.get("volume")
    if wanted is None:
        return MINIMUM
    if wanted == "latest":
        return MAXIMUM
    match = re.fullmatch(r"([1-9]\d*)\.(0|[1-9]\d*)", wanted)
    if match is None:
        raise e.InvalidAPIVersionString(version=wanted)
    version = int(match[1]), int(match[2])
    if not MINIMUM <= version <= MAXIMUM:
        raise e.InvalidGlobalAPIVersion(req_ver=wanted, min_ver=text(MINIMUM), max_ver=text(MAXIMUM))
    return version


def text(version: Version) -> str:
    """`3.44`."""
    return f"{version[0]}.{version[1]}"


def of(req: Any) -> Version:
    """The request's version."""
    version: Version = req.context.api_version
    return version


def require(req: Any, minimum: Version) -> None:
    """Raises VersionNotFoundForAPIMethod if the method came later."""
    if of(req) < minimum:
        raise e.VersionNotFoundForAPIMethod(version=text(of(req)))
