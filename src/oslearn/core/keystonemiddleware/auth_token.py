"""The filter in front of every API but Keystone's: no valid token, no entry.

Interface: `AuthProtocol(session, identity_url, open_paths, cache_time, clock, checks)`, a middleware for
`oslearn.core.oslo.wsgi`; `fill`; `TokenInfo`, what Keystone says a token stands for; a `Check` may ask more of it.
Invariants: a handler runs only with a context that Keystone vouched for; the user's token is validated with the
service's own token, so that only services may ask; without a cache every request shows its validation, with one a
token that was revoked may pass until its entry ends; only a token with the role `service` is a service's.
Upstream: keystonemiddleware.auth_token. Left out: memcached as the cache, delayed decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypedDict

from falcon import Response
from keystoneauth1 import exceptions as ks
from keystoneauth1.session import Session

from oslearn.core.oslo import exception
from oslearn.core.oslo.adapter import TransportError
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import SERVICE, Body, RequestContext
from oslearn.core.oslo.http import Reply, Request

ACCESS_RULES = "OpenStack-Identity-Access-Rules"
"""The header by which a service tells Keystone that it holds access rules, and of which version."""
CACHED = 1000
"""Tokens that are remembered; then the oldest goes."""


class Ref(TypedDict, total=False):
    """What a token names: a domain, a role, or a project or user with its `domain`."""

    id: str
    name: str
    domain: Ref
    password_expires_at: None


class TokenInfo(TypedDict, total=False):
    """What Keystone says that a token stands for; of `project`, `domain` and `system` one at most."""

    methods: list[str]
    user: Ref
    audit_ids: list[str]
    expires_at: str
    issued_at: str
    project: Ref
    is_domain: bool
    domain: Ref
    system: dict[str, bool]
    roles: list[Ref]
    catalog: list[Body]
    application_credential: Body


Check = Callable[[Request, TokenInfo], None]
"""What else must be so for a token to let a request through. Raises Unauthorized."""


class Rejected(exception.Unauthorized):
    """401: the same page in front of every service."""

    def __init__(self, identity_url: str) -> None:
        super().__init__()
        self.headers = {"WWW-Authenticate": f'Keystone uri="{identity_url}/v3"'}
        self.reply = Reply(401, {"error": {"code": 401, "title": self.title, "message": str(self)}})


@dataclass
class AuthProtocol:
    """Validates the token of each request with Keystone.

    `open_paths` are those of version discovery, which needs no token. `cache_time` is `token_cache_time`: for so many
    seconds of `clock` an answer of Keystone's is good. `checks` hold unless a service asks for its user.
    """

    session: Session
    identity_url: str
    open_paths: tuple[str, ...]
    cache_time: int
    clock: Clock
    checks: Sequence[Check]
    cache: dict[str, tuple[datetime, TokenInfo]] = field(default_factory=dict, init=False)

    def process_request(self, req: Request, resp: Response) -> None:
        """Fill in the request's context. Raises Rejected, or ServiceUnavailable if Keystone does not answer."""
        if req.path in self.open_paths:
            return
        # One answer for all faults of a token: who tries does not learn whether it was forged, ended or revoked.
        try:
            self._check(req)
        except exception.Unauthorized:
            raise Rejected(self.identity_url) from None
        except exception.ServiceUnavailable as error:
            error.served = False
            raise

    def _check(self, req: Request) -> None:
        token = req.get_header("X-Auth-Token")
        if not token:
            raise exception.Unauthorized()
        info, service_roles = self.validated(token), []
        if service := req.get_header("X-Service-Token"):
            service_roles = [role["name"] for role in self.validated(service).get("roles", [])]
            if SERVICE not in service_roles:  # service_token_roles_required
                raise exception.Unauthorized()
        else:
            for check in self.checks:
                check(req, info)
        req.env["keystone.token_info"] = info  # nobody sees who asks before all is checked: some ask on without
        fill(req.caller, info, token)
        req.caller.service_roles = service_roles

    def validated(self, token: str) -> TokenInfo:
        """What the token stands for, as Keystone said not long ago."""
        if not self.cache_time:
            return self.validate(token)
        now = self.clock.now()
        end, info = self.cache.get(token, (now, {}))
        if end <= now:
            info = self.validate(token)
            end = min(now + timedelta(seconds=self.cache_time), datetime.fromisoformat(info["expires_at"].rstrip("Z")))
            self.cache.pop(token, None)
            if len(self.cache) >= CACHED:
                del self.cache[next(iter(self.cache))]
            self.cache[token] = end, info
        return info

    def validate(self, token: str) -> TokenInfo:
        """Ask Keystone what the token stands for."""
        try:
            reply = self.session.get(
                f"{self.identity_url}/v3/auth/tokens", headers={"X-Subject-Token": token, ACCESS_RULES: "1"}
            )
        except (ks.NotFound, ks.Unauthorized):
            raise exception.Unauthorized() from None
        except TransportError:
            raise exception.ServiceUnavailable() from None
        info: TokenInfo = reply.json()["token"]
        info.pop("catalog", None)  # most of it, and no service here asks for it
        return info


def fill(context: RequestContext, info: TokenInfo, token: str) -> None:
    """Put what Keystone says of a token into the context of its request."""
    nowhere: Ref = {}
    project = info.get("project", nowhere)
    context.user_id, context.user_domain_id = info["user"]["id"], info["user"]["domain"]["id"]
    context.project_id, context.project_domain_id = project.get("id"), project.get("domain", nowhere).get("id")
    context.domain_id = info.get("domain", nowhere).get("id")
    context.system_scope = "all" if "system" in info else None
    context.roles = [role["name"] for role in info.get("roles", [])]
    context.auth_token = token
