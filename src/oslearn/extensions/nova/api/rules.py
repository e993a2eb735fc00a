"""A rule that nova-api has of its own. Upstream: nova/policies/base.py, `PROJECT_MANAGER_OR_ADMIN`."""

from __future__ import annotations

from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext


def project_manager(context: RequestContext, target: policy.Target) -> bool:
    """May do in its own project what others leave to an operator."""
    return policy.owner(context, target) and bool({"manager", "admin"} & set(context.roles))
