"""Accounts and their containers.

Interface: `AccountController`, the handlers of `/v1/{account}`; `ContainerController`, of `/v1/{account}/{container}`.
Invariants: an account exists once something is written into it, and until then looks empty; a container is deleted
only when it is empty; an account's sums are those that its containers last reported.
Upstream: swift/proxy/controllers/account.py, container.py.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.core.oslo.exception import BadRequest, Conflict
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.swift import bulk, http, listing
from oslearn.extensions.swift.auth import authorize, is_reseller
from oslearn.extensions.swift.backend import READ, WRITE, Backend, stats
from oslearn.extensions.swift.constraints import POLICY, account_quotas, check_length, merge
from oslearn.extensions.swift.models import Account, Container, Object
from oslearn.extensions.swift.objects import ObjectController

UPDATER_INTERVAL = 300
"""Seconds after which a container reports to its account, besides when it is made and deleted."""


class ContainerController:
    """What is done with one container."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

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
            self.backend.account(session, req, account)
            row = session.get(Container, path)
            meta = merge(row.meta if row else {}, req, "Container", (READ, WRITE))
            if row is None:
                zero = {"reported_count": 0, "reported_bytes": 0, "reported_at": now, "created_at": now}
                session.add(Container(path=path, account=account, name=container, put_at=now, meta=meta, **zero))
                return http.created()
            row.meta, row.put_at = meta, now
            self.backend.report(session, Container.path == path)
        return http.accepted()

    def update_container(self, req: Request, account: str, container: str) -> None:
        """204, 400, 404: other metadata; what is not named stays."""
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


class AccountController:
    """What is done with an account, and with many of its objects and containers at once."""

    def __init__(self, backend: Backend, containers: ContainerController, objects: ObjectController) -> None:
        self.backend, self.containers, self.objects = backend, containers, objects

    def list_containers(self, req: Request, account: str) -> Reply:
        """200, 204, 406, 412; for HEAD without the list."""
        authorize(req, account, reads=True)
        with self.backend.session() as session:
            self.backend.report(
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
            row = self.backend.account(session, req, account)
            row.meta = account_quotas(merge(row.meta, req, "Account"), req, reseller=is_reseller(req))

    def bulk_delete(self, req: Request, account: str) -> Reply:
        """200 and a report: delete the objects and containers that the body lists."""
        return bulk.delete(req, partial(bulk.listed, req), partial(self.remove_named, req, account))

    def remove_named(self, req: Request, account: str, name: str) -> None:
        """Delete `container/object` or `container`. Raises Unauthorized, Forbidden, NotFound, Conflict."""
        if "/" in name.strip("/"):
            self.objects.remove_named(req, account, name)
        else:
            self.containers.delete_container(req, account, name.strip("/"))

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
