"""The Identity API, version 3.

Interface: `build(handle, ids, clock, config)` → the application; `Api`, with what `cloud` needs to bootstrap.
Invariants: who asks is read from the caller's own token; only a service or an admin may validate another's.
Upstream: keystone/api/. Left out: domains, groups, trusts, federation, application credentials.
"""

from __future__ import annotations

from typing import Any

from oslearn.config import Config
from oslearn.keystone import schemas
from oslearn.keystone.catalog import Catalog
from oslearn.keystone.identity import Identity, in_default_domain
from oslearn.keystone.token import Provider
from oslearn.keystone.views import VIEWS, fault, version
from oslearn.oslo import exception, policy
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.context import RequestContext
from oslearn.oslo.db import Handle
from oslearn.oslo.wsgi import Application, Reply, Request, Route

VARY = {"Vary": "X-Auth-Token"}
ROUTES: list[Route] = [
    ("GET", "/", "list_versions"),
    ("GET", "/v3", "show_version"),
    ("POST", "/v3/auth/tokens", "issue_token"),
    ("GET", "/v3/auth/tokens", "validate_token"),
    ("HEAD", "/v3/auth/tokens", "check_token"),
    ("DELETE", "/v3/auth/tokens", "revoke_token"),
    ("GET", "/v3/auth/catalog", "show_catalog"),
    ("POST", "/v3/{kinds}", "create_account"),
    ("GET", "/v3/{kinds}", "list_accounts"),
    ("GET", "/v3/{kinds}/{id}", "show_account"),
    ("PATCH", "/v3/{kinds}/{id}", "update_account"),
    ("DELETE", "/v3/{kinds}/{id}", "delete_account"),
    ("POST", "/v3/users/{user_id}/password", "change_password"),
    ("PUT", "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}", "grant_role"),
    ("DELETE", "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}", "revoke_role"),
    ("GET", "/v3/role_assignments", "list_assignments"),
]
UNEXPECTED = "An unexpected error prevented the server from fulfilling your request."
KINDS = {"users": "user", "projects": "project", "roles": "role"}


