"""The filter in front of every API but Keystone's: no valid token, no entry.

Interface: `AuthProtocol(session, identity_url)`, a middleware for `oslearn.oslo.wsgi`.
Invariants: a handler runs only with a context that Keystone vouched for; the user's token is validated with the
service's own token, so that only services may ask; nothing is cached, so every request shows its validation.
Upstream: keystonemiddleware.auth_token. Left out: the 300 s cache (memcached), delayed decisions, service tokens.
"""

from __future__ import annotations

from typing import Any

from keystoneauth1 import exceptions as ks
from keystoneauth1.session import Session

from oslearn.oslo import exception
from oslearn.oslo.adapter import TransportError


class AuthProtocol:
    """Validates the token of each request with Keystone."""

    def __init__(self, session: Session, identity_url: str, open_paths: tuple[str, ...]) -> None:
        """`open_paths` are those of version discovery, which needs no token."""
        self.session, self.identity_url, self.open_paths = session, identity_url, open_paths

    def process_request(self, req: Any, resp: Any) -> None:
        """Fill in the request's context. Raises Unauthorized, or ServiceUnavailable if Keystone does not answer."""
        if req.path in self.open_paths:
            return
        token = req.get_header("X-Auth-Token")
        if not token:
            raise exception.Unauthorized()
        info = req.env["keystone.token_info"] = self.validate(token)
        caller = req.caller
        caller.user_id = info["user"]["id"]
        caller.project_id = info.get("project", {}).get("id")
        caller.roles = [role["name"] for role in info.get("roles", [])]
        caller.auth_token = token

    def validate(self, token: str) -> dict[str, Any]:
        """Ask Keystone what the token stands for."""
        try:
            reply = self.session.get(f"{self.identity_url}/v3/auth/tokens", headers={"X-Subject-Token": token})
        except (ks.NotFound, ks.Unauthorized):
            raise exception.Unauthorized() from None
        except TransportError:
            raise exception.ServiceUnavailable() from None
        return reply.json()["token"]
