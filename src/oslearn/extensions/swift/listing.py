"""A page of names: what GET of an account or container answers.

Interface: `page(session, model, scope, query)`, `reply(req, kind, name, headers, items)`.
Invariants: names are in the order of their UTF-8 bytes; what is behind a delimiter is one `subdir`, found in SQL.
Upstream: `list_objects_iter` of swift/container/backend.py, swift/common/middleware/listing_formats.py.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from oslearn.core.oslo.exception import NotAcceptable
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.swift.constraints import TRUE
from oslearn.extensions.swift.exceptions import PreconditionFailed
from oslearn.extensions.swift.models import LAST, Container, Object
from oslearn.extensions.swift.parts import SLO_ETAG, SLO_SIZE

MAX = 10000
"""Names of a page; also when no limit is given."""
Item = dict[str, Any]
"""A container, an object or a `subdir`, as the list shows it."""
TYPES = {"plain": "text/plain", "json": "application/json", "xml": "application/xml"}


def page(
    session: Session, model: type[Container] | type[Object], scope: ColumnElement[bool], query: dict[str, str]
) -> list[Item]:
    """The items, of which a `subdir` has no more than its name."""
    low, high, path = query.get("marker", ""), query.get("end_marker", ""), query.get("path")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    if path is not None:
        prefix, delimiter = path.rstrip("/") + "/" if path else "", "/"
    backwards = query.get("reverse", "").lower() in TRUE
    low, high = (high, low) if backwards else (low, high)
    name: InstrumentedAttribute[str] = model.name
    conditions = [scope, name > low, name >= prefix, name < (high or LAST), name < prefix + LAST]
    cut = func.instr(func.substr(name, len(prefix) + 1), delimiter)
    if path is not None:
        conditions += [name != prefix, or_(cut == 0, cut == func.length(name) - len(prefix))]
    elif delimiter:
        entry = case((cut > 0, func.substr(name, 1, len(prefix) + len(delimiter) - 1 + cut)), else_=name)
        firsts = select(func.min(name)).where(*conditions, entry != low).group_by(entry)
        firsts = firsts.order_by(entry.desc() if backwards else entry).limit(_limit(query))
        conditions = [scope, name.in_(select(firsts.subquery().columns[0]))]  # MariaDB knows no limit inside IN
    found: Select[Any] = select(model).where(*conditions).order_by(name.desc() if backwards else name)
    ends = "" if path is not None else delimiter
    return [_item(row, prefix, ends) for row in session.scalars(found.limit(_limit(query)))]


def _limit(query: dict[str, str]) -> int:
    given = query.get("limit", "")
    limit = int(given) if given.isascii() and given.isdigit() else MAX
    if limit > MAX:
        raise PreconditionFailed(f"Maximum limit is {MAX}")
    return limit


def _item(row: Container | Object, prefix: str, delimiter: str) -> Item:
    head, found, _ = row.name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
    if found:
        return {"subdir": prefix + head + found}
    when = {"last_modified": datetime.fromtimestamp(row.put_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")}
    if isinstance(row, Object):
        size = int(row.meta.get(SLO_SIZE, row.bytes))
        large = {"slo_etag": f'"{row.meta[SLO_ETAG]}"'} if SLO_ETAG in row.meta else {}
        kind = {"content_type": row.content_type}
        return {"bytes": size, "hash": row.etag, "name": row.name} | kind | when | large
    sums = {"count": row.reported_count, "bytes": row.reported_bytes}
    return {"name": row.name} | sums | when | {"storage_policy": "Policy-0"}


def reply(req: Request, kind: str, name: str, headers: dict[str, str], items: list[Item] | None) -> Reply:
    """The listing in the form that `format` or the Accept header asks for; without items the answer to a HEAD."""
    wanted = TYPES.get(req.query.get("format", "").lower())
    wanted = wanted or (TYPES["plain"] if req.query.get("format") else req.client_prefers([*TYPES.values()]))
    if wanted is None:
        raise NotAcceptable()
    headers |= {"Content-Type": f"{wanted}; charset=utf-8"} | ({} if "format" in req.query else {"Vary": "Accept"})
    body = FORMATS[wanted](items, kind, name) if items is not None else b""
    return Reply(200, body, headers) if body else Reply(204, None, headers)


def _text(items: list[Item], kind: str, name: str) -> bytes:
    return "".join(f"{item.get('subdir') or item['name']}\n" for item in items).encode()


def _json(items: list[Item], kind: str, name: str) -> bytes:
    return json.dumps(items).encode()


def _xml(items: list[Item], kind: str, name: str) -> bytes:
    root = Element(kind, name=name)
    for item in items:
        if "subdir" in item:
            SubElement(SubElement(root, "subdir", name=item["subdir"]), "name").text = item["subdir"]
            continue
        part = SubElement(root, PARTS[kind])
        for key in ("name", "hash", "count", "bytes", "content_type", "last_modified", "storage_policy"):
            if key in item:
                SubElement(part, key).text = str(item[key])
    text: bytes = tostring(root, encoding="UTF-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text


PARTS = {"account": "container", "container": "object"}
FORMATS = {TYPES["plain"]: _text, TYPES["json"]: _json, TYPES["xml"]: _xml}
