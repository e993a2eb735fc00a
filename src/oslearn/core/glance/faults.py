"""What stands around Glance's handlers: the paths that need no token, and who has none.

Interface: `PATHS`, `Confirmed`, `NotConfirmed`, `fault`.
Upstream: glance/common/wsgi.py, glance/api/middleware/{context,version_negotiation}.py.
"""

from __future__ import annotations

from falcon import Response

from oslearn.core.keystonemiddleware.auth_token import AuthProtocol
from oslearn.core.oslo import exception, webob
from oslearn.core.oslo.http import Reply, Request

PATHS = ("/", "/versions")
"""Of version discovery, which comes before everything else: no token, no request id."""


class Confirmed:
    """A middleware around auth_token.

    Upstream's filter only marks a request without a valid token, and the context's own filter behind it refuses: so a
    401 is WebOb's page here, where other services show Keystone's.
    """

    def __init__(self, auth: AuthProtocol) -> None:
        self.auth = auth

    def process_request(self, req: Request, resp: Response) -> None:
        """Raises NotConfirmed, whose reply has no request id: the filter that gives one is that which refuses."""
        try:
            self.auth.process_request(req, resp)
        except exception.Unauthorized as error:
            req.context.unnamed = True
            raise NotConfirmed(headers=getattr(error, "headers", {})) from None


class NotConfirmed(exception.Unauthorized):
    """401: WebOb's page. `headers` say where to get a token."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__()
        self.headers = headers


def fault(req: Request, error: exception.OpenStackError) -> Reply:
    """WebOb's page, for every error."""
    return webob.page(req, error)
