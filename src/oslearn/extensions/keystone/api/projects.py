"""A project's place in its tree and its tags, over the API.

Interface: `ProjectTags`; `ProjectTrees.detail` is how a project is shown alone.
Upstream: keystone/api/projects.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.core.keystone.api import VARY, Guard
from oslearn.core.keystone.models import Project
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.keystone.api.shown import NOTHING, checked, found, member
from oslearn.extensions.keystone.assignment import Assignments
from oslearn.extensions.keystone.manager import Collection
from oslearn.extensions.keystone.resource import Projects
from oslearn.extensions.keystone.schemas import PROJECT_TAGS


class ProjectTrees:
    """Shows a project with the trees above and below it, if they are asked for."""

    def __init__(self, projects: Projects, assignments: Assignments) -> None:
        self.projects, self.assignments = projects, assignments

    def detail(self, req: Request, projects: Collection[Project], row: Project) -> Body:
        """The project, and what `?parents_as_list`, `?subtree_as_ids` and the like ask for. Raises BadRequest."""
        shown = member(req, projects, row)
        for word, related in (("parents", self.projects.parents), ("subtree", self.projects.subtree)):
            as_list, as_ids = (f"{word}_as_{form}" in req.params for form in ("list", "ids"))
            if as_list and as_ids:
                raise exception.BadRequest(
                    f"Cannot use {word}_as_list and {word}_as_ids query params at the same time."
                )
            others = related(row.id) if as_list or as_ids else ()
            if as_list:
                mine = self.assignments.places(str(req.caller.user_id), "project")
                shown[word] = [{"project": member(req, projects, p)} for p in others if p.id in mine]
            elif as_ids:
                shown[word] = chain(others) if word == "parents" else below(row.id, others)
        return shown


class ProjectTags:
    """A project's tags, all at once or one by one."""

    def __init__(self, guard: Guard, projects: Projects) -> None:
        self.guard, self.projects = guard, projects

    def index(self, req: Request, id: str) -> Reply:
        """A project's tags. 200, 401, 403, 404."""
        return self._tags(req, self._project(req, "list_project_tags", id))

    def replace(self, req: Request, id: str) -> Reply:
        """These tags and no others. 200, 400, 401, 403, 404."""
        self._project(req, "update_project_tags", id)
        tags = checked(req, PROJECT_TAGS)["tags"]
        return self._tags(req, self.projects.update(id, {"tags": tags}))

    def clear(self, req: Request, id: str) -> Reply:
        """No tags. 204, 401, 403, 404."""
        self._project(req, "delete_project_tags", id)
        self.projects.update(id, {"tags": []})
        return NOTHING

    def create(self, req: Request, id: str, tag: str) -> Reply:
        """One more tag. 201, 400, 401, 403, 404."""
        row = self._project(req, "create_project_tag", id)
        tags = list(dict.fromkeys([*row.tags, tag]))
        schema.check({"tags": tags}, PROJECT_TAGS)
        self.projects.update(id, {"tags": tags})
        return Reply(201, None, VARY | {"Location": req.uri})

    def show(self, req: Request, id: str, tag: str) -> Reply:
        """Whether a project has a tag. 204, 401, 403, 404."""
        self._tag(self._project(req, "get_project_tag", id), tag)
        return NOTHING

    def delete(self, req: Request, id: str, tag: str) -> Reply:
        """One tag less. 204, 401, 403, 404."""
        row = self._project(req, "delete_project_tag", id)
        self._tag(row, tag)
        self.projects.update(id, {"tags": [t for t in row.tags if t != tag]})
        return NOTHING

    def _project(self, req: Request, action: str, id: str) -> Project:
        return found(self.guard, req, action, self.projects, id)

    def _tags(self, req: Request, row: Project) -> Reply:
        return Reply(200, {"tags": row.tags, "links": {"self": f"{req.prefix}/v3/projects/{row.id}/tags"}}, VARY)

    def _tag(self, row: Project, tag: str) -> None:
        if tag not in row.tags:
            raise exception.NotFound(f"Could not find project tag: {tag}.")


def chain(parents: Sequence[Project]) -> Body | None:
    """Ids in one another, the nearest outside."""
    return {parents[0].id: chain(parents[1:])} if parents else None


def below(id: str, projects: Sequence[Project]) -> Body | None:
    """The ids below one, each with those below it."""
    return {p.id: below(p.id, projects) for p in projects if p.parent_id == id} or None
