"""The Identity API, version 3, as far as a boot asks it: tokens; who asks, and whether they may.

Interface: `Tokens` is the part, `ROUTES` leads to it; `fault(uri)`; `Guard`: `caller`, `enforce`; the `Catalog`: which
services there are and where they answer, for whom; `placed(url, project_id, user_id)`; `VARY`, what each reply says;
`body(req)`, what each request brings.
Invariants: only a service or an admin may validate another's token; Keystone has no filter in front of it: who asks is
read from the caller's own token here.
Upstream: keystone/api/auth.py, keystone/server/flask/application.py and request_processing,
keystone/common/rbac_enforcer, keystone/catalog.
Left out: federation (`/OS-FEDERATION`), trusts (`/OS-TRUST`), OAuth (`/OS-OAUTH1`, `/OS-OAUTH2`), limits (`/limits`,
`/registered_limits`), stored credentials (`/credentials`, `/OS-EC2`, `/ec2tokens`, `/s3tokens`), policies of endpoints
(`/OS-ENDPOINT-POLICY`), filters and groups of endpoints (`/OS-EP-FILTER`, `/endpoint_groups`), lists of revoked tokens
(`/OS-REVOKE`, `/OS-PKI`, `/OS-SIMPLE-CERT`).
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from oslearn.core.keystone.auth import CLIENT_ERROR, Authenticator
from oslearn.core.keystone.models import Endpoint, Service
from oslearn.core.keystone.token import Provider
from oslearn.core.keystonemiddleware.auth_token import Check, TokenInfo, fill
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.wsgi import Fault, Route

ROUTES = [
    Route("POST /v3/auth/tokens", "tokens.issue"),
    Route("GET /v3/auth/tokens", "tokens.validate"),
]
UNEXPECTED = "An unexpected error prevented the server from fulfilling your request."
VARY = {"Vary": "X-Auth-Token"}
REFUSED = "You are not authorized to perform the requested action: identity:%(action)s."
RULES: dict[str, policy.Rule] = {"validate_token": policy.admin_or_service}


class Tokens:
    """Tokens: a client gets one, a service asks what it stands for.

    `checks`, the extensions', hold for who asks about one.
    """

    def __init__(self, guard: Guard, authenticator: Authenticator, catalog: Catalog) -> None:
        self.guard, self.authenticator, self.catalog = guard, authenticator, catalog
        self.checks: list[Check] = []

    def issue(self, req: Request) -> Reply:
        """Authenticate and issue a token. 201, 400, 401, 403, 404."""
        token, info = self.authenticator.issue(body(req))
        req.env["keystone.token_info"] = info
        return self._reply(201, req, token, info)

    def validate(self, req: Request) -> Reply:
        """What another token stands for. 200, 401, 403, 404."""
        token, info = self.subject(req, "validate_token")
        return self._reply(200, req, token, info)

    def subject(self, req: Request, action: str) -> tuple[str, TokenInfo]:
        """The token that is asked about. A user may ask about its own; services and admins about all."""
        self.guard.caller(req)  # who has no token of their own learns nothing of another's
        asked = req.get_header("X-Subject-Token")
        if not asked:
            raise exception.NotFound("No token in the request")
        info = self.guard.tokens.validate(asked)
        for check in self.checks:
            check(req, info)
        self.guard.enforce(req, action, user_id=info["user"]["id"])
        return asked, info

    def _reply(self, status: int, req: Request, token: str, info: TokenInfo) -> Reply:
        if "roles" in info and "nocatalog" not in req.params:
            project_id = info["project"]["id"] if "project" in info else None
            info["catalog"] = self.catalog.entries(project_id, info["user"]["id"])
        return Reply(status, {"token": info}, {"X-Subject-Token": token} | VARY)


def body(req: Request) -> Body:
    """The body, which may be missing. Raises BadRequest."""
    if not req.content_length:
        return {}
    kind = (req.content_type or "").partition(";")[0].strip()
    if kind and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise exception.BadRequest(f"Expecting to find application/json in Content-Type header. {CLIENT_ERROR}")
    try:
        return req.json_body()
    except exception.MalformedRequestBody:
        raise exception.BadRequest(f"Expecting to find valid JSON in request body. {CLIENT_ERROR}") from None


class Guard:
    """Asks the caller's token, then the policy.

    `checks`, the extensions', hold for each caller, as in the filter before other APIs.
    """

    def __init__(self, tokens: Provider) -> None:
        self.tokens, self.policy = tokens, policy.Enforcer(RULES, REFUSED, ("project", "domain", "system"))
        self.checks: list[Check] = []

    def caller(self, req: Request) -> TokenInfo:
        """What the caller's own token stands for, which also fills the request's context. Raises Unauthorized."""
        token = req.get_header("X-Auth-Token") or ""
        try:
            info = self.tokens.validate(token)
        except exception.NotFound:
            raise exception.Unauthorized() from None
        for check in self.checks:
            check(req, info)
        fill(req.caller, info, token)
        req.env["keystone.token_info"] = info
        return info

    def enforce(self, req: Request, action: str, **target: object) -> TokenInfo:
        """What the caller's token stands for. Raises Unauthorized, PolicyNotAuthorized."""
        info = self.caller(req)
        self.policy.enforce(req.caller, action, target)
        return info


class Catalog:
    """Reads the catalog once and keeps it, as Keystone's own cache does."""

    def __init__(self, db: Handle) -> None:
        self.db = db
        self._entries: list[tuple[Body, list[Body]]] | None = None

    def forget(self) -> None:
        """Read it again: something changed."""
        self._entries = None

    def entries(self, project_id: str | None, user_id: str = "") -> list[Body]:
        """The catalog as a token shows it, with the project's id in the URLs; a URL that lacks one is left out."""
        if self._entries is None:
            self._entries = self._read()
        placed_in = [
            (service, [endpoint | {"url": placed(endpoint["url"], project_id, user_id)} for endpoint in endpoints])
            for service, endpoints in self._entries
        ]
        return [{"endpoints": [e for e in endpoints if e["url"]], **service} for service, endpoints in placed_in]

    def _read(self) -> list[tuple[Body, list[Body]]]:
        with self.db.session() as session:
            services = session.scalars(select(Service).where(Service.enabled).order_by(Service.id)).all()
            endpoints = session.scalars(select(Endpoint).where(Endpoint.enabled).order_by(Endpoint.id)).all()
        by_service = defaultdict(list)
        for e in endpoints:
            shown = {"id": e.id, "interface": e.interface, "region_id": e.region_id, "url": e.url}
            by_service[e.service_id].append((e.extra or {}) | shown | {"region": e.region_id})
        return [({"id": s.id, "type": s.type, "name": s.name}, by_service[s.id]) for s in services]


def placed(url: str, project_id: str | None, user_id: str) -> str | None:
    """A URL with the ids in it; None if it needs one that is not there or that nobody knows."""
    if "%" not in url and "$(" not in url:
        return url
    ids = {"user_id": user_id} | ({"project_id": project_id, "tenant_id": project_id} if project_id else {})
    try:
        return str(url.replace("$(", "%(") % ids)
    except (KeyError, TypeError, ValueError):
        return None


def fault(uri: str) -> Fault:
    """Keystone's error shape; a 401 says where to get a token."""

    def shape(req: Request, error: exception.OpenStackError) -> Reply:
        headers = VARY | ({"WWW-Authenticate": f'Keystone uri="{uri}"'} if error.code == 401 else {})
        return Reply(error.code, {"error": {"code": error.code, "message": str(error), "title": error.title}}, headers)

    return shape
