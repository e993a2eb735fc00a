"""The filter in front of every API but Keystone's: no valid token, no entry.

Interface: `AuthProtocol(session, identity_url, open_paths)`, a middleware for `oslearn.oslo.wsgi`; `fill`.
Invariants: a handler runs only with a context that Keystone vouched for; the user's token is validated with the
service's own token, so that only services may ask; without a cache every request shows its validation, with one a
token that was revoked may pass until its entry ends.
Upstream: keystonemiddleware.auth_token. Left out: memcached as the cache, delayed decisions.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from keystoneauth1 import exceptions as ks
from keystoneauth1.session import Session

from oslearn.oslo import exception
from oslearn.oslo.adapter import TransportError
from oslearn.oslo.clock import Clock
from oslearn.oslo.context import RequestContext

CACHED = 1000
"""Tokens that are remembered; then the oldest goes."""


class AuthProtocol:
    """Validates the token of each request with Keystone."""

    def __init__(
        self,
        session: Session,
        identity_url: str,
        open_paths: tuple[str, ...],
        cache_time: int = 0,
        clock: Clock | None = None,
    ) -> None:
        """`open_paths` are those of version discovery, which needs no token. `cache_time` is `token_cache_time`: for
        so many seconds of `clock` an answer of Keystone's is good.
        """
        self.session, self.identity_url, self.open_paths = session, identity_url, open_paths
        self.cache_time, self.clock = timedelta(seconds=cache_time), clock or Clock()
        self._cache: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def process_request(self, req: Any, resp: Any) -> None:
        """Fill in the request's context. Raises Unauthorized, or ServiceUnavailable if Keystone does not answer."""
        if req.path in self.open_paths:
            return
        token = req.get_header("X-Auth-Token")
        if not token:
            raise exception.Unauthorized()
        info = req.env["keystone.token_info"] = self.validated(token)
        fill(req.caller, info, token)
        if service := req.get_header("X-Service-Token"):
            req.caller.service_roles = [role["name"] for role in self.validated(service).get("roles", [])]

    def validated(self, token: str) -> dict[str, Any]:
        """What the token stands for, as Keystone said not long ago."""
        if not self.cache_time:
            return self.validate(token)
        now = self.clock.now()
        end, info = self._cache.get(token, (now, {}))
        if end <= now:
            info = self.validate(token)
            end = min(now + self.cache_time, datetime.fromisoformat(info["expires_at"].rstrip("Z")))
            self._cache.pop(token, None)
            if len(self._cache) >= CACHED:
                del self._cache[next(iter(self._cache))]
            self._cache[token] = end, info
        return info

    def validate(self, token: str) -> dict[str, Any]:
        """Ask Keystone what the token stands for."""
        try:
            reply = self.session.get(f"{self.identity_url}/v3/auth/tokens", headers={"X-Subject-Token": token})
        except (ks.NotFound, ks.Unauthorized):
            raise exception.Unauthorized() from None
        except TransportError:
            raise exception.ServiceUnavailable() from None
        return reply.json()["token"]


def fill(context: RequestContext, info: dict[str, Any], token: str) -> None:
    """Put what Keystone says of a token into the context of its request."""
    project = info.get("project", {})
    context.user_id, context.user_domain_id = info["user"]["id"], info["user"]["domain"]["id"]
    context.project_id, context.project_domain_id = project.get("id"), project.get("domain", {}).get("id")
    context.domain_id = info.get("domain", {}).get("id")
    context.system_scope = "all" if "system" in info else None
    context.roles = [role["name"] for role in info.get("roles", [])]
    context.auth_token = token
