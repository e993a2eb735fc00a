"""A client of one application: for APIs whose 204 has a Content-Type, as upstream's, which WSGI validators refuse.

`client.call("GET", "/v2/images", who=DEMO)` is the reply as requests gives it; `client.ok(...)` is its JSON.
"""

from __future__ import annotations

import io
from typing import Any

import requests
from fake_auth import DEMO, Caller

from oslearn.core.oslo.adapter import Router, WSGITransport
from oslearn.core.oslo.db import Database


class PlainClient:
    """Calls one application, as whoever the test says."""

    def __init__(self, path: str, app: Any, database: Database) -> None:
        router = Router()
        router.mount(path, "api", app)
        self.app = app
        self.root, self.database, self.http = f"http://cloud/{path}", database, requests.Session()
        self.http.trust_env = False
        self.http.headers = {}
        self.http.mount("http://", WSGITransport(router))

    def call(self, method: str, path: str, body: Any = None, who: Caller | None = DEMO, **options: Any) -> Any:
        """The reply. A browser's Accept header, unless the test says otherwise."""
        headers = {"X-Project": who.project_id, "X-Roles": who.roles, "X-User": who.user_id} if who else {}
        headers = {"Accept": "*/*"} | headers | options.pop("headers", {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.http.request(method, self.root + path, headers=headers, json=body, **options)

    def stream(self, path: str, who: Caller = DEMO) -> Any:
        """The body of a GET as the application gives it to a WSGI server: nobody has read it yet."""
        env: dict[str, object] = {
            "HTTP_X_PROJECT": who.project_id,
            "HTTP_X_ROLES": who.roles,
            "HTTP_X_USER": who.user_id,
        }
        env |= {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "cloud"}
        env |= {
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
        }
        return self.app(env, lambda status, headers, *rest: None)

    def ok(self, method: str, path: str, body: Any = None, who: Caller | None = DEMO, **options: Any) -> Any:
        """The body of a reply that must be a success."""
        reply = self.call(method, path, body, who, **options)
        assert reply.status_code < 400, (reply.status_code, reply.text)
        return reply.json() if reply.content else None
