"""Who asks, and whether they may.

Interface: `Guard`: `caller`, `enforce`; `VARY`, what each reply says; `body(req)`, what each request brings.
Invariants: Keystone has no filter in front of it: who asks is read from the caller's own token here.
Upstream: keystone/common/rbac_enforcer, keystone/server/flask/request_processing.
"""

from __future__ import annotations

from oslearn.core.keystone.schemas import CLIENT_ERROR
from oslearn.core.keystone.token import Provider
from oslearn.core.keystonemiddleware.auth_token import Check, TokenInfo, fill
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request

VARY = {"Vary": "X-Auth-Token"}
REFUSED = "You are not authorized to perform the requested action: identity:%(action)s."
RULES: dict[str, policy.Rule] = {
    "validate_token": policy.any_of(policy.admin, policy.system_reader, policy.service, policy.own_user)
}


class Guard:
    """Asks the caller's token, then the policy. `checks` hold for each caller, as in the filter before other APIs."""

    def __init__(self, tokens: Provider) -> None:
        self.tokens, self.policy = tokens, policy.Enforcer(RULES, REFUSED, ("project", "domain", "system"))
        self.checks: list[Check] = []

    def caller(self, req: Request) -> TokenInfo:
        """What the caller's own token stands for, which also fills the request's context. Raises Unauthorized."""
        token = req.get_header("X-Auth-Token") or ""
        try:
            info = self.tokens.validate(token)
        except exception.NotFound:
            raise exception.Unauthorized() from None
        for check in self.checks:
            check(req, info)
        fill(req.caller, info, token)
        req.env["keystone.token_info"] = info
        return info

    def enforce(self, req: Request, action: str, **target: object) -> TokenInfo:
        """What the caller's token stands for. Raises Unauthorized, PolicyNotAuthorized."""
        info = self.caller(req)
        self.policy.enforce(req.caller, action, target)
        return info


def body(req: Request) -> Body:
    """The body, which may be missing. Raises BadRequest."""
    if not req.content_length:
        return {}
    kind = (req.content_type or "").partition(";")[0].strip()
    if kind and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise exception.BadRequest(f"Expecting to find application/json in Content-Type header. {CLIENT_ERROR}")
    try:
        return req.json_body()
    except exception.MalformedRequestBody:
        raise exception.BadRequest(f"Expecting to find valid JSON in request body. {CLIENT_ERROR}") from None
