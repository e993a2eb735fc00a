"""What belongs to a user or a group, over the API: passwords, projects, memberships.

Interface: `Passwords`, `UserPlaces`, `Memberships`.
Upstream: keystone/api/users.py and groups.py. Left out: EC2 and other stored credentials, OAuth, trusts.
"""

from __future__ import annotations

from oslearn.core.keystone.api import Guard, body
from oslearn.core.keystone.auth import check_auth
from oslearn.core.keystone.models import Project
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.keystone.api.shown import NOTHING, found, page
from oslearn.extensions.keystone.assignment import Assignments
from oslearn.extensions.keystone.identity import Groups, Users
from oslearn.extensions.keystone.resource import Projects
from oslearn.extensions.keystone.schemas import PASSWORD


class Passwords:
    """Passwords, which their users change."""

    def __init__(self, users: Users) -> None:
        self.users = users

    def change(self, req: Request, id: str) -> Reply:
        """A user's own new password, given the old one; ends the user's tokens. 204, 400, 401."""
        words = check_auth(body(req).get("user", {}), PASSWORD)
        self.users.change_password(id, words["original_password"], words["password"])
        return NOTHING


class UserPlaces:
    """Where a user has a role."""

    def __init__(self, guard: Guard, users: Users, projects: Projects, assignments: Assignments) -> None:
        self.guard, self.users, self.projects, self.assignments = guard, users, projects, assignments

    def index(self, req: Request, id: str) -> Reply:
        """The projects in which a user has a role. 200, 401, 403, 404."""
        found(self.guard, req, "list_user_projects", self.users, id)
        ids = self.assignments.places(id, "project")
        return page(req, self.projects, self.projects.find(req.query, Project.id.in_(ids)))


class Memberships:
    """Users in groups."""

    def __init__(self, guard: Guard, users: Users, groups: Groups) -> None:
        self.guard, self.users, self.groups = guard, users, groups

    def of_user(self, req: Request, id: str) -> Reply:
        """A user's groups. 200, 401, 403, 404."""
        found(self.guard, req, "list_groups_for_user", self.users, id)
        reply = page(req, self.groups, self.groups.of(id, req.query))
        for group in reply.body["groups"]:
            group["membership_expires_at"] = None
        return reply

    def of_group(self, req: Request, id: str) -> Reply:
        """A group's users. 200, 401, 403, 404."""
        found(self.guard, req, "list_users_in_group", self.groups, id)
        return page(req, self.users, self.groups.users(id, req.query))

    def add(self, req: Request, id: str, user_id: str) -> Reply:
        """Put a user into a group. 204, 401, 403, 404."""
        self._may(req, "add_user_to_group", id, user_id)
        self.groups.add(id, user_id)
        return NOTHING

    def check(self, req: Request, id: str, user_id: str) -> Reply:
        """Whether a user is in a group. 204, 401, 403, 404."""
        self._may(req, "check_user_in_group", id, user_id)
        self.groups.check(id, user_id)
        return NOTHING

    def remove(self, req: Request, id: str, user_id: str) -> Reply:
        """Take a user out of a group. 204, 401, 403, 404."""
        self._may(req, "remove_user_from_group", id, user_id)
        self.groups.remove(id, user_id)
        return NOTHING

    def _may(self, req: Request, action: str, group_id: str, user_id: str) -> None:
        """A domain's manager must own both."""
        found(self.guard, req, action, self.users, user_id)
        found(self.guard, req, action, self.groups, group_id)
