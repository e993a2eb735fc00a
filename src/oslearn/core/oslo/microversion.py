"""Microversions: how a client says which shape of an API it understands.

Interface: `Microversions(service, minimum, maximum, legacy_header)`, a middleware that sets `req.microversion`.
Invariants: no header means the minimum; every reply echoes the version.
Upstream: microversion-parse, nova/api/openstack/wsgi.py.
"""

from __future__ import annotations

import re

import falcon

from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request

Version = tuple[int, int]


class Microversions:
    """Negotiates the version of each request."""

    def __init__(self, service: str, minimum: Version, maximum: Version, legacy_header: str | None = None) -> None:
        self.service, self.minimum, self.maximum, self.legacy = service, minimum, maximum, legacy_header

    def process_resource(self, req: Request, resp: falcon.Response, resource: object, params: dict[str, str]) -> None:
        """What no route has never reaches the place where versions are read."""
        self.negotiate(req, resp)

    def negotiate(self, req: Request, resp: falcon.Response) -> None:
        """Read the version and tell it. Raises BadRequest for nonsense, NotAcceptable if it is not there."""
        req.microversion = self.minimum
        asked = self._parse(self._asked(req))
        self.tell(resp, asked)
        self._check(asked)
        req.microversion = asked

    def tell(self, resp: falcon.Response, version: Version) -> None:
        """Echo the version, even one that is not there."""
        resp.set_header("Vary", "OpenStack-API-Version" + (f", {self.legacy}" if self.legacy else ""))
        resp.set_header("OpenStack-API-Version", f"{self.service} {text(version)}")
        if self.legacy:
            resp.set_header(self.legacy, text(version))

    def _asked(self, req: Request) -> str | None:
        """The last that is said of this service, in capitals or not; then what the older header says last."""
        for part in reversed((req.get_header("OpenStack-API-Version") or "").split(",")):
            name, version = [*part.split(None, 1), "", ""][:2]
            if name.lower() == self.service and version:
                return version.strip()
        legacy = req.get_header(self.legacy) if self.legacy else None
        return legacy and legacy.split(",")[-1].strip()

    def _parse(self, asked: str | None) -> Version:
        if asked is None:
            return self.minimum
        if asked == "latest":
            return self.maximum
        match = re.fullmatch(r"([1-9]\d*)\.([1-9]\d*|0)", asked)
        if match is None:
            raise exception.BadRequest(
                f"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum."
            )
        return int(match[1]), int(match[2])

    def _check(self, asked: Version) -> None:
        if not self.minimum <= asked <= self.maximum:
            raise exception.NotAcceptable(
                f"Version {text(asked)} is not supported by the API. Minimum is {text(self.minimum)} and maximum is "
                f"{text(self.maximum)}."
            )


def text(version: Version) -> str:
    """A version as headers write it: `2.100`."""
    return f"{version[0]}.{version[1]}"
