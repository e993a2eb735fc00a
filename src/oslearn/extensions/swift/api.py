"""swift-proxy-server: the object store's front door, with accounts and containers.

Interface: `/v1/{account}`, `/v1/{account}/{container}`, `/v1/{account}/{container}/{object}`, `/info`, `/healthcheck`;
`build(...)`.
Invariants: an account exists once something is written into it, and until then looks empty; a container is deleted
only when it is empty; an account's sums are those that its containers last reported.
Upstream: swift/proxy/server.py, swift/proxy/controllers/account.py, container.py, swift/container/updater.py.
Left out: the ring and its storage nodes, static web pages (`X-Container-Meta-Web-…` is kept, and no page is made),
storage policies but one, reserved names.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.oslo import route, wsgi
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, Conflict
from oslearn.core.oslo.http import Reply, Request, write
from oslearn.extensions.oslo.store import open_store
from oslearn.extensions.swift import bulk, exceptions, http, listing, refused, slo, tempurl
from oslearn.extensions.swift.auth import DelayedAuth, authorize, domain_id, is_reseller
from oslearn.extensions.swift.backend import READ, WRITE, Backend, stats
from oslearn.extensions.swift.constraints import LIMITS, POLICY, account_quotas, check_length, merge, spelt
from oslearn.extensions.swift.models import Account, Container, Object
from oslearn.extensions.swift.objects import ObjectController

ACCOUNT, CONTAINER, OBJECT = "/v1/{account}", "/v1/{account}/{container}", "/v1/{account}/{container}/{obj:path}"
ROUTES = [
    ("GET", "/", "show_info"),
    ("GET", "/info", "show_info"),
    ("GET", "/healthcheck", "check_health"),
    ("GET", ACCOUNT, "list_containers"),
    ("HEAD", ACCOUNT, "list_containers"),
    ("POST", ACCOUNT, "update_account"),
    ("GET", CONTAINER, "list_objects"),
    ("HEAD", CONTAINER, "list_objects"),
    ("PUT", CONTAINER, "create_container"),
    ("POST", CONTAINER, "update_container"),
    ("DELETE", CONTAINER, "delete_container"),
    ("GET", OBJECT, "get_object"),
    ("HEAD", OBJECT, "get_object"),
    ("PUT", OBJECT, "create_object"),
    ("POST", OBJECT, "update_object"),
    ("COPY", OBJECT, "copy_object"),
    ("DELETE", OBJECT, "delete_object"),
]
UPDATER_INTERVAL = 300
"""Seconds after which a container reports to its account, besides when it is made and deleted."""


class Proxy(ObjectController):
    """The handlers."""

    def show_info(self, req: Request) -> dict[str, Any]:
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
        """200."""
        return Reply(200, "OK", {"Content-Type": exceptions.TEXT})

    def list_containers(self, req: Request, account: str) -> Reply:
        """200, 204, 406, 412; for HEAD without the list."""
        authorize(req, account, reads=True)
        with self.backend.session() as session:
            self._report(
                session, Container.account == account, Container.reported_at < self.backend.now() - UPDATER_INTERVAL
            )
            headers = self._account_headers(session, account)
            items = None
            if req.method == "GET":
                items = listing.page(session, Container, Container.account == account, req.query)
        return listing.reply(req, "account", account, headers, items)

    def update_account(self, req: Request, account: str) -> None:
        """204, 400, 403: a quota is for a reseller to set."""
        authorize(req, account)
        with self.backend.session() as session:
            row = self._account(session, req, account)
            row.meta = account_quotas(merge(row.meta, req, "Account"), req, reseller=is_reseller(req))

    def list_objects(self, req: Request, account: str, container: str) -> Reply:
        """200, 204, 404, 406, 412; for HEAD without the list."""
        with self.backend.session() as session:
            row = self.backend.container(session, req, account, container, READ)
            count, used = stats(session, row.path)
            headers = {"X-Container-Object-Count": str(count), "X-Container-Bytes-Used": str(used)}
            headers |= {"X-Timestamp": f"{row.created_at:.5f}", "Last-Modified": http.date(row.put_at)}
            headers |= {"Accept-Ranges": "bytes", "X-Storage-Policy": POLICY}
            owner = req.env["swift_owner"]
            headers |= {name: value for name, value in row.meta.items() if owner or name not in (READ, WRITE)}
            items = None
            if req.method == "GET":
                items = listing.page(session, Object, Object.path == row.path, req.query)
        return listing.reply(req, "container", container, headers, items)

    def create_container(self, req: Request, account: str, container: str) -> Reply:
        """201, 202 if it is there, 400."""
        authorize(req, account)
        check_length("Container", container)
        path, now = f"{account}/{container}", self.backend.now()
        policy = req.get_header("X-Storage-Policy")
        if policy and policy.lower() != POLICY.lower():
            raise BadRequest(f"Invalid X-Storage-Policy '{policy}'")
        with self.backend.session() as session:
            self._account(session, req, account)
            row = session.get(Container, path)
            meta = merge(row.meta if row else {}, req, "Container", (READ, WRITE))
            if row is None:
                zero = {"reported_count": 0, "reported_bytes": 0, "reported_at": now, "created_at": now}
                session.add(Container(path=path, account=account, name=container, put_at=now, meta=meta, **zero))
                return http.created()
            row.meta, row.put_at = meta, now
            self._report(session, Container.path == path)
        return http.accepted()

    def update_container(self, req: Request, account: str, container: str) -> None:
        """204, 400, 404."""
        with self.backend.session() as session:
            row = self.backend.container(session, req, account, container)
            row.meta, row.put_at = merge(row.meta, req, "Container", (READ, WRITE)), self.backend.now()

    def delete_container(self, req: Request, account: str, container: str) -> None:
        """204, 404, 409 if it is not empty."""
        with self.backend.session() as session:
            row = self.backend.container(session, req, account, container)
            if stats(session, row.path)[0]:
                raise Conflict(Conflict.message)
            session.delete(row)

    def bulk_delete(self, req: Request, account: str) -> Reply:
        """200 and a report: delete the objects and containers that the body lists."""
        return bulk.delete(req, partial(bulk.listed, req), partial(self.remove_named, req, account))

    def remove_named(self, req: Request, account: str, name: str) -> None:
        """Delete `container/object` or `container`. Raises Unauthorized, Forbidden, NotFound, Conflict."""
        if "/" in name.strip("/"):
            super().remove_named(req, account, name)
        else:
            self.delete_container(req, account, name.strip("/"))

    def _account(self, session: Session, req: Request, name: str) -> Account:
        """The account, made if need be."""
        row = session.get(Account, name)
        if row is None:
            row = Account(name=name, created_at=self.backend.now(), meta={}, domain_id=domain_id(req))
            session.add(row)
            session.flush()
        return row

    def _account_headers(self, session: Session, name: str) -> dict[str, str]:
        sums = (func.count(), func.sum(Container.reported_count), func.sum(Container.reported_bytes))
        found = session.execute(select(*sums).where(Container.account == name)).one()
        values = dict(zip(("Container-Count", "Object-Count", "Bytes-Used"), found, strict=True))
        headers = {f"X-Account-{key}": str(value or 0) for key, value in values.items()}
        row = session.get(Account, name)
        if row is None:
            now = f"{self.backend.now():.5f}"
            return headers | {"X-Timestamp": now, "X-Put-Timestamp": now}
        domain = {"X-Account-Project-Domain-Id": row.domain_id} if row.domain_id else {}
        policy = {f"X-Account-Storage-Policy-Policy-0-{key}": str(value or 0) for key, value in values.items()}
        headers["X-Timestamp"] = f"{row.created_at:.5f}"
        return headers | policy | {"Accept-Ranges": "bytes"} | domain | row.meta

    def _report(self, session: Session, *which: Any) -> None:
        """Tell accounts what their containers hold; upstream's container-updater does it now and then."""
        held = select(func.count()).where(Object.path == Container.path).scalar_subquery()
        used = select(func.coalesce(func.sum(Object.bytes), 0)).where(Object.path == Container.path).scalar_subquery()
        values = {"reported_count": held, "reported_bytes": used, "reported_at": self.backend.now()}
        session.execute(update(Container).where(*which).values(values).execution_options(synchronize_session=False))


