"""What a client asks before it has a token, and about one: whether it is good, its end, for what else it can have one.

Interface: `Versions`, `TokenOperations`, `Reach`; `Revocations`; `asked_by_holder`, a check; `fault(uri)`.
Upstream: keystone/api/auth.py, keystone/api/discovery.py, keystone/server/flask/application.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from html import escape

from sqlalchemy import delete

from oslearn.core.keystone import api
from oslearn.core.keystone.api import VARY, Catalog, Guard, Tokens
from oslearn.core.keystone.models import Project, RevocationEvent
from oslearn.core.keystone.token import Provider, TokenNotFound
from oslearn.core.keystonemiddleware.auth_token import ACCESS_RULES, TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.wsgi import Fault
from oslearn.extensions.keystone.api.shown import NOTHING, page
from oslearn.extensions.keystone.assignment import Assignments
from oslearn.extensions.keystone.manager import Collection

FLASK = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not "
    "found on the server. If you entered the URL manually please check your spelling and try again.{}</p>\n"
)
"""What Flask says of a path that no route has."""


def fault(uri: str) -> Fault:
    """Keystone's error shape; of what no route has Flask says so."""
    served = api.fault(uri)

    def shape(req: Request, error: exception.OpenStackError) -> Reply | None:
        if isinstance(error, exception.RouteNotFound):
            html = VARY | {"Content-Type": "text/html; charset=utf-8"}
            return Reply(404, FLASK.format(escape(str(error).partition(". ")[2])), html)
        if isinstance(error, exception.MethodNotAllowed):
            return Reply(405, {"message": "The method is not allowed for the requested URL."}, VARY)
        return served(req, error)

    return shape


def asked_by_holder(req: Request, info: TokenInfo) -> None:
    """To a service that does not hold access rules, a token that has some is none. Raises TokenNotFound."""
    if info.get("application_credential", {}).get("access_rules") and not held(req.get_header(ACCESS_RULES)):
        raise TokenNotFound()


def held(version: str | None) -> bool:
    """Whether who asks says that it holds access rules.

    >>> held("1"), held("1.5"), held("0.9"), held("x"), held(None)
    (True, True, False, False, False)
    """
    try:
        return float(version or 0) >= 1
    except ValueError:
        return False


class Versions:
    """There is one version."""

    def index(self, req: Request) -> Reply:
        """The versions there are. 300."""
        where = VARY | {"Location": f"{req.prefix}/v3/"}
        return Reply(300, {"versions": {"values": [version(req)]}}, where)

    def show(self, req: Request) -> Reply:
        """This version. 200."""
        return Reply(200, {"version": version(req)}, VARY)


def version(req: Request) -> Body:
    """The version document."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{req.prefix}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }


class Revocations:
    """Ends tokens one by one."""

    def __init__(self, db: Handle, clock: Clock, tokens: Provider) -> None:
        self.db, self.clock, self.tokens = db, clock, tokens

    def revoke(self, token: str) -> None:
        """From now on the token is not found. Raises TokenNotFound if it was none."""
        audit_id, now = self.tokens.claims(token)["openstack_audit_ids"][0], self.clock.now()
        old = RevocationEvent.issued_before < now - timedelta(seconds=self.tokens.expiration)
        with self.db.session() as session:
            session.execute(delete(RevocationEvent).where(old))  # the tokens that they ended have ended by themselves
            session.add(RevocationEvent(audit_id=audit_id, issued_before=now))
        self.tokens.forget()


class TokenOperations:
    """What is asked about a token, other than what it stands for."""

    def __init__(self, tokens: Tokens, revocations: Revocations) -> None:
        self.tokens, self.revocations = tokens, revocations

    def check(self, req: Request) -> Reply:
        """Whether another token is good. 200, 401, 403, 404."""
        self.tokens.subject(req, "check_token")
        return Reply(200, None, VARY)

    def revoke(self, req: Request) -> Reply:
        """End a token. 204, 401, 403, 404."""
        token, _ = self.tokens.subject(req, "revoke_token")
        self.revocations.revoke(token)
        return NOTHING


@dataclass
class Reach:
    """What a caller's token opens, and for what else they may have one."""

    guard: Guard
    catalog: Catalog
    assignments: Assignments
    project: Collection[Project]
    domain: Collection[Project]

    def show_catalog(self, req: Request) -> Reply:
        """The catalog of the token's project. 200, 401, 403."""
        info = self.guard.caller(req)
        if "project" not in info:
            raise exception.Forbidden()
        entries = self.catalog.entries(info["project"]["id"], info["user"]["id"])
        return Reply(200, {"catalog": entries, "links": {"self": req.uri}}, VARY)

    def projects(self, req: Request) -> Reply:
        """The projects that the caller may have a token for. 200, 401."""
        return self._reached(req, "project")

    def domains(self, req: Request) -> Reply:
        """The domains that the caller may have a token for. 200, 401."""
        return self._reached(req, "domain")

    def system(self, req: Request) -> Reply:
        """Whether the caller may have a token for the system. 200, 401."""
        user_id = self.guard.caller(req)["user"]["id"]
        system = [{"all": True}] if self.assignments.places(user_id, "system") else []
        return Reply(200, {"system": system, "links": {"self": req.uri}}, VARY)

    def _reached(self, req: Request, scope: str) -> Reply:
        ids = self.assignments.places(self.guard.caller(req)["user"]["id"], scope)
        collection = self.project if scope == "project" else self.domain
        return page(req, collection, collection.find(None, Project.id.in_(ids), Project.enabled))
