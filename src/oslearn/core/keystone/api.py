"""The Identity API, version 3.

Interface: `build(handle, ids, clock, config)` → the application; `Api`, with what `bootstrap` needs.
Invariants: who asks is read from the caller's own token; only a service or an admin may validate another's.
Upstream: keystone/api/.
Left out: federation (`/OS-FEDERATION`), trusts (`/OS-TRUST`), OAuth (`/OS-OAUTH1`, `/OS-OAUTH2`), limits (`/limits`,
`/registered_limits`), stored credentials (`/credentials`, `/OS-EC2`, `/ec2tokens`, `/s3tokens`), policies of endpoints
(`/OS-ENDPOINT-POLICY`), endpoint groups (`/endpoint_groups`), lists of revoked tokens (`/OS-REVOKE`, `/OS-PKI`,
`/OS-SIMPLE-CERT`).
"""

from __future__ import annotations

from html import escape
from typing import Any

from oslearn.core.config import Config
from oslearn.core.keystone.application_credential import AccessRules, ApplicationCredentials
from oslearn.core.keystone.assignment import Roles
from oslearn.core.keystone.auth import Authenticator
from oslearn.core.keystone.catalog import Catalog, Endpoints, Policies, Regions, Services
from oslearn.core.keystone.controller import VARY
from oslearn.core.keystone.grants import Grants
from oslearn.core.keystone.identity import Groups, Users
from oslearn.core.keystone.manager import Manager
from oslearn.core.keystone.models import Project
from oslearn.core.keystone.projects import ProjectsApi
from oslearn.core.keystone.resource import Domains, Projects
from oslearn.core.keystone.token import Provider, TokenNotFound
from oslearn.core.keystone.users import UsersApi
from oslearn.core.keystonemiddleware.auth_token import ACCESS_RULES
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry
from oslearn.core.oslo.wsgi import Application, Fault

KINDS = (
    Domains, Projects, Users, Groups, Roles, Regions, Services, Endpoints, Policies, ApplicationCredentials,
    AccessRules,
)  # fmt: skip
UNEXPECTED = "An unexpected error prevented the server from fulfilling your request."


class Api(ProjectsApi, UsersApi, Grants):
    """Handlers: discovery and tokens here, the rest from the parts."""

    ROUTES: list[Entry] = [
        ("GET", "/", "list_versions"),
        ("GET", "/v3", "show_version"),
        ("POST", "/v3/auth/tokens", "issue_token"),
        ("GET", "/v3/auth/tokens", "validate_token"),
        ("HEAD", "/v3/auth/tokens", "check_token"),
        ("DELETE", "/v3/auth/tokens", "revoke_token"),
        ("GET", "/v3/auth/catalog", "show_catalog"),
        ("GET", "/v3/auth/projects", "list_auth_projects"),
        ("GET", "/v3/auth/domains", "list_auth_domains"),
        ("GET", "/v3/auth/system", "list_auth_system"),
    ]

    def list_versions(self, req: Request) -> Reply:
        """The versions there are. 300."""
        where = VARY | {"Location": f"{req.prefix}/v3/"}
        return Reply(300, {"versions": {"values": [version(req)]}}, where)

    def show_version(self, req: Request) -> Reply:
        """This version. 200."""
        return Reply(200, {"version": version(req)}, VARY)

    def issue_token(self, req: Request) -> Reply:
        """Authenticate and issue a token. 201, 400, 401, 403, 404."""
        token, info = Authenticator(self.identity, self.tokens).issue(self.body(req))
        req.env["keystone.token_info"] = info
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
        """The catalog of the token's project. 200, 401, 403."""
        info = self.caller(req)
        if "project" not in info:
            raise exception.Forbidden()
        entries = self.catalog.entries(info["project"]["id"], info["user"]["id"])
        return Reply(200, {"catalog": entries, "links": {"self": req.uri}}, VARY)

    def list_auth_projects(self, req: Request) -> Reply:
        """The projects that the caller may have a token for. 200, 401."""
        return self._places(req, "project")

    def list_auth_domains(self, req: Request) -> Reply:
        """The domains that the caller may have a token for. 200, 401."""
        return self._places(req, "domain")

    def list_auth_system(self, req: Request) -> Reply:
        """Whether the caller may have a token for the system. 200, 401."""
        user_id = self.caller(req)["user"]["id"]
        system = [{"all": True}] if self.assignments.places(user_id, "system") else []
        return Reply(200, {"system": system, "links": {"self": req.uri}}, VARY)

    def _places(self, req: Request, scope: str) -> Reply:
        ids = self.assignments.places(self.caller(req)["user"]["id"], scope)
        return self.collection(
            req, self.kinds[scope], self.kinds[scope].find(None, Project.id.in_(ids), Project.enabled)
        )

    def _subject(self, req: Request, action: str) -> tuple[str, dict[str, Any]]:
        """The token that is asked about. A user may ask about its own; services and admins about all."""
        self.caller(req)
        asked = req.get_header("X-Subject-Token")
        if not asked:
            raise exception.NotFound("No token in the request")
        info = self.tokens.validate(asked)
        if info.get("application_credential", {}).get("access_rules") and not held(req.get_header(ACCESS_RULES)):
            raise TokenNotFound()  # to a service that does not hold rules the token is none
        self.enforce(req, action, user_id=info["user"]["id"])
        return asked, info

    def _token_reply(self, status: int, req: Request, token: str, info: dict[str, Any]) -> Reply:
        if "roles" in info and "nocatalog" not in req.params:
            info["catalog"] = self.catalog.entries(info.get("project", {}).get("id"), info["user"]["id"])
        return Reply(status, {"token": info}, {"X-Subject-Token": token} | VARY)


