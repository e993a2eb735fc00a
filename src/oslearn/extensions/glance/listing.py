"""A page of images: filters, order, marker and limit, as GET /v2/images takes them.

Interface: `page(session, req)`; `limit_of(query)` and `links(kind, query, marker)` for other lists.
Invariants: two pages that follow each other by marker share no image; hidden images are listed only when asked for;
the database filters, sorts and cuts.
Upstream: glance/api/v2/images.py (`index`), glance/db/sqlalchemy/api.py (`image_get_all`).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from oslearn.core.glance import api
from oslearn.core.glance.models import Image, Member
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request
from oslearn.extensions.oslo import listing
from oslearn.extensions.oslo.timeutils import compare

DEFAULT_LIMIT, MAX_LIMIT = 25, 1000
CONTROL = {"limit", "marker", "sort", "sort_key", "sort_dir", "member_status", "tag", "visibility"}
SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
VISIBILITIES = ("community", "public", "private", "shared", "all")
NUMBERS, MOMENTS = ("size", "min_ram", "min_disk", "virtual_size"), ("created_at", "updated_at")
OPERATORS = {"gt": "gt", "gte": "ge", "lt": "lt", "lte": "le", "eq": "eq", "neq": "ne"}


def page(session: Session, req: Request) -> Body:
    """The body of the reply."""
    query, limit = req.query, limit_of(req.query)
    status = query.get("member_status", "accepted")
    if status not in ("pending", "accepted", "rejected", "all"):
        raise BadRequest(f"Invalid status: {status}")
    visible = visible_to(req.caller, status)
    order = _order(req)
    statement = select(Image).where(visible, *_visibility(req), *_filters(req))
    at = _place(session, query["marker"], order, visible) if "marker" in query else None
    images = session.scalars(listing.paged(statement, order, at, limit)).all()
    shown = [api.view(image) for image in images]
    return {"images": shown} | links("images", query, images[-1].id if images and len(images) == limit else None)


def visible_to(caller: RequestContext, member_status: str = "accepted") -> ColumnElement[bool]:
    """The condition for what the caller finds in a list; an admin and a service find all."""
    if policy.admin_or_service(caller, {}):
        return Image.id.is_not(None)
    shared = [Member.image_id == Image.id, Member.member_id == caller.project_id]
    if member_status != "all":
        shared.append(Member.status == member_status)
    return or_(
        Image.owner == caller.project_id,
        Image.visibility.in_(["public", "community"]),
        and_(Image.visibility == "shared", exists().where(*shared)),
    )


def links(kind: str, query: dict[str, str], marker: str | None) -> dict[str, str]:
    """`first`, `next` behind the marker, and the schema."""
    given = {key: value for key, value in query.items() if key != "marker"}
    body = {"first": f"/v2/{kind}" + (f"?{urlencode(given)}" if given else ""), "schema": f"/v2/schemas/{kind}"}
    return body | ({"next": f"/v2/{kind}?{urlencode(given | {'marker': marker})}"} if marker else {})


def limit_of(query: dict[str, str]) -> int:
    """How many. Raises BadRequest."""
    try:
        limit = int(query.get("limit", DEFAULT_LIMIT))
    except ValueError:
        raise BadRequest("limit param must be an integer") from None
    if limit < 0:
        raise BadRequest("limit param must be positive")
    return min(limit, MAX_LIMIT)


def _order(req: Request) -> listing.Order:
    """Columns and whether each descends; time and id last, so that the order is total."""
    keys, dirs = req.get_param_as_list("sort_key") or [], req.get_param_as_list("sort_dir") or []
    if "sort" in req.query:
        if keys or dirs:
            raise BadRequest("Old and new sorting syntax cannot be combined")
        parts = [part.partition(":") for part in req.query["sort"].strip().split(",")]
        keys, dirs = [key for key, _, _ in parts], [way or "desc" for _, _, way in parts]
    keys, dirs = [key.strip() for key in keys] or ["created_at"], [way.strip() for way in dirs] or ["desc"]
    for key in keys:
        if key not in SORT_KEYS:
            raise BadRequest(f"Invalid sort key: {key}. It must be one of the following: {', '.join(SORT_KEYS)}.")
    for way in dirs:
        if way not in ("asc", "desc"):
            raise BadRequest(f"Invalid sort direction: {way}")
    if len(dirs) not in (1, len(keys)):
        raise BadRequest("Number of sort dirs does not match the number of sort keys")
    last = dirs[0] if len(dirs) == 1 else "desc"
    pairs = list(zip(keys, dirs * len(keys), strict=False)) + [(k, last) for k in ("created_at", "id") if k not in keys]
    return [(_column(key), way == "desc") for key, way in pairs]


def _column(key: str) -> ColumnElement[Any]:
    """What is compared: nothing comes before everything, and level with an empty name, as upstream's query has it."""
    column = getattr(Image, key)
    return func.coalesce(column, -1 if key == "size" else "") if column.nullable else column


