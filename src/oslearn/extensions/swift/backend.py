"""What the handlers stand on: transactions over the tables, data beside them, and who may see which container.

Interface: `Backend(handle, store, ids, clock)`: `init_host`, `session`, `now`, `account`, `container`, `find`,
`forget`, `report`; `stats`.
Invariants: the data of an object that was replaced or deleted goes, and not before the transaction is through; an
object whose time is over is gone before anybody looks; data is written before its object's row and removed after it,
so a kill leaves too much, never too little. While Swift runs nobody looks for that: an upload may be on its way.
Upstream: swift/proxy/controllers/base.py, swift/obj/expirer.py, swift/container/updater.py; swift/obj/replicator.py and
auditor.py, which reclaim old files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Request
from oslearn.extensions.oslo.store import Store
from oslearn.extensions.swift.auth import authorize, domain_id
from oslearn.extensions.swift.exceptions import PreconditionFailed
from oslearn.extensions.swift.models import Account, Container, Object

READ, WRITE = "X-Container-Read", "X-Container-Write"


class Backend:
    """The database, the store and the clock, together."""

    def __init__(self, handle: Handle, store: Store, ids: Ids, clock: Clock) -> None:
        self.handle, self.store, self.ids, self.clock = handle, store, ids, clock

    def init_host(self, context: RequestContext) -> None:
        """Forget the data that a proxy that was killed in the middle left: what no row names."""
        with self.handle.session() as session:
            kept = set(session.scalars(select(Object.data)))
        for name in self.store.names() - kept:
            self.store.delete(name)

    def now(self) -> float:
        """Seconds since 1970, with as many digits as Swift writes."""
        return round(self.clock.now().replace(tzinfo=UTC).timestamp(), 5)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction; the data of objects that it forgot goes when it is through."""
        with self.handle.session() as session:
            gone = session.info.setdefault("gone", [])
            yield session
        for key in gone:
            self.store.delete(key)

    def account(self, session: Session, req: Request, name: str) -> Account:
        """The account, made if need be."""
        row = session.get(Account, name)
        if row is None:
            row = Account(name=name, created_at=self.now(), meta={}, domain_id=domain_id(req))
            session.add(row)
            session.flush()
        return row

    def container(
        self, session: Session, req: Request, account: str, name: str, acl: str = "", *, of_object: bool = False
    ) -> Container:
        """The container, for who may do this to it, or to an object of it.

        Raises Unauthorized, Forbidden, NotFound.
        """
        check_text(name)
        row = session.get(Container, f"{account}/{name}")
        allowed = row.meta.get(acl, "") if row else ""
        req.env["swift_owner"] = authorize(
            req, account, allowed, container=name, of_object=of_object, reads=acl == READ
        )
        if row is None:
            raise NotFound()
        expired = select(Object).where(Object.path == row.path, Object.delete_at <= self.now())
        self.forget(session, session.scalars(expired).all())
        return row

    def find(self, session: Session, req: Request, path: tuple[str, ...], acl: str) -> Object:
        """The object of account, container and name. Raises Unauthorized, Forbidden, NotFound."""
        account, container, name = path
        check_text(name)
        row = self.container(session, req, account, container, acl, of_object=True)
        found = session.get(Object, (row.path, name))
        if found is None:
            raise NotFound()
        return found

    def forget(self, session: Session, gone: Iterable[Object]) -> None:
        """Delete objects, and their data behind them."""
        for obj in gone:
            session.info["gone"].append(obj.data)
            session.delete(obj)
        session.flush()

    def report(self, session: Session, *which: ColumnElement[bool]) -> None:
        """Tell accounts what their containers hold; upstream's container-updater does it now and then."""
        held = select(func.count()).where(Object.path == Container.path).scalar_subquery()
        used = select(func.coalesce(func.sum(Object.bytes), 0)).where(Object.path == Container.path).scalar_subquery()
        values = {"reported_count": held, "reported_bytes": used, "reported_at": self.now()}
        session.execute(update(Container).where(*which).values(values).execution_options(synchronize_session=False))


def check_text(name: str) -> None:
    """Raises PreconditionFailed for what was no UTF-8 or has a NUL: a list may name anything, a URL may not."""
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        raise PreconditionFailed()


def stats(session: Session, path: str) -> tuple[int, int]:
    """How many objects a container holds, and their bytes."""
    sums = select(func.count(), func.coalesce(func.sum(Object.bytes), 0)).where(Object.path == path)
    count, used = session.execute(sums).one()
    return count, used