def held(version: str | None) -> bool:
    """Whether who asks says that it holds access rules.

    >>> held("1"), held("1.5"), held("0.9"), held("x"), held(None)
    (True, True, False, False, False)
    """
    try:
        return float(version or 0) >= 1
    except ValueError:
        return False


def version(req: Request) -> dict[str, Any]:
    """The version document."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{req.prefix}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }


HTML = "text/html; charset=utf-8"
PAGE = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not "
    "found on the server. If you entered the URL manually please check your spelling and try again.{}</p>\n"
)


def fault(uri: str) -> Fault:
    """Keystone's error shape; a 401 says where to get a token. Of what no route has Flask says so."""

    def shape(req: Request, error: exception.OpenStackError) -> Reply:
        if isinstance(error, exception.RouteNotFound):
            return Reply(404, PAGE.format(escape(str(error).partition(". ")[2])), VARY | {"Content-Type": HTML})
        if isinstance(error, exception.MethodNotAllowed):
            return Reply(405, {"message": "The method is not allowed for the requested URL."}, VARY)
        headers = VARY | ({"WWW-Authenticate": f'Keystone uri="{uri}"'} if error.code == 401 else {})
        return Reply(error.code, {"error": {"code": error.code, "message": str(error), "title": error.title}}, headers)

    return shape


def routes() -> list[Entry]:
    """Every route; what answers GET answers HEAD, too."""
    found = [route for part in Api.__mro__ for route in vars(part).get("ROUTES", ())]
    known = {route[:2] for route in found}
    return found + [
        ("HEAD", path, name) for method, path, name in found if method == "GET" and ("HEAD", path) not in known
    ]


def build(handle: Handle, ids: Ids, clock: Clock, config: Config) -> tuple[Application, Api]:
    """Keystone's application, and the API object whose managers `bootstrap` uses."""
    tokens, catalog = Provider(handle, ids, clock, config.token_expiration), Catalog(handle)

    def changed() -> None:
        tokens.forget()
        catalog.forget()

    identity = Manager(handle, ids, clock, config.password_hash_cost, changed, KINDS)
    tokens.credentials = identity.kinds["application_credential"]
    api = Api(identity, tokens, catalog)
    errors = fault(f"{config.endpoint('identity')}/v3")
    return Application(api, routes(), errors, ids, unexpected=UNEXPECTED), api
