"""Application credentials: a program logs in with one, for one project, with some of its user's roles.

Invariants: a secret is shown once and kept as a hash; it gives no role that its user does not have; it goes with its
user and its project.
Upstream: keystone/application_credential/core.py. Left out: the limit on their number; access rules
(`access_rules`, each with a `method`) are kept, not held.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from oslearn.keystone.manager import Kind
from oslearn.keystone.models import ApplicationCredential, Role
from oslearn.keystone.password import check_password
from oslearn.keystone.schemas import APPLICATION_CREDENTIAL, CLIENT_ERROR, EXPECTED
from oslearn.oslo import exception
from oslearn.oslo.clock import iso_micro

GENERATED_COST = 2**4
"""scrypt's N for what Keystone drew itself: too long to guess, however fast."""


class ApplicationCredentials(Kind):
    """Application credentials of users."""

    name, model = "application_credential", ApplicationCredential
    attributes = APPLICATION_CREDENTIAL["properties"]["application_credential"]["properties"]
    shown = ("id", "name", "description", "user_id", "project_id", "unrestricted")
    filters = ("name",)
    missing = "Could not find Application Credential: {id}."

    def preparing(self, row: ApplicationCredential | None, values: dict[str, Any]) -> None:
        """A secret that is not given is drawn."""
        if row is not None:
            given, drawn = values.get("secret"), base64.urlsafe_b64encode(self.ids.secret(64)).decode().rstrip("=")
            row.secret_hash = self.manager.hash(given or drawn, None if given else GENERATED_COST)
            values["secret"] = given or drawn

    def creating(self, session: Session, row: ApplicationCredential, values: dict[str, Any]) -> None:
        """`roles` are ids. Raises BadRequest."""
        row.user_id, row.project_id, row.roles = values["user_id"], values["project_id"], values["roles"]
        row.expires_at = self._end(values.get("expires_at"))
        row.access_rules = [{"id": self.ids.hex()} | rule for rule in values.get("access_rules") or []]

    def _end(self, given: str | None) -> datetime | None:
        if given is None:
            return None
        try:
            end = datetime.fromisoformat(given)
        except ValueError:
            raise exception.BadRequest(f"Timestamp not in expected format. {CLIENT_ERROR}") from None
        end = end.astimezone(UTC).replace(tzinfo=None) if end.tzinfo else end
        if end < self.manager.clock.now():
            raise exception.BadRequest(f"The 'expires_at' must not be before now. {CLIENT_ERROR}")
        return end

    def view(self, row: ApplicationCredential) -> dict[str, Any]:
        """Never with its secret."""
        roles = self.manager.kinds["role"]
        shown = super().view(row) | {"system": None, "expires_at": iso_micro(row.expires_at)}
        shown |= {"access_rules": row.access_rules} if row.access_rules else {}
        return shown | {"roles": [roles.view(role) for role in Kind.find(roles, None, Role.id.in_(row.roles))]}

    def authenticate(self, given: dict[str, Any]) -> ApplicationCredential:
        """The credential whose secret this is. Raises BadRequest, NotFound, Unauthorized."""
        if "id" in given:
            row = self.get(given["id"])
        elif "name" not in given:
            raise exception.BadRequest(EXPECTED.format("name or ID", "application credential"))
        elif "user" not in given:
            raise exception.BadRequest(EXPECTED.format("user", "application credential"))
        else:
            user = self.manager.kinds["user"].named(given["user"])
            named = self.find({"name": given["name"]}, ApplicationCredential.user_id == (user.id if user else ""))
            row = next(iter(named), None)
        good = row is not None and check_password(given.get("secret", ""), row.secret_hash)
        if not good or (row.expires_at and row.expires_at <= self.manager.clock.now()):
            raise exception.Unauthorized()
        return row