def _place(session: Session, marker: str, order: listing.Order, visible: ColumnElement[bool]) -> Sequence[object]:
    """Where the marker stands in this order. Raises BadRequest."""
    found = session.execute(select(*(column for column, _ in order)).where(Image.id == marker, visible)).first()
    if found is None:
        raise BadRequest(f"No image found with ID {marker}")
    return found


def _visibility(req: Request) -> list[ColumnElement[bool]]:
    """Other projects' community images are listed only when asked for."""
    wanted = req.query.get("visibility")
    if wanted and wanted not in VISIBILITIES:
        raise BadRequest(f"Invalid visibility value: {wanted}")
    if wanted:
        return [] if wanted == "all" else [Image.visibility == wanted]
    return [or_(Image.owner == req.caller.project_id, Image.visibility != "community")]


def _filters(req: Request) -> list[ColumnElement[bool]]:
    query = {"os_hidden": "false"} | req.query
    conditions = [_condition(key, value) for key, value in query.items() if key not in CONTROL]
    tags = [json.dumps(tag.strip()) for tag in req.get_param_as_list("tag") or []]
    return conditions + [func.instr(cast(Image.tags, String), tag) > 0 for tag in tags]


def _condition(key: str, value: str) -> ColumnElement[bool]:
    """One filter: a column, a range of one, or a property."""
    name, _, end = key.rpartition("_")
    if end in ("min", "max") and name in NUMBERS:
        if not value.isdecimal() or len(value) > 18:
            raise BadRequest("Unable to filter on a range with a non-numeric value.")
        size: InstrumentedAttribute[int] = getattr(Image, name)
        return size >= int(value) if end == "min" else size <= int(value)
    if key not in api.BASE and key not in MOMENTS:
        written = json.dumps(key)[1:-1]  # as it stands in the column; no path leads to a quote
        return Image.properties[written].as_string() == value if '"' not in written else false()
    column: InstrumentedAttribute[Any] = getattr(Image, key)
    if key in ("protected", "os_hidden"):
        if (value.lower() if key == "os_hidden" else value) not in ("true", "false"):
            raise BadRequest(f"Invalid value '{value}' for '{key}' filter. Valid values are 'true' or 'false'.")
        return column.is_(value.lower() == "true")
    if key in MOMENTS:
        return _moment(column, key, value)
    if key in NUMBERS:
        return listing.equals(column, value)
    operator, colon, rest = value.partition(":")
    if key not in SORT_KEYS or not colon:
        return column == value
    if operator not in ("in", "eq"):
        raise BadRequest(f"Unable to filter by unknown operator '{operator}'.")
    return column.in_(_quoted(rest)) if operator == "in" else column == rest


def _quoted(value: str) -> list[str]:
    """Values between commas; one in double quotes may hold a comma."""
    try:
        lexer = shlex.shlex(value, posix=True)
        lexer.whitespace, lexer.whitespace_split, lexer.commenters, lexer.quotes = ",", True, "", '"'
        return list(lexer)
    except ValueError:
        raise BadRequest(f"Invalid filter value {value}. The quote is not closed.") from None


def _moment(column: InstrumentedAttribute[datetime], key: str, value: str) -> ColumnElement[bool]:
    operator, _, moment = value.partition(":") if value.partition(":")[0] in OPERATORS else ("eq", ":", value)
    try:
        when = datetime.fromisoformat(moment)
        when = when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
    except (ValueError, OverflowError):
        raise BadRequest(f'Bad "{key}" query filter format. Use ISO 8601 DateTime notation.') from None
    return compare(column, OPERATORS[operator], when)
