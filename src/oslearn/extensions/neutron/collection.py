"""Collections as clients know them: lists with all their filters, in the order that is asked for, and in pages; tags,
words that a project puts on what it has; changes that are refused to who has not seen the last one (`If-Match:
revision_number=3`).

Interface: `Collection`; `Tags`: `/v2.0/{collection}/{id}/tags`; `made`.
Invariants: a list is in a total order, so pages do not overlap; tags are a set, which the database keeps in order.
Upstream: neutron/api/api_common.py, neutron/services/revisions/revision_plugin.py, neutron/services/tag,
neutron/db/db_base_plugin_common.py, neutron/extensions/tagging.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import collection
from oslearn.core.neutron.attributes import Values, text
from oslearn.core.neutron.base import AnyResource, Asked, Resource, Row, Shape, Stamps, own
from oslearn.core.neutron.collection import fields, filters, several
from oslearn.core.neutron.models import IPAllocation, Port, SecurityGroupPortBinding, Standard
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.core.oslo.wsgi import Handler
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import CHECKS
from oslearn.extensions.oslo.listing import Order, behind, link
from oslearn.extensions.oslo.timeutils import compare

CONTROL = {"fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"}
MAX_LIMIT = 1000


class Collection(collection.Collection[Row]):
    """`work` may have `before_index`; `extend`: what replies show of a row besides its attributes (`resource_extend`
    upstream); and `born`: what the reply to POST shows, and later ones do not or otherwise."""

    checks = CHECKS

    def leads_to(self, name: str) -> Handler:
        """The method that does the work of a handler; what a boot runs stands in the core."""
        does: Handler = getattr(getattr(self.work, "core", self.work), name, None) or getattr(self, name)
        return does

    def index(self, req: Request) -> Values:
        """200, 400: a page of the rows that the caller may see and the query wants, with links to its neighbours."""
        with self.outbox.transaction() as session:
            if before := getattr(self.work, "before_index", None):
                before(session, req)
            rows, links = page(session, req, self.resource)
            body: Values = {self.resource.plural: [self.shown(req, row) for row in rows]}
        return body | ({f"{self.resource.plural}_links": links} if links else {})

    def to_change(self, session: Session, req: Request, id: str) -> Row:
        """Raises NotFound, IfMatch..., RevisionNumberConstraintFailed."""
        row = super().to_change(session, req, id)
        tags = [tag.strip(' "') for tag in (req.get_header("If-Match") or "").split(",")]
        wanted = [tag.partition("=")[2] for tag in tags if tag.startswith("revision_number=")]
        if len(wanted) > 1:
            raise e.IfMatchSeveral()
        if wanted and not wanted[0].isdecimal():
            raise e.IfMatchNoNumber()
        current = getattr(row, "revision_number", None)
        if wanted and (wanted[0].lstrip("0") or "0") != str(current):
            raise e.RevisionNumberConstraintFailed(exp=wanted[0], cur=current)
        return row

    def __getattr__(self, name: str) -> Handler:
        """An action of `work`, which changes one part of a row: `PUT .../{id}/{action}`."""
        return partial(self._act, getattr(self.work, name))

    def _act(self, does: Handler, req: Request, id: str) -> Any:
        """200, 400, 404, 409: what the action returns; the row, if that is nothing."""
        info = req.json_body()
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            own(req.caller, row)
            shown = does(session, req.caller, row, info)
            return {self.resource.name: self.shown(req, row)} if shown is None else shown

    def shown(self, req: Request, row: Row) -> Values:
        """What the caller may see of a row, and of that what `fields=` asks for."""
        shown = super().shown(req, row)
        names = fields(req) if req.method == "GET" else ()
        if names and (shown.keys() >= {*names} or not isinstance(row, self.resource.model)):
            return shown  # of a row that is no object every field that there is was read
        for name in ("extend", "born") if req.method == "POST" else ("extend",):
            shown |= getattr(self.work, name)(row) if hasattr(self.work, name) else {}
        return {name: value for name, value in shown.items() if not names or name in names}


def page(session: Session, req: Request, resource: Resource[Row]) -> tuple[Sequence[Row], list[dict[str, str]]]:
    """A page of the rows that the caller may see, and the links to its neighbours. Raises HTTPBadRequest."""
    model, query = resource.model, req.query
    if not query.get("limit", "0").isdecimal():
        raise e.BadLimit(limit=query["limit"])
    limit, back = min(int(query.get("limit", 0)) or MAX_LIMIT, MAX_LIMIT), query.get("page_reverse") == "True"
    asked, values, more = _filters(resource, req)
    order = tuple((key, down != back) for key, down in _order(resource, req))
    if "marker" in query:
        at = session.execute(select(*[key for key, _ in order]).where(model.id == query["marker"])).first()
        if at is None:
            raise e.MarkerNotFound(marker=query["marker"])
        more.append(behind(order, at))
    shape = Shape(fields(req), asked, order, limit)
    rows, links = resource.read(session, req.caller, shape, values, *more)[:: -1 if back else 1], []
    if (full := len(rows) == limit) or ("limit" in query and back):
        links.append(_link(req, "next", rows[-1:]))
    if "limit" in query and (full or not back):
        links.append(_link(req, "previous", rows[:1], page_reverse="True"))
    return rows, links


def _link(req: Request, rel: str, at: Sequence[Any], **changed: str) -> dict[str, str]:
    return {"rel": rel, "href": link(req, at[0].id if at else None, **{"page_reverse": None} | changed)}


def _filters(resource: Resource[Row], req: Request) -> tuple[Asked, Values, list[Condition]]:
    """Comparisons with a column, and filters that are none. Raises HTTPBadRequest, ChangedSince."""
    names = req.params.keys() - CONTROL
    every = "*" if issubclass(resource.model, Standard) else ""  # agents have neither tags nor times
    known = {name: FILTERS.get((resource.name, name), FILTERS.get((every, name))) for name in names}
    special = {name: made(resource.model, several(req, name)) for name, made in sorted(known.items()) if made}
    return *filters(resource, req, names - special.keys()), list(special.values())


def _order(resource: Resource[Row], req: Request) -> Order:
    """Columns and whether they go down; the id is the last."""
    keys, directions = several(req, "sort_key"), several(req, "sort_dir")
    if directions and len(directions) != len(keys):
        raise e.HTTPBadRequest("The number of sort_keys and sort_dirs must be same")
    if absent := [key for key in keys if resource.column(key) is None]:
        raise e.HTTPBadRequest(f"{absent} is invalid attribute for sort_keys")
    if bad := [direction for direction in directions if direction not in ("asc", "desc")]:
        raise e.HTTPBadRequest(f"{bad} is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
    downs = [direction == "desc" for direction in directions or ["asc"] * len(keys)]
    return [*zip((resource.column(key) for key in keys), downs, strict=True), (resource.model.id, False)]


Condition = ColumnElement[bool]


def fixed_ips(model: type[Port], values: list[str]) -> Condition:
    """`ip_address=...`, `subnet_id=...` or `ip_address_substr=...`."""
    wanted: dict[str, list[Condition]] = {}
    for key, _, given in (value.partition("=") for value in values):
        if key == "ip_address_substr":
            wanted.setdefault(key, []).append(IPAllocation.ip_address.contains(given, autoescape=True))
        elif key in ("ip_address", "subnet_id"):
            wanted.setdefault(key, []).append(getattr(IPAllocation, key) == given)
    return model.id.in_(select(IPAllocation.port_id).where(*[or_(*same) for same in wanted.values()]))


def security_groups(model: type[Port], values: list[str]) -> Condition:
    """Ports that one of these groups guards."""
    bound = SecurityGroupPortBinding
    return model.id.in_(select(bound.port_id).where(bound.security_group_id.in_(values)))


def tags(model: type[Standard], values: list[str], together: Callable[..., Condition]) -> Condition:
    """A tag stands in the column's JSON between quotation marks, behind a bracket or a space."""
    text, wanted = cast(model.tags, String), [json.dumps(tag) for value in values for tag in value.split(",")]
    return together(*[or_(*[text.contains(before + tag, autoescape=True) for before in "[ "]) for tag in wanted])


