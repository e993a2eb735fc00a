"""The token provider: signed, expiring, revocable; nothing of a token is stored.

Interface: `Provider.issue(user_id, project_id, methods)`, `validate(token)`, `revoke(token)`.
Invariants: a token says only who and where; roles and the user's state are read from the database and remembered only
until one of them changes, so a change counts at once.
Upstream: keystone/token/provider.py and keystone/token/providers/jws. Left out: Fernet; asymmetric keys (one
Keystone both signs and validates, so HMAC does).
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import String, bindparam, select

from oslearn.keystone.models import Assignment, ImpliedRole, Project, RevocationEvent, Role, User
from oslearn.oslo import exception
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.db import Handle

ALGORITHM = "HS256"
REMEMBERED = 10_000
"""Tokens of which the provider keeps in mind what they stand for."""


class TokenNotFound(exception.NotFound):
    """404: not a token, expired or revoked."""

    message = "Failed to validate token"


class Provider:
    """Issues and validates tokens."""

    def __init__(self, db: Handle, ids: Ids, clock: Clock, expiration: int) -> None:
        self.db, self.ids, self.clock, self.expiration = db, ids, clock, expiration
        self._key = ids.secret(32)
        self._known: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    def issue(
        self, user_id: str, project_id: str | None, methods: list[str], expires_at: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """A token and what it stands for. Raises Unauthorized if the user has no role in the project.

        `expires_at` is the end of the token that was shown instead of a password: the new one lives no longer.
        """
        now = self.clock.now()
        end = now + timedelta(seconds=self.expiration)
        if expires_at:
            end = datetime.fromisoformat(expires_at.rstrip("Z"))
        claims = {
            "sub": user_id,
            "iat": _stamp(now),
            "exp": _stamp(end),
            "openstack_methods": methods,
            "openstack_audit_ids": [base64.urlsafe_b64encode(self.ids.secret(16)).decode().rstrip("=")],
            "openstack_project_id": project_id,
        }
        try:
            info = self._info(claims)
        except TokenNotFound:
            raise exception.Unauthorized() from None
        return jwt.encode(claims, self._key, ALGORITHM), info

    def validate(self, token: str) -> dict[str, Any]:
        """What the token stands for. Raises TokenNotFound.

        What was found is remembered until an account or a revocation changes, as upstream's `[token] caching` does.
        """
        if token not in self._known:
            claims = self._claims(token)
            if len(self._known) >= REMEMBERED:
                self.forget()
            self._known[token] = claims, self._info(claims)
        claims, info = self._known[token]
        self._check_expiry(claims)
        return dict(info)

    def forget(self) -> None:
        """Look again at the next validation: an account changed."""
        self._known.clear()

    def revoke(self, token: str) -> None:
        """From now on the token is not found. Raises TokenNotFound if it was none."""
        audit_id = self._claims(token)["openstack_audit_ids"][0]
        with self.db.session() as session:
            session.add(RevocationEvent(audit_id=audit_id, issued_before=self.clock.now()))
        self.forget()

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            claims = jwt.decode(token, self._key, [ALGORITHM], options={"verify_exp": False, "verify_iat": False})
        except jwt.InvalidTokenError:
            raise TokenNotFound() from None
        self._check_expiry(claims)
        return claims

    def _check_expiry(self, claims: dict[str, Any]) -> None:
        if claims["exp"] <= _stamp(self.clock.now()):
            raise TokenNotFound()

    def _info(self, claims: dict[str, Any]) -> dict[str, Any]:
        user_id, project_id = claims["sub"], claims["openstack_project_id"]
        who = {"user_id": user_id, "project_id": project_id, "audit_id": claims["openstack_audit_ids"][0]}
        found = self.db.rows(WHO, who | {"issued": datetime.fromtimestamp(claims["iat"], UTC).replace(tzinfo=None)})
        roles: Any = self.db.rows(EFFECTIVE_ROLES, {"user_id": user_id, "project_id": project_id})
        if not found or (project_id and not roles):
            raise TokenNotFound()
        row: Any = found[0]
        info: dict[str, Any] = {
            "methods": claims["openstack_methods"],
            "user": {
                "domain": DOMAIN,
                "id": row.user_id,
                "name": row.user_name,
                "password_expires_at": None,
            },
            "audit_ids": claims["openstack_audit_ids"],
            "expires_at": _time(claims["exp"]),
            "issued_at": _time(claims["iat"]),
        }
        if project_id:
            info["project"] = {"domain": DOMAIN, "id": row.project_id, "name": row.project_name}
            info |= {"is_domain": False, "roles": [{"id": r.id, "name": r.name} for r in roles]}
        return info


DOMAIN = {"id": "default", "name": "Default"}


REVOKED = select(RevocationEvent.id).where(
    (RevocationEvent.audit_id == bindparam("audit_id"))
    | ((RevocationEvent.user_id == bindparam("user_id")) & (RevocationEvent.issued_before > bindparam("issued")))
)
WHO = (
    select(
        User.id.label("user_id"),
        User.name.label("user_name"),
        Project.id.label("project_id"),
        Project.name.label("project_name"),
    )
    .outerjoin(Project, Project.id == bindparam("project_id"))
    .where(User.id == bindparam("user_id"), User.enabled, ~REVOKED.exists())
    .where(Project.enabled | (bindparam("project_id", type_=String).is_(None)))
)
"""The enabled user and project of a token that no revocation covers."""
_given = (
    select(Assignment.role_id)
    .where(Assignment.user_id == bindparam("user_id"), Assignment.project_id == bindparam("project_id"))
    .cte("effective", recursive=True)
)
_effective = _given.union(
    select(ImpliedRole.implied_role_id).join(_given, _given.c.role_id == ImpliedRole.prior_role_id)
)
EFFECTIVE_ROLES = select(Role.id, Role.name).join(_effective, _effective.c.role_id == Role.id).order_by(Role.name)
"""The roles that a user has in a project, with what they imply."""


def _stamp(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


def _time(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
