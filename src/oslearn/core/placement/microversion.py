"""Microversions in Placement's words.

Interface: `MINIMUM`, `MAXIMUM`, `Versions`, `limits()`.
Invariants: the version is read before there is a route, so that a 404 is in its shape, too.
Upstream: placement/microversion.py, microversion_parse's middleware.
"""

from __future__ import annotations

from falcon import Response

from oslearn.core.oslo import microversion
from oslearn.core.oslo.exception import BadRequest, NotAcceptable
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.microversion import Microversions, Version

MINIMUM, MAXIMUM = (1, 0), (1, 39)


def limits() -> dict[str, str]:
    """The oldest and the newest version, as replies name them."""
    return {"max_version": microversion.text(MAXIMUM), "min_version": microversion.text(MINIMUM)}


class Versions(Microversions):
    """Negotiates before there is a route; who is not understood is told no version."""

    def __init__(self) -> None:
        super().__init__("placement", MINIMUM, MAXIMUM)

    def process_request(self, req: Request, resp: Response) -> None:
        """Raises BadRequest, NotAcceptable."""
        asked = str(self._asked(req))
        try:
            self.negotiate(req, resp)
        except BadRequest:
            why = next((f"; {error}" for error in map(_number, asked.split(".", 1)) if error), "")
            raise BadRequest(f"Invalid microversion: invalid version string: {asked}{why}") from None
        except NotAcceptable:
            why = f"Invalid microversion: Unacceptable version header: {asked}"
            raise NotAcceptable(why, shown=limits()) from None
        req.context.negotiated = True
        resp.set_header("openstack-api-version", f"placement {microversion.text(req.microversion)}")

    def process_resource(self, req: Request, resp: Response, resource: object, params: dict[str, str]) -> None:
        """All is done."""

    def tell(self, resp: Response, version: Version) -> None:
        """Not yet: the version may not be there."""

    def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        """What is refused outside of a handler does not vary."""
        if getattr(req.context, "negotiated", False) and str(resp.status)[:3] not in ("403", "404"):
            resp.set_header("vary", "openstack-api-version")


def _number(text: str) -> str:
    """Python's words for why a text is no number; none if it is one."""
    try:
        int(text)
    except ValueError as error:
        return str(error)
    return ""
