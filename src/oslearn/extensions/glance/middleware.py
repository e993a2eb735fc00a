"""What is done around Glance's handlers: the work that an earlier request left, and the marks of upstream's libraries.

Interface: `Afterwards`, `Marks`, middlewares; the first stands before the second.
Upstream: glance/common/wsgi.py, glance/async_/taskflow_executor.py.
"""

from __future__ import annotations

from falcon import Response

from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request
from oslearn.extensions.glance.tasks import TaskExecutor


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
