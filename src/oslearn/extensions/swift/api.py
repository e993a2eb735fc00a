"""swift-proxy-server: the object store's front door.

Interface: `/v1/{account}`, `/v1/{account}/{container}`, `/v1/{account}/{container}/{object}`, `/info`, `/healthcheck`;
`build(...)`.
Upstream: swift/proxy/server.py, swift/proxy/controllers/info.py, swift/common/middleware/healthcheck.py.
Left out: the ring and its storage nodes, static web pages (`X-Container-Meta-Web-…` is kept, and no page is made),
storage policies but one, reserved names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from functools import partial
from typing import Any

import falcon

from oslearn.core.config import Config
from oslearn.core.oslo import wsgi
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.http import Reply, Request, write
from oslearn.core.oslo.wsgi import Route
from oslearn.extensions.swift import bulk, exceptions, http, refused, slo, tempurl
from oslearn.extensions.swift.auth import DelayedAuth
from oslearn.extensions.swift.backend import Backend
from oslearn.extensions.swift.constraints import LIMITS, POLICY, spelt
from oslearn.extensions.swift.containers import AccountController, ContainerController
from oslearn.extensions.swift.objects import ObjectController

ROUTES = [
    Route("GET /", "info.show_info"),
    Route("GET /info", "info.show_info"),
    Route("GET /healthcheck", "info.check_health"),
    # an account and its containers
    Route("GET /v1/{account}", "accounts.list_containers"),
    Route("HEAD /v1/{account}", "accounts.list_containers"),
    Route("POST /v1/{account}", "accounts.update_account"),
    # a container and its objects
    Route("GET /v1/{account}/{container}", "containers.list_objects"),
    Route("HEAD /v1/{account}/{container}", "containers.list_objects"),
    Route("PUT /v1/{account}/{container}", "containers.create_container"),
    Route("POST /v1/{account}/{container}", "containers.update_container"),
    Route("DELETE /v1/{account}/{container}", "containers.delete_container"),
    # an object
    Route("GET /v1/{account}/{container}/{obj:path}", "objects.get_object"),
    Route("HEAD /v1/{account}/{container}/{obj:path}", "objects.get_object"),
    Route("PUT /v1/{account}/{container}/{obj:path}", "objects.create_object"),
    Route("POST /v1/{account}/{container}/{obj:path}", "objects.update_object"),
    Route("COPY /v1/{account}/{container}/{obj:path}", "objects.copy_object"),
    Route("DELETE /v1/{account}/{container}/{obj:path}", "objects.delete_object"),
]


class InfoController:
    """What needs no account."""

    def show_info(self, req: Request) -> dict[str, object]:
        """200: what this Swift can do; at the root of the port, too, where clients look for it."""
        return {
            "swift": {"version": "2.38.3", "policies": [{"name": POLICY, "default": True, "aliases": POLICY}]} | LIMITS,
            "account_quotas": {},
            "container_quotas": {},
            "bulk_delete": bulk.LIMITS,
            "slo": slo.LIMITS,
            "tempurl": tempurl.LIMITS,
        }

    def check_health(self, req: Request) -> Reply:
        """200: it lives."""
        return Reply(200, "OK", {"Content-Type": exceptions.TEXT})


class Application(wsgi.Application):
    """Swift's replies carry a transaction id, twice, and a date; clients read names of metadata in Swift's spelling."""

    def __init__(self, parts: dict[str, object], accounts: AccountController, clock: Clock, *given: Any) -> None:
        """`given` is what every application is given besides."""
        super().__init__(parts, ROUTES, *given)
        self.accounts, self.clock = accounts, clock

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """WSGI, with metadata in the spelling of Swift."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            named = [(spelt(name) if "-meta-" in name else name, value) for name, value in headers]
            return start_response(status, named, *rest)

        return super().__call__(environ, start)

    def process_resource(self, req: Request, resp: falcon.Response, resource: object, params: dict[str, str]) -> None:
        """Answer what stands in the query, wherever it is sent; upstream's filter is in the way of every path."""
        if "account" in params and "bulk-delete" in req.query and req.method in ("POST", "DELETE"):
            req.env["oslearn.handler"] = self.accounts.bulk_delete
            write(resp, self.accounts.bulk_delete(req, account=params["account"]))
            resp.complete = True

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Refuse a path that is no text, or none of an account."""
        super().process_request(req, resp)
        http.check_path(req)

    def process_response(self, req: Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:
        """The id begins with the request id's digits, so that one is found by the other."""
        seconds = self.clock.now().replace(tzinfo=UTC).timestamp()
        trans_id = f"tx{req.caller.request_id[4:].replace('-', '')[:21]}-{int(seconds):010x}"
        headers = {"X-Trans-Id": trans_id, "X-Openstack-Request-Id": trans_id, "Date": http.date(int(seconds))}
        if str(resp.status).startswith("204"):
            headers |= {"Content-Type": resp.content_type or exceptions.HTML, "Content-Length": "0"}
        resp.set_headers(headers)


def build(backend: Backend, ids: Ids, clock: Clock, config: Config, middleware: Sequence[Any]) -> Application:
    """The process swift-proxy-server."""
    objects, containers = ObjectController(backend), ContainerController(backend)
    accounts = AccountController(backend, containers, objects)
    parts = {"info": InfoController(), "accounts": accounts, "containers": containers, "objects": objects}
    # Who has a signature needs no token, and who may come in without either is for each container to say.
    filters = [refused.Refusals(), tempurl.TempURL(backend), *(DelayedAuth(auth) for auth in middleware)]
    fault = partial(exceptions.fault, config.endpoint("identity"))
    return Application(parts, accounts, clock, fault, ids, filters)
