"""What is done around Glance's handlers: what an earlier request left, the marks of upstream's libraries, and a 401.

Interface: `Afterwards`, `Marks`, `Confirmed`, middlewares, in this order.
Upstream: glance/common/wsgi.py, glance/async_/taskflow_executor.py, glance/api/middleware/context.py.
"""

from __future__ import annotations

from falcon import Response

from oslearn.core.keystonemiddleware.auth_token import AuthProtocol
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request
from oslearn.extensions.glance.tasks import TaskExecutor


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


class Afterwards:
    """Does tasks between two requests: the thread pool of a Glance without threads.

    What is due is counted before the handler runs, so that a request's own task waits for the next request: whoever
    asks for an import sees the image importing first, as with upstream's threads.
    """

    def __init__(self, executor: TaskExecutor) -> None:
        self.executor = executor

    def process_request(self, req: Request, resp: Response) -> None:
        """Count what is due."""
        req.env["glance.due"] = len(self.executor.pending)

    def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        """The reply is made: do what was due."""
        self.executor.work(req.env.get("glance.due", 0))


class Marks:
    """By which clients know Routes and WebOb."""

    def process_request(self, req: Request, resp: Response) -> None:
        """A slash at the end is an empty id. Raises RouteNotFound."""
        if len(req.env["PATH_INFO"]) > 1 and req.env["PATH_INFO"].endswith("/"):
            raise exception.RouteNotFound()

    def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        """No content has a type, too."""
        if str(resp.status).startswith("204"):
            resp.set_headers({"Content-Type": "text/html; charset=UTF-8", "Content-Length": "0"})
