"""Application credentials: a program logs in with one, for one project, with some of its user's roles.

Interface: `ApplicationCredentials`, `AccessRules`, collections; `ApplicationCredentials.authenticate` checks a secret.
Invariants: a secret is shown once and kept as a hash; it gives no role that its user does not have; it goes with its
user and its project.
Upstream: keystone/application_credential/core.py. Left out: the limit on their number.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.keystone.auth import CLIENT_ERROR, EXPECTED, GENERATED_COST, Identity, check_password, nobody
from oslearn.core.keystone.models import Role
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.clock import iso_micro
from oslearn.core.oslo.context import Body
from oslearn.extensions.keystone.assignment import Roles
from oslearn.extensions.keystone.manager import Backend, Collection, Kind
from oslearn.extensions.keystone.models import AccessRule, ApplicationCredential
from oslearn.extensions.keystone.schemas import ACCESS_RULE, APPLICATION_CREDENTIAL

NEW_RULE: Body = {"required": ["service", "path", "method"]}


class AccessRules(Collection[AccessRule]):
    """What credentials may ask for. A rule is its user's, and several credentials may hold it."""

    kind = Kind(
        "access_rule", AccessRule,
        attributes={part: rule for part, rule in ACCESS_RULE["properties"].items() if part != "id"},
        shown=("id", "service", "path", "method"), filters=("service", "path", "method"),
        missing="Could not find Access Rule: {id}.",
    )  # fmt: skip

    def chosen(self, session: Session, user_id: str, given: dict[str, str]) -> dict[str, str]:
        """The user's rule with that id, or that says the same; else a new one. Raises BadRequest, NotFound."""
        row = session.get(AccessRule, given.get("id", ""))
        if row is not None and row.user_id != user_id:
            raise self.not_found(given["id"])
        if row is None:
            schema.check(given, NEW_RULE)
            said = {name: given[name] for name in self.kind.filters}
            row = session.scalars(select(AccessRule).filter_by(user_id=user_id, **said)).first()
            if row is None:
                row = AccessRule(id=given.get("id") or self.backend.ids.hex(), user_id=user_id, extra={}, **said)
                session.add(row)
                session.flush()
        return {name: getattr(row, name) for name in self.kind.shown}

    def owned(self, user_id: str, id: str) -> AccessRule:
        """A user's rule. Raises NotFound."""
        row = self.get(id)
        if row.user_id != user_id:
            raise self.not_found(id)
        return row

    def deleting(self, session: Session, row: AccessRule) -> None:
        """Not while a credential holds it. Raises Forbidden."""
        held = session.scalars(select(ApplicationCredential).filter_by(user_id=row.user_id))
        if any(rule["id"] == row.id for credential in held for rule in credential.access_rules):
            raise exception.Forbidden("May not delete access rule in use")


class ApplicationCredentials(Collection[ApplicationCredential]):
    """Application credentials of users."""

    kind = Kind(
        "application_credential", ApplicationCredential,
        attributes=APPLICATION_CREDENTIAL["properties"]["application_credential"]["properties"],
        shown=("id", "name", "description", "user_id", "project_id", "unrestricted"), filters=("name",),
        missing="Could not find Application Credential: {id}.",
    )  # fmt: skip

    def __init__(self, backend: Backend, identity: Identity, roles: Roles, rules: AccessRules) -> None:
        super().__init__(backend)
        self.identity, self.roles, self.rules = identity, roles, rules

    def preparing(self, row: ApplicationCredential | None, values: Body) -> None:
        """A secret that is not given is drawn."""
        if row is not None:
            given, drawn = values.get("secret"), base64.urlsafe_b64encode(self.backend.ids.secret(64)).decode()
            row.secret_hash = self.backend.hash(given or drawn.rstrip("="), None if given else GENERATED_COST)
            values["secret"] = given or drawn.rstrip("=")

    def creating(self, session: Session, row: ApplicationCredential, values: Body) -> None:
        """`roles` are ids. Raises BadRequest."""
        row.user_id, row.project_id, row.roles = values["user_id"], values["project_id"], values["roles"]
        row.expires_at = self._end(values.get("expires_at"))
        row.access_rules = [self.rules.chosen(session, row.user_id, rule) for rule in values.get("access_rules") or []]

    def _end(self, given: str | None) -> datetime | None:
        if given is None:
            return None
        try:
            end = datetime.fromisoformat(given)
        except ValueError:
            raise exception.BadRequest(f"Timestamp not in expected format. {CLIENT_ERROR}") from None
        end = end.astimezone(UTC).replace(tzinfo=None) if end.tzinfo else end
        if end < self.backend.clock.now():
            raise exception.BadRequest(f"The 'expires_at' must not be before now. {CLIENT_ERROR}")
        return end

    def view(self, row: ApplicationCredential) -> Body:
        """Never with its secret."""
        shown = super().view(row) | {"system": None, "expires_at": iso_micro(row.expires_at)}
        shown |= {"access_rules": row.access_rules} if row.access_rules else {}
        return shown | {"roles": [self.roles.view(role) for role in self.roles.all(Role.id.in_(row.roles))]}

    def forget(self, session: Session, user_id: str) -> None:
        """Delete a user's, with the rules that no other credential can hold then."""
        for model in (ApplicationCredential, AccessRule):
            session.execute(delete(model).where(model.user_id == user_id))

    def authenticate(self, given: Body) -> ApplicationCredential:
        """The credential whose secret this is. Raises BadRequest, NotFound, Unauthorized."""
        row: ApplicationCredential | None
        if "id" in given:
            row = self.get(given["id"])
        elif "name" not in given:
            raise exception.BadRequest(EXPECTED.format("name or ID", "application credential"))
        elif "user" not in given:
            raise exception.BadRequest(EXPECTED.format("user", "application credential"))
        else:
            user = self.identity.named(given["user"])
            named = self.find({"name": given["name"]}, ApplicationCredential.user_id == (user.id if user else ""))
            row = next(iter(named), None)
        stored, changes = row.secret_hash if row is not None else nobody(GENERATED_COST), self.backend.changes.count
        good = check_password(given.get("secret", ""), stored)
        if good and row is not None and self.backend.changes.count != changes:  # it may be gone
            row = self.get(row.id)
        if not good or row is None or (row.expires_at and row.expires_at <= self.backend.clock.now()):
            raise exception.Unauthorized()
        return row
