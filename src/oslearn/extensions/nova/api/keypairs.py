"""nova-api: key pairs, which a user brings, or has made before 2.92.

Invariants: a private key is shown once and kept nowhere; nobody but an admin sees another user's key pairs.
Upstream: nova/api/openstack/compute/keypairs.py; nova/compute/api.py, `KeypairAPI`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from oslearn.core.nova.api.servers import NAME, TEXT, ServerAccess
from oslearn.core.nova.api.validation import V, strict
from oslearn.core.nova.api.views import micro
from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body, RequestContext, aside
from oslearn.core.oslo.exception import Forbidden
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import over
from oslearn.extensions.nova import crypto
from oslearn.extensions.nova.api.common import PAGING, limit, links, many, query
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.models import KeyPair
from oslearn.extensions.nova.exception import InvalidKeypair
from oslearn.extensions.oslo import left_out


def own(context: RequestContext, target: policy.Subject) -> bool:
    """The role admin, or the user whose key pair it is."""
    return context.is_admin or target["user_id"] == context.user_id


RULES: dict[str, policy.Rule] = {
    f"os_compute_api:os-keypairs:{verb}": own for verb in ("index", "show", "create", "delete")
}
FIELDS = {
    "name": NAME,
    "public_key": TEXT,
    "type": V({"type": "string", "enum": ["ssh", "x509"]}, 2),
    "user_id": V(TEXT, 10),
}
CREATE = strict({"keypair": strict(FIELDS, ["name", V("public_key", 92)])}, ["keypair"])
QUERY = query({"user_id": V(many(), 10)} | {name: V(schema, 35) for name, schema in PAGING.items()})
BRIEF = {"name": 1, "public_key": 1, "fingerprint": 1, "type": 2}
"""What a list shows, and since which minor version."""


MAKERS: dict[str, Callable[[crypto.Chance], tuple[str, str]]] = {"ssh": crypto.generate_key_pair}
"""What makes the private half and the public one, by type."""


class KeyPairs:
    """The key pairs of users."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, ids: Ids) -> None:
        self.access, self.db, self.ids = access, db, ids

    def index(self, req: Request) -> Body:
        """The key pairs of a user. 200, 400, 401, 403."""
        user_id = self._key_owner(req, "index")
        paged = (limit(req), req.query.get("marker")) if req.microversion >= (2, 35) else ()
        rows = self.db.key_pairs.page(user_id, *paged)
        page = {"keypairs": [{"keypair": brief(req, row)} for row in rows]}
        return page | (links(req, "keypairs", [row.name for row in rows]) if paged else {})

    def create(self, req: Request, wanted: Body) -> Reply:
        """Take a user's public key, or make a key pair. 200, 201, 400, 401, 403, 409."""
        given = wanted["keypair"]
        kind, user_id = given.get("type", "ssh"), given.get("user_id") or req.caller.user_id or ""
        self.access.allow(req, "os-keypairs:create", {"user_id": user_id})
        self._check_new(req, given["name"], user_id)
        if kind not in MAKERS:
            raise InvalidKeypair(reason=f"{kind} is left out of this cloud; {left_out.PAGE} lists what is.")
        private: dict[str, str] = {}
        public = given.get("public_key")
        if public is None:
            with aside.get()():
                made = MAKERS[kind](self.ids.secret)
            self._check_new(req, given["name"], user_id)  # others may have made some meanwhile
            private, public = {"private_key": made[0]}, made[1]
        fingerprint = crypto.generate_fingerprint(public)
        values = {"name": given["name"], "type": kind, "public_key": public, "fingerprint": fingerprint}
        row = self.db.key_pairs.create(values | {"user_id": user_id})
        shown = brief(req, row) | {"user_id": user_id} | private
        return Reply(200 if req.microversion < (2, 2) else 201, {"keypair": shown})

    def show(self, req: Request, name: str) -> Body:
        """A key pair without its private half, which is nowhere. 200, 401, 403, 404."""
        row = self.db.key_pairs.get(self._key_owner(req, "show"), name)
        never = {"deleted": False, "deleted_at": None, "updated_at": None}
        times = {"created_at": micro(row.created_at.isoformat())}
        return {"keypair": brief(req, row) | {"user_id": row.user_id, "id": row.id} | times | never}

    def delete(self, req: Request, name: str) -> Reply:
        """Forget a key pair; servers keep the half that they were given. 202, 204, 401, 403, 404."""
        self.db.key_pairs.destroy(self._key_owner(req, "delete"), name)
        return Reply(202 if req.microversion < (2, 2) else 204)

    def _key_owner(self, req: Request, verb: str) -> str | None:
        """Whose key pairs are meant."""
        asked = req.query.get("user_id") if req.microversion >= (2, 10) else None
        user_id = asked or req.caller.user_id
        self.access.allow(req, f"os-keypairs:{verb}", {"user_id": user_id})
        return user_id

    def _check_new(self, req: Request, name: str, user_id: str | None) -> None:
        if not re.fullmatch("[@.a-zA-Z0-9_ -]+" if req.microversion >= (2, 92) else "[a-zA-Z0-9_ -]+", name):
            raise InvalidKeypair(reason="Keypair name contains unsafe characters")
        limits, there = self.db.quotas.limits(req.caller.project_id, user_id or ""), self.db.key_pairs.count(user_id)
        if over(limits, {"key_pairs": there}, {"key_pairs": 1}):
            raise Forbidden("Quota exceeded, too many key pairs.")


def brief(req: Request, row: KeyPair) -> Body:
    """A key pair as lists show it."""
    return {key: getattr(row, key) for key, since in BRIEF.items() if req.microversion[1] >= since}
