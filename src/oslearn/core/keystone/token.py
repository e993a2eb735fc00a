"""The token provider: signed, expiring, revocable; nothing of a token is stored.

Interface: `Provider.issue(user_id, scope, methods, proofs)`, `validate(token)`; `Scope`, `Proof`.
Invariants: a token says only who and where; roles and the user's state are read from the database and remembered only
until one of them changes, so a change counts at once; the key lies in the database, so tokens outlive the process.
Upstream: keystone/token/provider.py and keystone/token/providers/jws. Left out: Fernet; asymmetric keys (one
Keystone both signs and validates, so HMAC does); rotation of the key.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import ColumnElement, Row, Select, String, and_, bindparam, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from oslearn.core.keystone import models
from oslearn.core.keystone.models import ROOT, Assignment, ImpliedRole, Membership, Project, RevocationEvent, Role, User
from oslearn.core.keystonemiddleware.auth_token import Ref, TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle

ALGORITHM = "HS256"
REMEMBERED = 10_000
"""Tokens of which the provider keeps in mind what they stand for."""
METHODS = ("external", "password", "token", "application_credential")
"""In the order in which a token names them."""
Claims = Body
"""What a token itself says: RFC 7519's `sub`, `iat` and `exp`, and `openstack_*`."""
CLAIMS = {"sub", "iat", "exp", "openstack_methods", "openstack_audit_ids", "openstack_system", "openstack_domain_id",
          "openstack_project_id"}  # fmt: skip
Restriction = Callable[[str, list[Ref]], tuple[list[Ref], TokenInfo]]
"""Which of a user's roles another claim's value leaves, and what the token says of that."""


class TokenNotFound(exception.NotFound):
    """404: not a token, expired or revoked."""

    message = "Failed to validate token"


@dataclass(frozen=True)
class Scope:
    """Where a token is good: in a project, in a domain, in the system, or nowhere."""

    kind: str | None = None
    id: str | None = None

    def claims(self) -> Claims:
        if self.kind is None:
            return {}
        return {f"openstack_{self.kind}": "all"} if self.kind == "system" else {f"openstack_{self.kind}_id": self.id}

    @classmethod
    def of(cls, claims: Claims) -> Scope:
        if "openstack_system" in claims:
            return cls("system")
        kind = "domain" if "openstack_domain_id" in claims else "project"
        id = claims.get(f"openstack_{kind}_id")
        return cls(kind, id) if id else cls()


@dataclass(frozen=True)
class Proof:
    """Who somebody has shown to be; and what it makes of the token, if they showed something else than a password.

    The token is for `scope`, has `claims`, ends with `until`, and says what `methods` and `audit_ids` came before.
    """

    user_id: str
    scope: Scope | None = None
    until: datetime | None = None
    claims: Claims = field(default_factory=dict)
    methods: Sequence[str] = ()
    audit_ids: Sequence[str] = ()


class Provider:
    """Issues and validates tokens, which live for `expiration` seconds."""

    def __init__(self, db: Handle, ids: Ids, clock: Clock, expiration: int) -> None:
        self.db, self.ids, self.clock, self.expiration = db, ids, clock, expiration
        self.restrictions: dict[str, Restriction] = {}
        self._key = self._signing_key()
        self._known: dict[str, tuple[Claims, TokenInfo]] = {}

    def _signing_key(self) -> bytes:
        try:
            with self.db.session() as session:
                row = session.get(models.SigningKey, 1)
                if row is None:
                    session.add(row := models.SigningKey(id=1, key=self.ids.secret(32)))
                return row.key
        except IntegrityError:
            return self._signing_key()  # another Keystone on this database was faster: its key is there now

    def issue(
        self, user_id: str, scope: Scope, methods: set[str], proofs: Sequence[Proof] = ()
    ) -> tuple[str, TokenInfo]:
        """A token and what it stands for. Raises Unauthorized if the user has no role there."""
        now = self.clock.now()
        methods = methods.union(*(proof.methods for proof in proofs))
        audit_id = base64.urlsafe_b64encode(self.ids.secret(16)).decode().rstrip("=")
        ends = [now + timedelta(seconds=self.expiration), *(proof.until for proof in proofs if proof.until)]
        claims: Claims = {
            "sub": user_id,
            "iat": _stamp(now),
            "exp": _stamp(min(ends)),
            "openstack_methods": [method for method in METHODS if method in methods],
            "openstack_audit_ids": [audit_id, *(id for proof in proofs for id in proof.audit_ids)],
        }
        for more in (scope.claims(), *(proof.claims for proof in proofs)):
            claims |= more
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
        user = _named(row.user_id, row.user_name, row.home_id, row.home_name)
        user["password_expires_at"] = None
        info: TokenInfo = {
            "methods": claims["openstack_methods"],
            "user": user,
            "audit_ids": claims["openstack_audit_ids"],
            "expires_at": _time(claims["exp"]),
            "issued_at": _time(claims["iat"]),
        }
        if scope.kind:
            roles = self.db.rows(EFFECTIVE_ROLES, {"user_id": user_id, "scope": scope.kind, "target_id": scope.id})
            info.update(self._scoped(row, scope, claims, [{"id": r.id, "name": r.name} for r in roles]))
        return info

    def _scoped(self, row: Row[Any], scope: Scope, claims: Claims, roles: list[Ref]) -> TokenInfo:
        info: TokenInfo = {}
        for claim in claims.keys() - CLAIMS:
            if claim not in self.restrictions:  # what nobody here understands may forbid something
                raise TokenNotFound()
            roles, more = self.restrictions[claim](claims[claim], roles)
            info.update(more)
        if not roles:  # without one a token opens nothing: so a role that was taken away ends the tokens for its place
            raise TokenNotFound()
        if scope.kind == "system":
            info["system"] = {"all": True}
        elif scope.kind == "domain":
            info["domain"] = {"id": row.target_id, "name": row.target_name}
        else:
            info["project"] = _named(row.target_id, row.target_name, row.above_id, row.above_name)
            info["is_domain"] = row.is_domain
        info["roles"] = roles
        return info


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


def _effective() -> Select[str, str]:
    """The roles of a user in a place: given to it or to its groups, here or to be inherited, and what they imply."""
    user_id, place = bindparam("user_id", type_=String), bindparam("target_id", type_=String)
    groups = select(Membership.group_id).where(Membership.user_id == user_id)
    ancestors = select(Project.parent_id.label("id")).where(Project.id == place).cte("ancestors", recursive=True)
    ancestors = ancestors.union(select(Project.parent_id).join(ancestors, Project.id == ancestors.c.id))
    here: ColumnElement[bool] = and_(
        Assignment.scope == bindparam("scope"),
        Assignment.project_id.is_not_distinct_from(place),
        ~Assignment.inherited,
    )
    from_above = and_(Assignment.inherited, Assignment.project_id.in_(select(ancestors.c.id)))
    given = (
        select(Assignment.role_id)
        .where(or_(Assignment.user_id == user_id, Assignment.group_id.in_(groups)), or_(here, from_above))
        .cte("effective", recursive=True)
    )
    both = given.union(select(ImpliedRole.implied_role_id).join(given, given.c.role_id == ImpliedRole.prior_role_id))
    return (
        select(Role.id, Role.name)
        .join(both, both.c.role_id == Role.id)
        .where(Role.domain_id == ROOT)
        .order_by(Role.name)
    )


EFFECTIVE_ROLES = _effective()


def _named(id: str, name: str, domain_id: str, domain_name: str) -> Ref:
    return {"domain": {"id": domain_id, "name": domain_name}, "id": id, "name": name}


def _stamp(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


def _time(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
