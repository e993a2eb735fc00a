"""Who may do what: rules by operation name, checked against the request's roles.

Interface: `Enforcer(rules, error)`; `enforce(context, action, target)` returns nothing or raises PolicyNotAuthorized.
A rule is a function of (context, target).
Upstream: oslo.policy; each service's `policies/`. Left out: the rule language, policy files, scope types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oslearn.oslo import exception
from oslearn.oslo.context import RequestContext

Rule = Callable[[RequestContext, Mapping[str, Any]], bool]


def admin(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """The role admin."""
    return context.is_admin


def admin_or_service(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """The role admin, or a service's user."""
    return context.is_admin or "service" in context.roles


def owner(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """The caller's own project, or an admin or service."""
    return admin_or_service(context, target) or context.project_id == target.get("project_id", context.project_id)


def project_reader(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """May read in its own project."""
    return owner(context, target) and bool({"reader", "member", "admin", "service", "manager"} & set(context.roles))


def project_member(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """May change its own project."""
    return owner(context, target) and bool({"member", "admin", "service", "manager"} & set(context.roles))


class Enforcer:
    """The rules of one service."""

    def __init__(
        self, rules: Mapping[str, Rule], message: str = "Policy doesn't allow %(action)s to be performed."
    ) -> None:
        self.rules, self.message = rules, message

    def enforce(self, context: RequestContext, action: str, target: Mapping[str, Any] | None = None) -> None:
        """Let pass or refuse. Raises PolicyNotAuthorized; KeyError for an action without a rule."""
        if not self.rules[action](context, target or {}):
            raise exception.PolicyNotAuthorized(self.message % {"action": action}, action=action)