class Application(wsgi.Application):
    """Swift's replies carry a transaction id, twice, and a date; clients read names of metadata in Swift's spelling."""

    clock: Clock
    api: Proxy

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """WSGI."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            named = [(spelt(name) if "-meta-" in name else name, value) for name, value in headers]
            return start_response(status, named, *rest)

        return super().__call__(environ, start)

    def process_resource(self, req: Request, resp: Any, resource: Any, params: dict[str, str]) -> None:
        """Answer what stands in the query, wherever it is sent; upstream's filter is in the way of every path."""
        if "account" in params and "bulk-delete" in req.query and req.method in ("POST", "DELETE"):
            req.env["oslearn.handler"] = route.place(self.api.bulk_delete)
            write(resp, self.api.bulk_delete(req, account=params["account"]))
            resp.complete = True

    def process_request(self, req: Request, resp: Any) -> None:
        """Refuse a path that is no text, or none of an account."""
        super().process_request(req, resp)
        http.check_path(req)

    def process_response(self, req: Request, resp: Any, resource: Any, succeeded: bool) -> None:
        """The id begins with the request id's digits, so that one is found by the other."""
        seconds = self.clock.now().replace(tzinfo=UTC).timestamp()
        trans_id = f"tx{req.caller.request_id[4:].replace('-', '')[:21]}-{int(seconds):010x}"
        headers = {"X-Trans-Id": trans_id, "X-Openstack-Request-Id": trans_id, "Date": http.date(int(seconds))}
        if resp.status.startswith("204"):
            headers |= {"Content-Type": resp.content_type or exceptions.HTML, "Content-Length": "0"}
        resp.set_headers(headers)


def build(handle: Handle, ids: Ids, clock: Clock, config: Config, middleware: list[Any]) -> Application:
    """The process swift-proxy-server."""
    backend = Backend(handle, open_store(config.object_dir), ids, clock)
    api = Proxy(backend)
    filters = [refused.Refusals(), tempurl.TempURL(backend), *(DelayedAuth(auth) for auth in middleware)]
    fault = partial(exceptions.fault, config.endpoint("identity"))
    app = Application(api, ROUTES, fault, ids, filters)
    app.clock, app.api = clock, api
    return app
