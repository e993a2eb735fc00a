"""A project's place in its tree and its tags, over the API.

Upstream: keystone/api/projects.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oslearn.core.keystone import schemas
from oslearn.core.keystone.controller import VARY, Resources
from oslearn.core.keystone.manager import Kind
from oslearn.core.keystone.models import Project
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

PROJECT = "/v3/projects/{project_id}"


class ProjectsApi(Resources):
    """Handlers."""

    ROUTES: list[Entry] = [
        ("GET", PROJECT + "/tags", "list_project_tags"),
        ("PUT", PROJECT + "/tags", "update_project_tags"),
        ("DELETE", PROJECT + "/tags", "delete_project_tags"),
        ("PUT", PROJECT + "/tags/{tag}", "create_project_tag"),
        ("GET", PROJECT + "/tags/{tag}", "get_project_tag"),
        ("DELETE", PROJECT + "/tags/{tag}", "delete_project_tag"),
    ]

    def detail(self, req: Request, kind: Kind, row: Any) -> dict[str, Any]:
        """With the trees above and below a project, if they are asked for."""
        shown = super().detail(req, kind, row)
        for word in ("parents", "subtree") if kind.name == "project" else ():
            as_list, as_ids = (f"{word}_as_{form}" in req.params for form in ("list", "ids"))
            if as_list and as_ids:
                raise exception.BadRequest(
                    f"Cannot use {word}_as_list and {word}_as_ids query params at the same time."
                )
            others = getattr(kind, word)(row.id) if as_list or as_ids else ()
            if as_list:
                mine = self.assignments.places(str(req.caller.user_id), "project")
                shown[word] = [{"project": self.member(req, kind, p)} for p in others if p.id in mine]
            elif as_ids:
                shown[word] = chain(others) if word == "parents" else below(row.id, others)
        return shown

    def list_project_tags(self, req: Request, project_id: str) -> Reply:
        """A project's tags. 200, 401, 403, 404."""
        return self._tags(req, self._project(req, "list_project_tags", project_id))

    def update_project_tags(self, req: Request, project_id: str) -> Reply:
        """These tags and no others. 200, 400, 401, 403, 404."""
        self._project(req, "update_project_tags", project_id)
        tags = self.body(req, schemas.PROJECT_TAGS)["tags"]
        return self._tags(req, self.kinds["project"].update(project_id, {"tags": tags}))

    def delete_project_tags(self, req: Request, project_id: str) -> Reply:
        """No tags. 204, 401, 403, 404."""
        self._project(req, "delete_project_tags", project_id)
        self.kinds["project"].update(project_id, {"tags": []})
        return Reply(204, None, VARY)

    def create_project_tag(self, req: Request, project_id: str, tag: str) -> Reply:
        """One more tag. 201, 400, 401, 403, 404."""
        row = self._project(req, "create_project_tag", project_id)
        tags = list(dict.fromkeys([*row.tags, tag]))
        schema.check({"tags": tags}, schemas.PROJECT_TAGS)
        self.kinds["project"].update(project_id, {"tags": tags})
        return Reply(201, None, VARY | {"Location": req.uri})

    def get_project_tag(self, req: Request, project_id: str, tag: str) -> Reply:
        """Whether a project has a tag. 204, 401, 403, 404."""
        self._tag(self._project(req, "get_project_tag", project_id), tag)
        return Reply(204, None, VARY)

    def delete_project_tag(self, req: Request, project_id: str, tag: str) -> Reply:
        """One tag less. 204, 401, 403, 404."""
        row = self._project(req, "delete_project_tag", project_id)
        self._tag(row, tag)
        self.kinds["project"].update(project_id, {"tags": [t for t in row.tags if t != tag]})
        return Reply(204, None, VARY)

    def _project(self, req: Request, action: str, id: str) -> Any:
        return self.found(req, action, self.kinds["project"], id)

    def _tags(self, req: Request, row: Project) -> Reply:
        return Reply(200, {"tags": row.tags, "links": {"self": f"{req.prefix}/v3/projects/{row.id}/tags"}}, VARY)

    def _tag(self, row: Project, tag: str) -> None:
        if tag not in row.tags:
            raise exception.NotFound(f"Could not find project tag: {tag}.")


def chain(parents: Sequence[Project]) -> Any:
    """Ids in one another, the nearest outside."""
    return {parents[0].id: chain(parents[1:])} if parents else None


def below(id: str, projects: Sequence[Project]) -> Any:
    """The ids below one, each with those below it."""
    return {p.id: below(p.id, projects) for p in projects if p.parent_id == id} or None
