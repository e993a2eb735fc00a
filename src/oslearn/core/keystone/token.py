"""The token provider: signed, expiring, revocable; nothing of a token is stored.

Interface: `Provider.issue(proof, scope)`, `validate(token)`; `Scope`, `Proof`.
Invariants: a token says only who and where; roles and the user's state are read from the database and remembered only
until one of them changes, so a change counts at once; the key lies in the database, so tokens outlive the process.
Upstream: keystone/token/provider.py and keystone/token/providers/jws. Left out: Fernet; asymmetric keys (one
Keystone both signs and validates, so HMAC does); rotation of the key.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import Row, String, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from oslearn.core.keystone import models
from oslearn.core.keystone.models import ROOT, Assignment, ImpliedRole, Membership, Project, RevocationEvent, Role, User
from oslearn.core.keystonemiddleware.auth_token import Ref, TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle, retry

ALGORITHM = "HS256"
REMEMBERED = 10_000
"""Tokens of which the provider keeps in mind what they stand for."""
Claims = Body
"""What a token itself says: RFC 7519's `sub`, `iat` and `exp`, and `openstack_*`."""
PLACES = {"system": "openstack_system", "domain": "openstack_domain_id", "project": "openstack_project_id"}
"""The claim that says where a token is good."""


class TokenNotFound(exception.NotFound):
    """404: not a token, expired or revoked."""

    message = "Failed to validate token"


@dataclass(frozen=True)
class Scope:
    """Where a token is good: in a project, in a domain, in the system, or nowhere."""

    kind: str | None = None
    id: str | None = None

    def claims(self) -> Claims:
        """What a token for this place says of it."""
        return {PLACES[self.kind]: self.id or "all"} if self.kind else {}

    @classmethod
    def of(cls, claims: Claims) -> Scope:
        """The place that a token is for."""
        kind = next((kind for kind, claim in PLACES.items() if claim in claims), None)
        return cls(kind, None if kind in (None, "system") else claims[PLACES[kind]])


@dataclass(frozen=True)
class Proof:
    """Who somebody has shown to be, and how; what they show besides a password may end sooner and make more `claims`.

    `audit_ids` are those of the tokens that came before.
    """

    user_id: str
    methods: Sequence[str] = ("password",)
    until: datetime | None = None
    claims: Claims = field(default_factory=dict)
    audit_ids: Sequence[str] = ()


class Provider:
    """Issues and validates tokens, which live for `expiration` seconds."""

    understood = frozenset({"sub", "iat", "exp", "openstack_methods", "openstack_audit_ids", "openstack_project_id"})
    """The claims that do not change what a token opens, or that are heeded here; the extensions' heeds more."""

    def __init__(self, db: Handle, ids: Ids, clock: Clock, expiration: int) -> None:
        self.db, self.ids, self.clock, self.expiration = db, ids, clock, expiration
        self._key = retry(self._signing_key)  # if another Keystone on this database is faster, it is that one's
        self._known: dict[str, tuple[Claims, TokenInfo]] = {}

    def _signing_key(self) -> bytes:
        with self.db.session() as session:
            row = session.get(models.SigningKey, 1)
            if row is None:
                session.add(row := models.SigningKey(id=1, key=self.ids.secret(32)))
            return row.key

    def issue(self, proof: Proof, scope: Scope) -> tuple[str, TokenInfo]:
        """A token and what it stands for. Raises Unauthorized if the user has no role there."""
        now = self.clock.now()
        audit_id = base64.urlsafe_b64encode(self.ids.secret(16)).decode().rstrip("=")
        end = now + timedelta(seconds=self.expiration)
        claims: Claims = {
            "sub": proof.user_id,
            "iat": _stamp(now),
            "exp": _stamp(min(end, proof.until or end)),
            "openstack_methods": [*proof.methods],
            "openstack_audit_ids": [audit_id, *proof.audit_ids],
            **scope.claims(),
            **proof.claims,
        }
        try:
            info = self._info(claims)
        except exception.NotFound:
            raise exception.Unauthorized() from None
        return jwt.encode(claims, self._key, ALGORITHM), info

    def validate(self, token: str) -> TokenInfo:
        """What the token stands for. Raises TokenNotFound.

        What was found is remembered until an account or a revocation changes, as upstream's `[token] caching` does.
        """
        if token not in self._known:
            claims = self.claims(token)
            if len(self._known) >= REMEMBERED:
                self.forget()
            self._known[token] = claims, self._info(claims)
        claims, info = self._known[token]
        self._check_expiry(claims)  # what is remembered is no younger for it
        return info.copy()

    def forget(self) -> None:
        """Look again at the next validation: an account changed."""
        self._known.clear()

    def claims(self, token: str) -> Claims:
        """What a token says. Raises TokenNotFound for one that is forged or has ended."""
        try:
            claims: Claims = jwt.decode(
                token, self._key, [ALGORITHM], options={"verify_exp": False, "verify_iat": False}
            )
        except jwt.InvalidTokenError:
            raise TokenNotFound("Could not recognize Fernet token") from None  # what clients of real clouds read
        self._check_expiry(claims)
        return claims

    def _check_expiry(self, claims: Claims) -> None:
        if claims["exp"] <= _stamp(self.clock.now()):
            raise TokenNotFound()

    def _info(self, claims: Claims) -> TokenInfo:
        user_id, scope = claims["sub"], Scope.of(claims)
        who = {"user_id": user_id, "target_id": scope.id, "audit_id": claims["openstack_audit_ids"][0]}
        found = self.db.rows(WHO, who | {"issued": datetime.fromtimestamp(claims["iat"], UTC).replace(tzinfo=None)})
        if not found:
            raise TokenNotFound()
        row = found[0]
        info: TokenInfo = {
            "methods": claims["openstack_methods"],
            "user": {**_named(row.user_id, row.user_name, row.home_id, row.home_name), "password_expires_at": None},
            "audit_ids": claims["openstack_audit_ids"],
            "expires_at": _time(claims["exp"]),
            "issued_at": _time(claims["iat"]),
        }
        if scope.kind:
            roles = self.db.rows(EFFECTIVE_ROLES, {"user_id": user_id, "scope": scope.kind, "target_id": scope.id})
            info |= self.scoped(claims, scope, row, [{"id": role.id, "name": role.name} for role in roles])
        return info

    def scoped(self, claims: Claims, scope: Scope, row: Row[Any], roles: list[Ref]) -> TokenInfo:
        """What a token for a place says besides. Raises TokenNotFound."""
        if claims.keys() - self.understood:  # what nobody here understands may forbid something
            raise TokenNotFound()
        if not roles:  # without one a token opens nothing: so a role that was taken away ends the tokens for its place
            raise TokenNotFound()
        return {**self.place(scope, row), "roles": roles}

    def place(self, scope: Scope, row: Row[Any]) -> TokenInfo:
        """The project that a token is for."""
        project = _named(row.target_id, row.target_name, row.above_id, row.above_name)
        return {"project": project, "is_domain": row.is_domain}


