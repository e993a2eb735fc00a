"""Application credentials and their access rules, over the API: a user's own.

Interface: `Credentials`, `CredentialRules`.
Upstream: keystone/api/users.py.
"""

from __future__ import annotations

from oslearn.core.keystone.api import VARY, Guard
from oslearn.core.keystonemiddleware.auth_token import Ref, TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.keystone.api.shown import NOTHING, checked, found, member, page
from oslearn.extensions.keystone.application_credential import AccessRules, ApplicationCredentials
from oslearn.extensions.keystone.assignment import Roles, closure
from oslearn.extensions.keystone.models import AccessRule, ApplicationCredential
from oslearn.extensions.keystone.schemas import APPLICATION_CREDENTIAL

NAME = "application_credential"
MANAGING = (
    "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for "
    "managing additional application credentials.."
)

UNASSIGNED = "Invalid application credential: Cannot create an application credential with unassigned role"


class Credentials:
    """Application credentials: who has one may act as its user, so only that user makes and ends them."""

    def __init__(self, guard: Guard, credentials: ApplicationCredentials, roles: Roles) -> None:
        self.guard, self.credentials, self.roles = guard, credentials, roles

    def create(self, req: Request, id: str) -> Reply:
        """A credential for the token's project; the reply alone shows the secret. 201, 400, 401, 403, 404, 409."""
        self.guard.caller(req)
        values = checked(req, APPLICATION_CREDENTIAL)[NAME]
        info = self._managing(self.guard.enforce(req, "create_application_credential", user_id=id))
        if "project" not in info:
            raise exception.Forbidden()
        roles = self._roles(values.get("roles"), info["roles"])
        values |= {"user_id": id, "project_id": info["project"]["id"], "roles": roles}
        row = self.credentials.create(values)
        return Reply(201, {NAME: member(req, self.credentials, row) | {"secret": values["secret"]}}, VARY)

    def _roles(self, wanted: list[dict[str, str]] | None, own: list[Ref]) -> list[str]:
        """The ids of a credential's roles: of the token's, those that are named and what they imply, or all."""
        if not wanted:
            return [role["id"] for role in own]
        found: list[str] = []
        implied = self.roles.implied()
        for role in wanted:
            fit = [r["id"] for r in own if all(r.get(name) == value for name, value in role.items())]
            if not fit and "id" in role:
                self.roles.get(role["id"])
            elif not fit and not self.roles.find(role):
                raise exception.NotFound(f"Role {role['name']} is not defined")
            if not fit:
                raise exception.BadRequest(UNASSIGNED)
            found += [id for one in fit for id, _ in closure(one, implied)]
        return list(dict.fromkeys(found))

    def _managing(self, info: TokenInfo) -> TokenInfo:
        """Raises Forbidden for the token of a credential that may not manage others."""
        if info.get("application_credential", {}).get("restricted"):
            raise exception.Forbidden(MANAGING)
        return info

    def index(self, req: Request, id: str) -> Reply:
        """A user's credentials. 200, 401, 403."""
        self.guard.enforce(req, "list_application_credentials", user_id=id)
        return page(req, self.credentials, self.credentials.find(req.query, ApplicationCredential.user_id == id))

    def show(self, req: Request, id: str, credential_id: str) -> Reply:
        """One. 200, 401, 403, 404."""
        row = found(self.guard, req, "get_application_credential", self.credentials, credential_id, user_id=id)
        return Reply(200, {NAME: member(req, self.credentials, row)}, VARY)

    def delete(self, req: Request, id: str, credential_id: str) -> Reply:
        """Delete one. 204, 401, 403, 404."""
        found(self.guard, req, "delete_application_credential", self.credentials, credential_id, user_id=id)
        self._managing(self.guard.caller(req))
        self.credentials.delete(credential_id)
        return NOTHING


class CredentialRules:
    """Access rules, which outlive the credentials that they were made with."""

    def __init__(self, guard: Guard, rules: AccessRules) -> None:
        self.guard, self.rules = guard, rules

    def index(self, req: Request, id: str) -> Reply:
        """A user's rules. 200, 401, 403."""
        self.guard.enforce(req, "list_access_rules", user_id=id)
        return page(req, self.rules, self.rules.find(req.query, AccessRule.user_id == id))

    def show(self, req: Request, id: str, rule_id: str) -> Reply:
        """One. 200, 401, 403, 404."""
        self.guard.enforce(req, "get_access_rule", user_id=id)
        return Reply(200, {"access_rule": member(req, self.rules, self.rules.owned(id, rule_id))}, VARY)

    def delete(self, req: Request, id: str, rule_id: str) -> Reply:
        """Delete one that no credential holds. 204, 401, 403, 404."""
        self.guard.enforce(req, "delete_access_rule", user_id=id)
        self.rules.owned(id, rule_id)
        self.rules.delete(rule_id)
        return NOTHING