class Api:
    """Handlers."""

    def __init__(self, identity: Identity, tokens: Provider, catalog: Catalog) -> None:
        self.identity, self.tokens, self.catalog = identity, tokens, catalog

    def list_versions(self, req: Request) -> Reply:
        """The versions there are. 300."""
        return Reply(300, {"versions": {"values": [version(req)]}})

    def show_version(self, req: Request) -> Reply:
        """This version. 200."""
        return Reply(200, {"version": version(req)}, VARY)

    def issue_token(self, req: Request) -> Reply:
        """Authenticate by password or token and issue a token. 201, 400, 401."""
        auth = schemas.check(req.json_body(), schemas.AUTH)["auth"]
        methods, expires_at = auth["identity"]["methods"], None
        if methods == ["password"] and "password" in auth["identity"]:
            user_id = self.identity.authenticate(auth["identity"]["password"]["user"]).id
        elif methods == ["token"] and "token" in auth["identity"]:
            known = self._own(auth["identity"]["token"]["id"])
            user_id, expires_at = known["user"]["id"], known["expires_at"]
        else:
            raise exception.Unauthorized()
        token, info = self.tokens.issue(user_id, self._project(auth.get("scope")), methods, expires_at)
        return self._token_reply(201, req, token, info)

    def validate_token(self, req: Request) -> Reply:
        """What another token stands for. 200, 401, 403, 404."""
        token, info = self._subject(req, "validate_token")
        return self._token_reply(200, req, token, info)

    def check_token(self, req: Request) -> Reply:
        """Whether another token is good. 200, 401, 403, 404."""
        self._subject(req, "check_token")
        return Reply(200, None, VARY)

    def revoke_token(self, req: Request) -> Reply:
        """End a token. 204, 401, 403, 404."""
        token, _ = self._subject(req, "revoke_token")
        self.tokens.revoke(token)
        return Reply(204, None, VARY)

    def show_catalog(self, req: Request) -> Reply:
        """The catalog. 200, 401."""
        info = self._own(req.get_header("X-Auth-Token"))
        return Reply(200, {"catalog": self.catalog.entries(info.get("project", {}).get("id")), "links": {}}, VARY)

    def create_account(self, req: Request, kinds: str) -> Reply:
        """A user, project or role. 201, 400, 401, 403, 409."""
        kind = self._kind(req, kinds, "create")
        values = self._values(kind, schemas.check(req.json_body(), schemas.CREATE[kind])[kind])
        return Reply(201, {kind: VIEWS[kind](req, self.identity.create(kind, values))}, VARY)

    def list_accounts(self, req: Request, kinds: str) -> Reply:
        """All users, projects or roles, or those with `?name=`. 200, 401, 403."""
        kind = self._kind(req, kinds, "list")
        rows = self.identity.find(kind, req.query.get("name"))
        links = {"next": None, "self": req.uri, "previous": None}
        return Reply(200, {kinds: [VIEWS[kind](req, row) for row in rows], "links": links}, VARY)

    def show_account(self, req: Request, kinds: str, id: str) -> Reply:
        """One. 200, 401, 403, 404."""
        kind = self._kind(req, kinds, "get")
        return Reply(200, {kind: VIEWS[kind](req, self.identity.get(kind, id))}, VARY)

    def update_account(self, req: Request, kinds: str, id: str) -> Reply:
        """Change one. 200, 400, 401, 403, 404, 409."""
        kind = self._kind(req, kinds, "update")
        values = self._values(kind, schemas.check(req.json_body(), schemas.UPDATE[kind])[kind])
        return Reply(200, {kind: VIEWS[kind](req, self.identity.update(kind, id, values))}, VARY)

    def delete_account(self, req: Request, kinds: str, id: str) -> None:
        """Delete one. 204, 401, 403, 404."""
        self.identity.delete(self._kind(req, kinds, "delete"), id)

    def change_password(self, req: Request, user_id: str) -> None:
        """A user's own new password, given the old one; ends the user's tokens. 204, 400, 401."""
        words = schemas.check(req.json_body(), schemas.PASSWORD)["user"]
        self.identity.authenticate({"id": user_id, "password": words["original_password"]})
        self.identity.update("user", user_id, {"password_hash": self.identity.hash(words["password"])})

    def grant_role(self, req: Request, project_id: str, user_id: str, role_id: str) -> None:
        """Give a role. 204, 401, 403, 404."""
        self._admin(req, "create_grant")
        self.identity.grant(user_id, project_id, role_id)

    def revoke_role(self, req: Request, project_id: str, user_id: str, role_id: str) -> None:
        """Take a role away. 204, 401, 403, 404."""
        self._admin(req, "revoke_grant")
        self.identity.revoke(user_id, project_id, role_id)

    def list_assignments(self, req: Request) -> Reply:
        """Who has which role where. 200, 401, 403."""
        self._admin(req, "list_role_assignments")
        query = req.query
        rows = self.identity.assignments(query.get("user.id"), query.get("scope.project.id"), query.get("role.id"))
        links = {"next": None, "self": req.uri, "previous": None}
        return Reply(200, {"role_assignments": [VIEWS["assignment"](req, row) for row in rows], "links": links}, VARY)

    def _own(self, token: str | None) -> dict[str, Any]:
        try:
            return self.tokens.validate(token or "")
        except exception.NotFound:
            raise exception.Unauthorized() from None

    def _subject(self, req: Request, action: str) -> tuple[str, dict[str, Any]]:
        """The token that is asked about. A user may ask about its own; services and admins about all."""
        asked, own = req.get_header("X-Subject-Token") or "", req.get_header("X-Auth-Token") or ""
        asker = self._own(own)
        if asked != own and not {"admin", "service"} & {r["name"] for r in asker.get("roles", [])}:
            raise exception.Forbidden(f"You are not authorized to perform the requested action: identity:{action}.")
        return asked, self.tokens.validate(asked)

    def _token_reply(self, status: int, req: Request, token: str, info: dict[str, Any]) -> Reply:
        if "project" in info and "nocatalog" not in req.params:
            info["catalog"] = self.catalog.entries(info["project"]["id"])
        return Reply(status, {"token": info}, {"X-Subject-Token": token} | VARY)

    def _project(self, scope: Any) -> str | None:
        """The project that a scope names. Raises Unauthorized if it is not there; BadRequest if none is named."""
        if scope in (None, "unscoped", {"unscoped": {}}):
            return None
        wanted = scope.get("project", {})
        if "id" in wanted:
            return str(wanted["id"])
        if "name" not in wanted and not {"domain", "system"} & scope.keys():
            raise exception.BadRequest(
                "Expecting to find project, domain, OS-TRUST:trust or unscoped in scope. The server could not comply "
                "with the request since it is either malformed or otherwise incorrect. The client is assumed to be "
                "in error."
            )
        found = self.identity.find("project", wanted.get("name", ""))
        if not found or not in_default_domain(wanted):
            raise exception.Unauthorized()
        return str(found[0].id)

    def _kind(self, req: Request, kinds: str, verb: str) -> str:
        if kinds not in KINDS:
            raise exception.NotFound("The resource could not be found.")
        self._admin(req, f"{verb}_{kinds if verb == 'list' else KINDS[kinds]}")
        return KINDS[kinds]

    def _admin(self, req: Request, action: str) -> None:
        info = self._own(req.get_header("X-Auth-Token"))
        caller = RequestContext(req.caller.request_id, roles=[r["name"] for r in info.get("roles", [])])
        if not policy.admin(caller, {}):
            raise exception.Forbidden(f"You are not authorized to perform the requested action: identity:{action}.")

    def _values(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        values = {k: v for k, v in given.items() if k not in ("domain_id", "password", "email", "parent_id")}
        if "password" in given:
            values["password_hash"] = self.identity.hash(given["password"])
        if kind == "user" and "email" in given:
            values["extra"] = {"email": given["email"]}
        return values


def build(handle: Handle, ids: Ids, clock: Clock, config: Config) -> tuple[Application, Api]:
    """Keystone's application, and the API object whose managers `bootstrap` uses."""
    tokens = Provider(handle, ids, clock, config.token_expiration)
    identity = Identity(handle, ids, clock, config.password_hash_cost, changed=tokens.forget)
    api = Api(identity, tokens, Catalog(handle, ids))
    errors = fault(f"{config.endpoint('identity')}/v3")
    return Application(api, ROUTES, errors, ids, unexpected=UNEXPECTED), api
