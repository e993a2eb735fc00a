"""What belongs to a user or a group, over the API: passwords, projects, memberships, application credentials.

Upstream: keystone/api/users.py and groups.py. Left out: EC2 and other stored credentials, OAuth, trusts.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.keystone import schemas
from oslearn.core.keystone.assignment import closure
from oslearn.core.keystone.controller import VARY, Controller
from oslearn.core.keystone.models import AccessRule, ApplicationCredential, Project
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

USER, MEMBER = "/v3/users/{user_id}", "/v3/groups/{group_id}/users/{user_id}"
MANAGING = (
    "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for "
    "managing additional application credentials.."
)

UNASSIGNED = "Invalid application credential: Cannot create an application credential with unassigned role"


class UsersApi(Controller):
    """Handlers."""

    ROUTES: list[Entry] = [
        ("POST", USER + "/password", "change_password"),
        ("GET", USER + "/projects", "list_user_projects"),
        ("GET", USER + "/groups", "list_groups_for_user"),
        ("GET", "/v3/groups/{group_id}/users", "list_users_in_group"),
        ("PUT", MEMBER, "add_user_to_group"),
        ("GET", MEMBER, "check_user_in_group"),
        ("DELETE", MEMBER, "remove_user_from_group"),
        ("POST", USER + "/application_credentials", "create_application_credential"),
        ("GET", USER + "/application_credentials", "list_application_credentials"),
        ("GET", USER + "/application_credentials/{id}", "show_application_credential"),
        ("DELETE", USER + "/application_credentials/{id}", "delete_application_credential"),
        ("GET", USER + "/access_rules", "list_access_rules"),
        ("GET", USER + "/access_rules/{id}", "show_access_rule"),
        ("DELETE", USER + "/access_rules/{id}", "delete_access_rule"),
    ]

    def change_password(self, req: Request, user_id: str) -> Reply:
        """A user's own new password, given the old one; ends the user's tokens. 204, 400, 401."""
        words = schemas.check_auth(self.body(req).get("user", {}), schemas.PASSWORD)
        self.kinds["user"].change_password(user_id, words["original_password"], words["password"])
        return Reply(204, None, VARY)

    def list_user_projects(self, req: Request, user_id: str) -> Reply:
        """The projects in which a user has a role. 200, 401, 403, 404."""
        self.found(req, "list_user_projects", self.kinds["user"], user_id)
        ids = self.assignments.places(user_id, "project")
        return self.collection(req, self.kinds["project"], self.kinds["project"].find(req.query, Project.id.in_(ids)))

    def list_groups_for_user(self, req: Request, user_id: str) -> Reply:
        """A user's groups. 200, 401, 403, 404."""
        self.found(req, "list_groups_for_user", self.kinds["user"], user_id)
        reply = self.collection(req, self.kinds["group"], self.kinds["group"].of(user_id, req.query))
        for group in reply.body["groups"]:
            group["membership_expires_at"] = None
        return reply

    def list_users_in_group(self, req: Request, group_id: str) -> Reply:
        """A group's users. 200, 401, 403, 404."""
        self.found(req, "list_users_in_group", self.kinds["group"], group_id)
        return self.collection(req, self.kinds["user"], self.kinds["group"].users(group_id, req.query))

    def add_user_to_group(self, req: Request, group_id: str, user_id: str) -> Reply:
        """Put a user into a group. 204, 401, 403, 404."""
        return self._membership(req, "add_user_to_group", "add", group_id, user_id)

    def check_user_in_group(self, req: Request, group_id: str, user_id: str) -> Reply:
        """Whether a user is in a group. 204, 401, 403, 404."""
        return self._membership(req, "check_user_in_group", "check", group_id, user_id)

    def remove_user_from_group(self, req: Request, group_id: str, user_id: str) -> Reply:
        """Take a user out of a group. 204, 401, 403, 404."""
        return self._membership(req, "remove_user_from_group", "remove", group_id, user_id)

    def _membership(self, req: Request, action: str, verb: str, group_id: str, user_id: str) -> Reply:
        for kind, id in (("user", user_id), ("group", group_id)):  # a domain's manager must own both
            self.found(req, action, self.kinds[kind], id)
        getattr(self.kinds["group"], verb)(group_id, user_id)
        return Reply(204, None, VARY)

    def create_application_credential(self, req: Request, user_id: str) -> Reply:
        """A credential for the token's project; the reply alone shows the secret. 201, 400, 401, 403, 404, 409."""
        kind = self.kinds["application_credential"]
        self.caller(req)
        values = self.body(req, schemas.APPLICATION_CREDENTIAL)[kind.name]
        info = self._managing(self.enforce(req, "create_application_credential", user_id=user_id))
        if "project" not in info:
            raise exception.Forbidden()
        roles = self._roles(values.get("roles"), info["roles"])
        values |= {"user_id": user_id, "project_id": info["project"]["id"], "roles": roles}
        row = kind.create(values)
        return Reply(201, {kind.name: self.member(req, kind, row) | {"secret": values["secret"]}}, VARY)

    def _roles(self, wanted: list[dict[str, str]] | None, own: list[dict[str, str]]) -> list[str]:
        """The ids of a credential's roles: of the token's, those that are named and what they imply, or all."""
        if not wanted:
            return [role["id"] for role in own]
        found: list[str] = []
        implied = self.kinds["role"].implied()
        for role in wanted:
            fit = [r["id"] for r in own if all(r[name] == value for name, value in role.items())]
            if not fit and "id" in role:
                self.kinds["role"].get(role["id"])
            elif not fit and not self.kinds["role"].find(role):
                raise exception.NotFound(f"Role {role['name']} is not defined")
            if not fit:
                raise exception.BadRequest(UNASSIGNED)
            found += [id for one in fit for id, _ in closure(one, implied)]
        return list(dict.fromkeys(found))

    def _managing(self, info: dict[str, Any]) -> dict[str, Any]:
        """Raises Forbidden for the token of a credential that may not manage others."""
        if info.get("application_credential", {}).get("restricted"):
            raise exception.Forbidden(MANAGING)
        return info

    def list_application_credentials(self, req: Request, user_id: str) -> Reply:
        """A user's credentials. 200, 401, 403."""
        kind = self.kinds["application_credential"]
        self.enforce(req, "list_application_credentials", user_id=user_id)
        return self.collection(req, kind, kind.find(req.query, ApplicationCredential.user_id == user_id))

    def show_application_credential(self, req: Request, user_id: str, id: str) -> Reply:
        """One. 200, 401, 403, 404."""
        kind = self.kinds["application_credential"]
        row = self.found(req, "get_application_credential", kind, id, user_id=user_id)
        return Reply(200, {kind.name: self.member(req, kind, row)}, VARY)

    def delete_application_credential(self, req: Request, user_id: str, id: str) -> Reply:
        """Delete one. 204, 401, 403, 404."""
        kind = self.kinds["application_credential"]
        self.found(req, "delete_application_credential", kind, id, user_id=user_id)
        self._managing(self.caller(req))
        kind.delete(id)
        return Reply(204, None, VARY)

    def list_access_rules(self, req: Request, user_id: str) -> Reply:
        """A user's rules. 200, 401, 403."""
        self.enforce(req, "list_access_rules", user_id=user_id)
        kind = self.kinds["access_rule"]
        return self.collection(req, kind, kind.find(req.query, AccessRule.user_id == user_id))

    def show_access_rule(self, req: Request, user_id: str, id: str) -> Reply:
        """One. 200, 401, 403, 404."""
        self.enforce(req, "get_access_rule", user_id=user_id)
        kind = self.kinds["access_rule"]
        return Reply(200, {kind.name: self.member(req, kind, kind.owned(user_id, id))}, VARY)

    def delete_access_rule(self, req: Request, user_id: str, id: str) -> Reply:
        """Delete one that no credential holds. 204, 401, 403, 404."""
        self.enforce(req, "delete_access_rule", user_id=user_id)
        self.kinds["access_rule"].owned(user_id, id)
        self.kinds["access_rule"].delete(id)
        return Reply(204, None, VARY)
