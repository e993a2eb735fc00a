"""Every collection's five operations, from the request to the reply, over the plug-in's methods.

Interface: `Controller`: `index`, `show`, `create`, `update`, `delete` of a `Resource`, and its tags.
Invariants: a request is one transaction, a bulk request too; attributes that are an admin's are refused by rule.
Upstream: neutron/api/v2/base.py, neutron/pecan_wsgi/controllers/resource.py, neutron/extensions/tagging.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.attributes import read, text
from oslearn.core.neutron.base import Resource, Values, refuse
from oslearn.core.neutron.floatingips import Plugin
from oslearn.core.neutron.listing import page
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.http import Reply, Request

MAX_TAGS = 50
NULL = b"null"
"""The body of what has nothing to say but that it was made: clients read JSON."""


class Controller:
    """The handlers that all collections share."""

    def __init__(self, plugin: Plugin, rules: Mapping[str, policy.Rule]) -> None:
        self.plugin = plugin
        self.policy = policy.Enforcer(rules, "rule:%(action)s is disallowed by policy")

    def index(self, resource: Resource, req: Request) -> Values:
        """200, 400."""
        self.policy.enforce(req.caller, f"get_{resource.name}")
        with self.plugin.transaction() as session:
            if resource.name == "security_group":
                self.plugin.default_group(session, req.query.get("project_id") or req.caller.project_id or "")
            rows, links = page(session, req, resource)
            body: Values = {resource.plural: [self.shown(req, resource, row) for row in rows]}
        return body | ({f"{resource.plural}_links": links} if links else {})

    def show(self, resource: Resource, req: Request, id: str) -> Values:
        """200, 404."""
        self.policy.enforce(req.caller, f"get_{resource.name}")
        with self.plugin.transaction() as session:
            row = self.plugin.find(session, resource, req.caller, id, lean="fields" in req.query)
            return {resource.name: self.shown(req, resource, row)}

    def create(self, resource: Resource, req: Request) -> Reply:
        """201, 400, 403, 404, 409: one, or several in one request."""
        body = req.json_body()
        bulk = body.get(resource.plural)
        if bulk is not None and not (isinstance(bulk, list) and bulk):
            raise e.HTTPBadRequest("Resources required")
        with self.plugin.transaction() as session:
            rows = [self._create(session, resource, req.caller, item) for item in bulk or [body.get(resource.name)]]
            session.flush()
            shown = [self.shown(req, resource, row) | resource.born(row) for row in rows]
        return Reply(201, {resource.plural: shown} if bulk else {resource.name: shown[0]})

    def update(self, resource: Resource, req: Request, id: str) -> Values:
        """200, 400, 403, 404, 409, 412."""
        values = self._read(resource, req.caller, req.json_body().get(resource.name), "PUT")
        with self.plugin.transaction() as session:
            row = self.plugin.find(session, resource, req.caller, id)
            self.plugin.own(req.caller, row)
            _check_revision(req, row)
            getattr(self.plugin, f"update_{resource.name}")(session, req.caller, row, values)
            if "revision_number" in resource.attributes:
                self.plugin.touch(row)
            session.flush()
            return {resource.name: self.shown(req, resource, row)}

    def delete(self, resource: Resource, req: Request, id: str) -> None:
        """204, 404, 409, 412."""
        self.policy.enforce(req.caller, f"delete_{resource.name}")
        with self.plugin.transaction() as session:
            row = self.plugin.find(session, resource, req.caller, id)
            if resource.name not in ("port", "security_group_rule"):  # a network's, a group's owner may take them away
                self.plugin.own(req.caller, row)
            _check_revision(req, row)
            getattr(self.plugin, f"delete_{resource.name}")(session, req.caller, row)

    def list_tags(self, resource: Resource, req: Request, id: str) -> Values:
        """200, 404."""
        with self.plugin.transaction() as session:
            return {"tags": self.plugin.find(session, resource, req.caller, id).tags}

    def show_tag(self, resource: Resource, req: Request, id: str, tag: str) -> None:
        """204, 404."""
        if tag not in self.list_tags(resource, req, id)["tags"]:
            raise e.TagNotFound(tag=tag)

    def replace_tags(self, resource: Resource, req: Request, id: str) -> Values:
        """200, 400, 404."""
        tags = _tags(req)
        self._tag(resource, req, id, lambda old: tags)
        return {"tags": tags}

    def add_tags(self, resource: Resource, req: Request, id: str) -> Reply:
        """201, 400, 404."""
        tags = _few(resource, _tags(req))
        self._tag(resource, req, id, lambda old: old + tags)
        return Reply(201, {"tags": tags})

    def add_tag(self, resource: Resource, req: Request, id: str, tag: str) -> Reply:
        """201, 404."""
        self._tag(resource, req, id, lambda old: _few(resource, [*old, tag]))
        return Reply(201, NULL, {"Content-Type": "application/json"})

    def delete_tag(self, resource: Resource, req: Request, id: str, tag: str) -> None:
        """204, 404."""
        self.show_tag(resource, req, id, tag)
        self._tag(resource, req, id, lambda old: [one for one in old if one != tag])

    def delete_tags(self, resource: Resource, req: Request, id: str) -> None:
        """204, 404."""
        self._tag(resource, req, id, lambda old: [])

    def _tag(self, resource: Resource, req: Request, id: str, change: Callable[[list[str]], list[str]]) -> None:
        """They are a set, which the database keeps in order. Raises PolicyNotAuthorized."""
        self.policy.enforce(req.caller, f"update_{resource.name}")
        with self.plugin.transaction() as session:
            row = self.plugin.find(session, resource, req.caller, id)
            self.plugin.own(req.caller, row)
            row.tags = sorted(set(change(row.tags)))
            self.plugin.touch(row)

    def _create(self, session: Session, resource: Resource, caller: Context, item: Any) -> Any:
        values = self._read(resource, caller, item, "POST")
        project = str(values.setdefault("project_id", caller.project_id))
        if not policy.owner(caller, {"project_id": project}):
            raise e.ForeignProject()
        self.plugin.check_quota(session, resource.name, project)
        return getattr(self.plugin, f"create_{resource.name}")(session, caller, values)

    def _read(self, resource: Resource, caller: Context, item: Any, method: str) -> Values:
        """The values of a request by column. Raises HTTPBadRequest, PolicyNotAuthorized."""
        if not isinstance(item, dict):
            raise e.HTTPBadRequest(f"Unable to find '{resource.name}' in request body")
        values = read(item, resource.attributes, method)
        action = f"{'create' if method == 'POST' else 'update'}_{resource.name}"
        self.policy.enforce(caller, action)
        admins = {name: spec for name, spec in resource.attributes.items() if spec.admin and name in item}
        asked = [name for name, spec in admins.items() if values[name] != spec.default]
        if asked and not policy.admin_or_service(caller, {}):
            raise refuse(action, *asked)
        return resource.columns(values)

    def shown(self, req: Request, resource: Resource, row: Any) -> Values:
        """What the caller may see of a row, and of that what `fields=` asks for."""
        wanted = req.params.get("fields", ()) if req.method == "GET" else ()
        names = {wanted} if isinstance(wanted, str) else set(wanted)
        shown = resource.view(row, policy.admin_or_service(req.caller, {}), names)
        if extend := getattr(self.plugin, f"extend_{resource.name}", None):
            shown |= extend(row)
        return {name: value for name, value in shown.items() if not names or name in names}


def _check_revision(req: Request, row: Any) -> None:
    """`If-Match: revision_number=3`. Raises IfMatch..., RevisionNumberConstraintFailed."""
    tags = [tag.strip(' "') for tag in (req.get_header("If-Match") or "").split(",")]
    wanted = [tag.partition("=")[2] for tag in tags if tag.startswith("revision_number=")]
    if len(wanted) > 1:
        raise e.IfMatchSeveral()
    if wanted and not wanted[0].isdecimal():
        raise e.IfMatchNoNumber()
    if wanted and int(wanted[0]) != getattr(row, "revision_number", None):
        raise e.RevisionNumberConstraintFailed(exp=wanted[0], cur=row.revision_number)


def _few(resource: Resource, tags: list[str]) -> list[str]:
    """The tags, if they are not too many. Raises TooManyTags."""
    if len(set(tags)) > MAX_TAGS:
        raise e.TooManyTags(resource=resource.plural, limit=MAX_TAGS)
    return tags


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
