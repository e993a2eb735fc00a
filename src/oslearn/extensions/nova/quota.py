"""How much an instance may grow. Upstream: nova/compute/api.py, `_check_quota_for_upsize`."""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.core.nova.db.quotas import Scope
from oslearn.core.nova.objects import Flavor
from oslearn.core.nova.quota import amounts, too_many
from oslearn.core.oslo.policy import over


def check_upsize(scopes: Sequence[Scope], old: Flavor, new: Flavor) -> None:
    """Only what grows is counted. Raises TooManyInstances."""
    before, after = amounts(old, 1), amounts(new, 1)
    grows = {name: after[name] - before[name] for name in ("cores", "ram") if after[name] > before[name]}
    for limits, used in scopes:
        if names := over(limits, used, grows):
            raise too_many(names, grows, used, limits)
