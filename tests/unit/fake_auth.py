"""A fake at the seam of keystonemiddleware, and a client of one API: `client.call("GET", "/v2/images", who=DEMO)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import falcon.testing

from oslearn.core.keystonemiddleware.auth_token import Rejected
from oslearn.core.oslo.db import Database, Handle


@dataclass(frozen=True)
class Caller:
    """Who a test acts as."""

    project_id: str
    roles: str
    user_id: str = "user"


DEMO = Caller("demo", "member,reader")
OTHER = Caller("other", "member,reader")
READER = Caller("demo", "reader")
ADMIN = Caller("admin", "admin,member,reader")
SERVICE = Caller("service", "service")


class FakeAuth:
    """Takes the caller from the test's own headers; no header is no token."""

    def process_request(self, req: Any, resp: Any) -> None:
        """As AuthProtocol does."""
        if req.path == "/":
            return
        if not req.get_header("X-Roles"):
            raise Rejected("http://127.0.0.1/identity")
        req.caller.project_id, req.caller.user_id = req.get_header("X-Project"), req.get_header("X-User")
        req.caller.roles = req.get_header("X-Roles").split(",")


class Client:
    """Calls one application, as whoever the test says."""

    def __init__(self, app: Any, database: Database | Handle) -> None:
        self.http, self.database = falcon.testing.TestClient(app), database

    def call(self, method: str, path: str, body: Any = None, who: Caller | None = DEMO, **options: Any) -> Any:
        """The reply."""
        headers = {"X-Project": who.project_id, "X-Roles": who.roles, "X-User": who.user_id} if who else {}
        headers |= options.pop("headers", {})
        if body is not None:
            options["json"] = body
        elif "data" in options:
            options["body"] = options.pop("data")
        return self.http.simulate_request(method, path, headers=headers, **options)

    def ok(self, method: str, path: str, body: Any = None, who: Caller | None = DEMO, **options: Any) -> Any:
        """The body of a reply that must be a success."""
        reply = self.call(method, path, body, who, **options)
        assert reply.status_code < 400, (reply.status_code, reply.text)
        return reply.json if reply.content else None
