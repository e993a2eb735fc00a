"""Who may do what, by rules that are checked against the request's roles; and how much of it, by quotas.

Interface: `Enforcer(rules, message, scope_types)`; `enforce(context, action, target)` returns nothing or raises
PolicyNotAuthorized. A rule is a function of (context, target). `over(limits, used, more)` is what would go beyond a
quota.
Invariants: a token for a domain or for the system opens only an API that says so with `scope_types`. What is
exactly full is not too full; what has no limit is not counted.
Upstream: oslo.policy, each service's `policies/`; oslo.limit, each service's `quota.py`, which counts its own
tables. Left out: the rule language, policy files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oslearn.core.oslo import exception
from oslearn.core.oslo.context import RequestContext

Subject = Mapping[str, Any]
"""What a rule may ask of the thing that it is about: `project_id`, `user_id`, ..."""
Rule = Callable[[RequestContext, Subject], bool]
UNLIMITED = -1
"""A limit that is none."""


def anybody(context: RequestContext, target: Subject) -> bool:
    """Who has a token."""
    return True


def admin(context: RequestContext, target: Subject) -> bool:
    """The role admin."""
    return context.is_admin


def admin_or_service(context: RequestContext, target: Subject) -> bool:
    """The role admin, or a service's user."""
    return context.is_admin or "service" in context.roles


def owner(context: RequestContext, target: Subject) -> bool:
    """The caller's own project, or an admin or service."""
    return admin_or_service(context, target) or context.project_id == target.get("project_id", context.project_id)


def project_reader(context: RequestContext, target: Subject) -> bool:
    """May read in its own project."""
    return owner(context, target) and bool({"reader", "member", "admin", "service", "manager"} & set(context.roles))


def project_member(context: RequestContext, target: Subject) -> bool:
    """May change its own project."""
    return owner(context, target) and bool({"member", "admin", "service", "manager"} & set(context.roles))


class Enforcer:
    """The rules of one service."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        message: str = "Policy doesn't allow %(action)s to be performed.",
        scope_types: tuple[str, ...] = ("project",),
    ) -> None:
        """`scope_types` are those whose tokens may ask for anything at all."""
        self.rules, self.message, self.scope_types = dict(rules), message, scope_types

    def enforce(self, context: RequestContext, action: str, target: Subject | None = None) -> None:
        """Let pass or refuse. Raises PolicyNotAuthorized; KeyError for an action without a rule."""
        rule = self.rules[action]
        scope = "system" if context.system_scope else "domain" if context.domain_id else "project"
        if scope not in self.scope_types or not rule(context, target or {}):
            raise exception.PolicyNotAuthorized(self.message % {"action": action}, action=action)


def over(limits: Mapping[str, int], used: Mapping[str, int], more: Mapping[str, int]) -> list[str]:
    """The resources of which so much more would be too much, by name.

    >>> over({"cores": 4, "ram": -1}, {"cores": 3}, {"cores": 2, "ram": 1 << 40})
    ['cores']
    """
    return sorted(name for name, n in more.items() if 0 <= limits.get(name, UNLIMITED) < used.get(name, 0) + n)
