"""How the Identity API shows rows, and finds those that a request is about.

Interface: `member`, `members`, `page` are parts of replies; `found` is a row that the caller may act on; `checked` is a
body.
Invariants: who may not ask learns not even that something is not there.
Upstream: keystone/server/flask/common.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.core.keystone.api import VARY, Guard, body
from oslearn.core.keystone.auth import Schema
from oslearn.core.keystone.models import Project, User
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.keystone.manager import Collection, Kept, Row
from oslearn.extensions.oslo.listing import link

NOTHING = Reply(204, None, VARY)


def member(req: Request, collection: Collection[Row], row: Row) -> Body:
    """How a reply shows a row."""
    return collection.view(row) | {"links": {"self": f"{req.prefix}/v3/{collection.kind.plural}/{row.id}"}}


def members(req: Request, collection: Collection[Row], rows: Sequence[Row]) -> list[Body]:
    """How a reply shows several."""
    return [member(req, collection, row) for row in rows]


def page(req: Request, collection: Collection[Row], rows: Sequence[Row], limit: int | None = None) -> Reply:
    """A list; if it was asked for `limit` rows, `rows` may be one more, and then it says where the others are."""
    more = limit is not None and len(rows) > limit
    links = {"next": None, "self": req.uri, "previous": None}
    if limit is not None and more:
        links["next"] = link(req, rows[limit - 1].id, limit=str(limit))
    shown = {collection.kind.plural: members(req, collection, rows[:limit]), "links": links}
    return Reply(200, shown | ({"truncated": True} if more else {}), VARY)


def target(row: Kept) -> Body:
    """What a rule may ask of a row."""
    own = {name: getattr(row, name, None) for name in ("name", "user_id", "project_id")}
    own["domain_id"] = row.id if getattr(row, "is_domain", False) else getattr(row, "domain_id", None)
    own["project_id"] = row.id if isinstance(row, Project) else own["project_id"]
    own["user_id"] = row.id if isinstance(row, User) else own["user_id"]
    return own


def found(guard: Guard, req: Request, action: str, collection: Collection[Row], id: str, **otherwise: str) -> Row:
    """A row that the caller may act on; of one that is not there the rule is asked with `otherwise`.

    Raises Unauthorized, PolicyNotAuthorized, NotFound.
    """
    try:
        row = collection.get(id)
    except exception.NotFound:
        guard.enforce(req, action, **otherwise)
        raise
    guard.enforce(req, action, **target(row))
    return row


def checked(req: Request, shape: Schema) -> Body:
    """The body, as it must be. Raises BadRequest."""
    return dict(schema.check(body(req), shape))