def changed_since(model: type[Standard], values: list[str]) -> Condition:
    """Raises ChangedSince."""
    try:
        moment = datetime.fromisoformat(values[0])
        return compare(model.updated_at, "ge", moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)
    except (ValueError, OverflowError):
        raise e.ChangedSince() from None


FILTERS: Mapping[tuple[str, str], Callable[[Any, list[str]], Condition]] = {
    ("port", "fixed_ips"): fixed_ips,
    ("port", "security_groups"): security_groups,
    ("security_group", "shared"): lambda model, values: literal(
        any(bool_from_string(value) == model.shared for value in values)
    ),
    ("agent", "agent_type"): lambda model, values: func.lower(model.agent_type).in_([v.lower() for v in values]),
    ("*", "changed_since"): changed_since,
    ("*", "tags"): lambda model, values: tags(model, values, and_),
    ("*", "tags-any"): lambda model, values: tags(model, values, or_),
    ("*", "not-tags"): lambda model, values: not_(tags(model, values, and_)),
    ("*", "not-tags-any"): lambda model, values: not_(tags(model, values, or_)),
}
"""By the resource, or `*` for all, and the name."""


MAX_TAGS = 50


class Tags:
    """The tags of one collection's rows."""

    def __init__(self, resource: AnyResource, outbox: Outbox, stamps: Stamps, policy: Enforcer) -> None:
        self.resource, self.outbox, self.stamps, self.policy = resource, outbox, stamps, policy

    def index(self, req: Request, id: str) -> Values:
        """200, 404: all tags of a row."""
        with self.outbox.transaction() as session:
            return {"tags": self.resource.find(session, req.caller, id).tags}

    def show(self, req: Request, id: str, tag: str) -> None:
        """204, 404: whether a row has this tag."""
        if tag not in self.index(req, id)["tags"]:
            raise e.TagNotFound(tag=tag)

    def replace(self, req: Request, id: str) -> Values:
        """200, 400, 404: these and no others."""
        tags = _tags(req)
        self._change(req, id, lambda old: tags)
        return {"tags": tags}

    def add(self, req: Request, id: str) -> Reply:
        """201, 400, 404: these besides those that are there."""
        tags = self._few(_tags(req))
        self._change(req, id, lambda old: old + tags)
        return Reply(201, {"tags": tags})

    def add_one(self, req: Request, id: str, tag: str) -> Reply:
        """201, 404: this one besides those that are there."""
        self._change(req, id, lambda old: self._few([*old, tag]))
        return made()

    def delete_one(self, req: Request, id: str, tag: str) -> None:
        """204, 404: all but this one."""
        self.show(req, id, tag)
        self._change(req, id, lambda old: [one for one in old if one != tag])

    def delete(self, req: Request, id: str) -> None:
        """204, 404: none."""
        self._change(req, id, lambda old: [])

    def _change(self, req: Request, id: str, change: Callable[[list[str]], list[str]]) -> None:
        """Raises PolicyNotAuthorized, and the resource's NotFound."""
        self.policy.enforce(req.caller, f"update_{self.resource.name}")
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            own(req.caller, row)
            row.tags = sorted(set(change(row.tags)))
            self.stamps.touch(row)

    def _few(self, tags: list[str]) -> list[str]:
        """The tags, if they are not too many. Raises TooManyTags."""
        if len(set(tags)) > MAX_TAGS:
            raise e.TooManyTags(resource=self.resource.plural, limit=MAX_TAGS)
        return tags


def made() -> Reply:
    """201, of what has nothing to say but that it was made: clients read JSON."""
    return Reply(201, b"null", {"Content-Type": "application/json"})


def _tags(req: Request) -> list[str]:
    """The tags of a body. Raises InvalidInput."""
    body = req.json_body()
    if "tags" not in body:
        raise e.InvalidInput(error_message="Invalid tags body")
    if not isinstance(tags := body["tags"], list):
        raise e.InvalidInput(error_message=f"'{tags}' is not a list")
    if reason := next((reason for _, reason in map(text, tags) if reason), None):
        raise e.InvalidInput(error_message=reason)
    if len(tags) > len(set(tags)):
        raise e.InvalidInput(error_message=f"Duplicate items in the list: '{', '.join(tags)}'")
    return tags
