"""Who may do what in an account: its project's roles, or a container's access control list.

Interface: `authorize(req, account, acl, of_object, reads)`, `clean_acl(header, value)`, `DelayedAuth(auth)`.
Invariants: a request without a valid token is nobody's, and may do what a list allows to everybody.
Upstream: swift/common/middleware/keystoneauth.py, acl.py; keystonemiddleware's `delay_auth_decision`.
Left out: service tokens, account lists, container sync.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import falcon

from oslearn.core.keystonemiddleware.auth_token import AuthProtocol
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request

OPERATOR_ROLES = {"admin", "manager", "member"}
READER_ROLES = {"reader"}
RESELLER_ADMIN_ROLE = "reselleradmin"
"""May do everything in every account."""


class DelayedAuth:
    """A middleware around auth_token: who has no valid token is let in as nobody."""

    def __init__(self, auth: AuthProtocol) -> None:
        self.auth = auth

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Fill in the request's context if there is a token."""
        try:
            self.auth.process_request(req, resp)
        except exception.Unauthorized:
            req.caller.roles = []


def authorize(
    req: Request, account: str, acl: str = "", *, container: str = "", of_object: bool = False, reads: bool = False
) -> bool:
    """Whether the caller owns the account. Raises Unauthorized, Forbidden if it may not do this at all."""
    if "swift.tempurl" in req.env:  # a signature stands in for a token, and reaches no further than its key
        if req.env["swift.tempurl"] in ((account, ""), (account, container)):
            return False
        raise exception.Unauthorized(account=account)
    caller, roles = req.caller, {role.lower() for role in req.caller.roles}
    own = caller.user_id is not None and account == f"AUTH_{caller.project_id}"
    if is_reseller(req) or (own and OPERATOR_ROLES & roles):
        return True
    entries = acl.split(",") if acl else []
    hosts = [entry[3:] for entry in entries if entry.startswith(".r:")]
    groups = {unquote(entry) for entry in entries}
    everybody = _referrer_allowed(req.referer, hosts) and (of_object or ".rlistings" in groups)
    named = {f"{project}:{user}" for project in _names(req, "project") for user in _names(req, "user")}
    listed = caller.user_id is not None and (named & groups or (own and roles & {group.lower() for group in groups}))
    if everybody or listed or (own and reads and READER_ROLES & roles):
        return False
    raise exception.Forbidden() if caller.user_id else exception.Unauthorized(account=account)


def is_reseller(req: Request) -> bool:
    """Whether the caller manages all accounts."""
    return RESELLER_ADMIN_ROLE in {role.lower() for role in req.caller.roles}


def domain_id(req: Request) -> str | None:
    """The domain of the caller's project."""
    project = req.env.get("keystone.token_info", {}).get("project", {})
    found: str | None = project.get("domain", {}).get("id")
    return found


def _names(req: Request, kind: str) -> set[str]:
    """What stands for the caller in a list: the id, and in the default domain the name."""
    who = req.env.get("keystone.token_info", {}).get(kind, {})
    known = [req.caller.project_id if kind == "project" else req.caller.user_id]
    if who.get("domain", {}).get("id") == "default":
        known.append(who.get("name"))
    return {"*", *filter(None, known)}


def _referrer_allowed(referrer: str | None, hosts: list[str]) -> bool:
    """Whether the last entry that fits the page that linked here lets it pass."""
    try:
        host, allowed = urlsplit(referrer or "").hostname or "unknown", False
    except ValueError:  # no URL
        return False
    for entry in hosts:
        wanted = entry.removeprefix("-")
        if wanted in ("*", host) or (wanted.startswith(".") and host.endswith(wanted)):
            allowed = not entry.startswith("-")
    return allowed


def clean_acl(header: str, value: str) -> str:
    """The list as it is kept. Raises BadRequest."""
    entries = [entry.strip() for entry in value.split(",")]
    return ",".join(_clean_entry(header, entry) for entry in entries if entry)


def _clean_entry(header: str, entry: str) -> str:
    first, colon, second = (part.strip() for part in entry.partition(":"))
    if not colon or not first.startswith("."):
        return entry
    if first not in (".r", ".ref", ".referer", ".referrer"):
        raise exception.BadRequest(f"Unknown designator {first!r} in ACL: {entry!r}")
    if header == "X-Container-Write":
        raise exception.BadRequest(f"Referrers not allowed in write ACL: {entry!r}")
    minus = "-" if second.startswith("-") else ""
    host = second.removeprefix("-").strip()
    host = host if host == "*" else host.removeprefix("*").strip()
    if host in ("", "."):
        raise exception.BadRequest(f"No host/domain value after referrer designation in ACL: {entry!r}")
    return f".r:{minus}{host}"
