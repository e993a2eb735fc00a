"""A page of images: filters, order, marker and limit, as GET /v2/images takes them.

Interface: `page(session, req, visible)`.
Invariants: two pages that follow each other by marker share no image; hidden images are listed only when asked for.
Upstream: glance/api/v2/images.py (`index`), glance/db/sqlalchemy/api.py (`image_get_all`).
Left out: size and time comparisons, filters on the members.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from oslearn.glance import schemas
from oslearn.glance.models import Image
from oslearn.oslo import exception
from oslearn.oslo.wsgi import Request

DEFAULT_LIMIT, MAX_LIMIT = 25, 1000
CONTROL = {"limit", "marker", "sort", "sort_key", "sort_dir", "member_status", "tag"}
BOOLEAN = {"protected", "os_hidden"}
SORT_KEYS = {"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}


def page(session: Session, req: Request, visible: ColumnElement[bool]) -> dict[str, Any]:
    """The body of the reply."""
    query, limit = req.query, _limit(req.query)
    order = _order(query)
    statement = select(Image).where(visible, *_filters(query))
    if "marker" in query:
        statement = statement.where(_after(session, query["marker"], order, visible))
    images = [image for image in session.scalars(_sorted(statement, order)) if _matches(image, query)][:limit]
    body: dict[str, Any] = {"images": [schemas.view(image) for image in images]}
    given = {key: value for key, value in query.items() if key != "marker"}
    body |= {"first": _url(given), "schema": "/v2/schemas/images"}
    if images and len(images) == limit:
        body["next"] = _url(query | {"marker": images[-1].id})
    return body


def _url(query: dict[str, str]) -> str:
    return "/v2/images" + (f"?{urlencode(query)}" if query else "")


def _limit(query: dict[str, str]) -> int:
    try:
        limit = int(query.get("limit", DEFAULT_LIMIT))
    except ValueError:
        raise exception.BadRequest("limit param must be an integer") from None
    if limit < 0:
        raise exception.BadRequest("limit param must be positive")
    return min(limit, MAX_LIMIT)


def _order(query: dict[str, str]) -> list[tuple[str, bool]]:
    """Pairs of key and whether it descends; the id last, so that the order is total."""
    asked = query.get("sort") or f"{query.get('sort_key', 'created_at')}:{query.get('sort_dir', 'desc')}"
    order = []
    for part in asked.split(","):
        key, _, direction = part.strip().partition(":")
        if key not in SORT_KEYS:
            raise exception.BadRequest(
                f"Invalid sort key: {key}. It must be one of the following: {', '.join(sorted(SORT_KEYS))}."
            )
        if direction not in ("", "asc", "desc"):
            raise exception.BadRequest(
                f"Invalid sort direction: {direction}. It must be one of the following: asc, desc."
            )
        order.append((key, direction != "asc"))
    return order if any(key == "id" for key, _ in order) else [*order, ("id", order[-1][1])]


def _sorted(statement: Any, order: list[tuple[str, bool]]) -> Any:
    columns = [(getattr(Image, key), descends) for key, descends in order]
    return statement.order_by(*(column.desc() if descends else column.asc() for column, descends in columns))


def _after(session: Session, marker: str, order: list[tuple[str, bool]], visible: ColumnElement[bool]) -> Any:
    """The condition for images behind the marker in this order."""
    image = session.scalar(select(Image).where(Image.id == marker, visible))
    if image is None:
        raise exception.BadRequest(f"No image found with ID {marker}")
    behind: list[Any] = []
    equal: list[Any] = []
    for key, descends in order:
        column, value = getattr(Image, key), getattr(image, key)
        behind.append(and_(*equal, column < value if descends else column > value))
        equal.append(column == value)
    return or_(*behind)


def _filters(query: dict[str, str]) -> list[Any]:
    """Conditions for what is a column."""
    conditions: list[Any] = [Image.os_hidden.is_(query.get("os_hidden", "").lower() == "true")]
    for key, value in query.items():
        if key not in schemas.BASE or key == "os_hidden":
            continue
        column = getattr(Image, key)
        if key in BOOLEAN:
            conditions.append(column.is_(value.lower() == "true"))
        elif value.startswith("in:"):
            conditions.append(column.in_(value[3:].split(",")))
        elif not (key == "visibility" and value == "all"):
            conditions.append(column == value)
    return conditions


def _matches(image: Image, query: dict[str, str]) -> bool:
    """Whether tags and the image's own properties fit."""
    if "tag" in query and query["tag"] not in image.tags:
        return False
    own = {k: v for k, v in query.items() if k not in schemas.BASE and k not in CONTROL}
    return all(image.properties.get(key) == value for key, value in own.items())
