"""What stands around the rest of Placement's API: its door, its versions, and its words for a version that is none.

Interface: `PlacementDoor`, `WordedVersions`, `Root`.
Upstream: placement/handlers/root.py, placement/microversion.py, placement/wsgi_wrapper.py.
"""

from __future__ import annotations

from falcon import Response
from sqlalchemy.orm.exc import StaleDataError

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotAcceptable
from oslearn.core.oslo.http import Request, version_text
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.schema import of
from oslearn.core.oslo.wsgi import Door, Handler, Route
from oslearn.core.placement.api import Versions
from oslearn.core.placement.exception import ConcurrentUpdate, InvalidInventory
from oslearn.core.placement.schemas import extract_json
from oslearn.extensions.placement.exception import ResourceClassNotFound
from oslearn.extensions.placement.names import check_classes


class PlacementDoor(Door):
    """Finds a body's shape by the microversion, and has its own words for what does not fit."""

    def __init__(self, policy: Enforcer, handle: Handle) -> None:
        super().__init__(policy)
        self.handle = handle

    def read(self, req: Request, route: Route) -> object:
        """A body, which may be a list. Raises BadRequest, UnsupportedMediaType."""
        return extract_json(req, of(req.microversion, route.body))

    def run(self, handler: Handler, req: Request, values: Body) -> object:
        """Call the handler. Raises ConcurrentUpdate if somebody else was quicker to change a provider.

        What no provider can have makes a claim a BadRequest.
        """
        try:
            return handler(req, **values)
        except StaleDataError:
            raise ConcurrentUpdate() from None
        except InvalidInventory as error:
            try:
                with self.handle.session() as session:
                    check_classes(session, {error.values["name"]})
            except ResourceClassNotFound as unknown:
                who = error.values["consumer"]
                raise BadRequest(f"Unable to allocate inventory for consumer {who}: {unknown}") from None
            raise


class WordedVersions(Versions):
    """Says of a version that is none what Python says, and of one that is not there which are."""

    def process_request(self, req: Request, resp: Response) -> None:
        """Raises BadRequest, NotAcceptable."""
        asked = str(self._asked(req))
        try:
            super().process_request(req, resp)
        except BadRequest:
            why = next((f"; {error}" for error in map(_number, asked.split(".", 1)) if error), "")
            raise BadRequest(f"Invalid microversion: invalid version string: {asked}{why}") from None
        except NotAcceptable:
            why = f"Invalid microversion: Unacceptable version header: {asked}"
            raise NotAcceptable(why, shown=limits(self)) from None


def limits(versions: Versions) -> dict[str, str]:
    """The oldest and the newest version, as replies name them."""
    return {"max_version": version_text(versions.maximum), "min_version": version_text(versions.minimum)}


def _number(text: str) -> str:
    """Python's words for why a text is no number; none if it is one."""
    try:
        int(text)
    except ValueError as error:
        return str(error)
    return ""


class Root:
    """Says what versions there are."""

    def __init__(self, versions: Versions) -> None:
        self.shown = {"id": "v1.0", **limits(versions), "status": "CURRENT", "links": [{"rel": "self", "href": ""}]}

    def show_root(self, req: Request) -> Body:
        """The versions there are; no token is needed. 200."""
        return {"versions": [self.shown]}
