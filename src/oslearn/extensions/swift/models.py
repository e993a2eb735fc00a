"""Swift's tables: accounts, their containers, and what is in these; the data of objects is in the store.

Times are seconds since 1970 with five digits behind the point, as Swift writes them.
Upstream: swift/account/backend.py, swift/container/backend.py (a SQLite file for each account and container).
Left out: replicas and the ring, tombstones, sharding, storage policies other than `Policy-0`.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LAST = "\U0010ffff"
"""Behind every other character: names that begin with `p` lie from `p` to `p + LAST`."""


class Base(DeclarativeBase):
    """The tables of the database `swift`."""


class Account(Base):
    """A project's account. `meta` has headers by name, as in the other tables."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(String(256), primary_key=True)
    created_at: Mapped[float] = mapped_column(Double)
    domain_id: Mapped[str | None] = mapped_column(String(64))
    meta: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class Container(Base):
    """A container. What the account was last told of it is `reported_…`: an account's sums lag behind."""

    __tablename__ = "containers"

    path: Mapped[str] = mapped_column(String(513), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), index=True)
    name: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[float] = mapped_column(Double)
    put_at: Mapped[float] = mapped_column(Double)
    meta: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    reported_count: Mapped[int] = mapped_column(default=0)
    reported_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    reported_at: Mapped[float] = mapped_column(Double)


class Object(Base):
    """An object. `data` is the store's key; another upload gets another key."""

    __tablename__ = "objects"

    path: Mapped[str] = mapped_column(ForeignKey("containers.path"), primary_key=True)
    name: Mapped[str] = mapped_column(String(1024), primary_key=True)
    data: Mapped[str] = mapped_column(String(32))
    bytes: Mapped[int] = mapped_column(BigInteger)
    etag: Mapped[str] = mapped_column(String(32))
    content_type: Mapped[str] = mapped_column(String(255))
    put_at: Mapped[float] = mapped_column(Double)
    delete_at: Mapped[int | None] = mapped_column(BigInteger, index=True)
    meta: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
