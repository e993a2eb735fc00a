"""A rule that nova-api has of its own. Upstream: nova/policies/base.py, `PROJECT_MANAGER_OR_ADMIN`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext


def project_manager(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """May do in its own project what others leave to an operator."""
    return policy.owner(context, target) and bool({"manager", "admin"} & set(context.roles))