home, target, above = aliased(Project), aliased(Project), aliased(Project)
REVOKED = select(RevocationEvent.id).where(
    RevocationEvent.issued_before > bindparam("issued"),
    or_(RevocationEvent.audit_id.is_(None), RevocationEvent.audit_id == bindparam("audit_id")),
    or_(RevocationEvent.user_id.is_(None), RevocationEvent.user_id == User.id),
    or_(
        RevocationEvent.project_id.is_(None),
        RevocationEvent.project_id.in_([User.domain_id, target.id, target.domain_id]),
    ),
)
_PEOPLE = (("user", User), ("home", home), ("target", target), ("above", above))
WHO = (
    select(
        *(column.label(f"{name}_{column.key}") for name, table in _PEOPLE for column in (table.id, table.name)),
        target.is_domain,
    )
    .select_from(User)
    .join(home, home.id == User.domain_id)
    .outerjoin(target, target.id == bindparam("target_id"))
    .outerjoin(above, above.id == target.domain_id)
    .where(User.id == bindparam("user_id"), User.enabled, home.enabled, ~REVOKED.exists())
    .where(or_(bindparam("target_id", type_=String).is_(None), and_(target.enabled, above.enabled)))
)
"""The enabled user and the enabled project or domain of a token that no revocation covers, with their domains."""


_user, _place = bindparam("user_id", type_=String), bindparam("target_id", type_=String)
_groups = select(Membership.group_id).where(Membership.user_id == _user)
_parents = select(Project.parent_id.label("id")).where(Project.id == _place).cte("ancestors", recursive=True)
_ancestors = _parents.union(select(Project.parent_id).join(_parents, Project.id == _parents.c.id))
_here = and_(
    Assignment.scope == bindparam("scope"), Assignment.project_id.is_not_distinct_from(_place), ~Assignment.inherited
)
_from_above = and_(Assignment.inherited, Assignment.project_id.in_(select(_ancestors.c.id)))
_given = (
    select(Assignment.role_id)
    .where(or_(Assignment.user_id == _user, Assignment.group_id.in_(_groups)), or_(_here, _from_above))
    .cte("effective", recursive=True)
)
_roles = _given.union(select(ImpliedRole.implied_role_id).join(_given, _given.c.role_id == ImpliedRole.prior_role_id))
EFFECTIVE_ROLES = (
    select(Role.id, Role.name)
    .join(_roles, _roles.c.role_id == Role.id)
    .where(Role.domain_id == ROOT)
    .order_by(Role.name)
)
"""The roles of a user in a place: given to it or to its groups, here or to be inherited, and what they imply."""


def _named(id: str, name: str, domain_id: str, domain_name: str) -> Ref:
    return {"domain": {"id": domain_id, "name": domain_name}, "id": id, "name": name}


def _stamp(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


def _time(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
