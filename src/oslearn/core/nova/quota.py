"""How many instances a project may still have.

Interface: `check_num_instances_quota` → how many of those asked for may start; `recheck_num_instances_quota`, after
their rows are written; `amounts`; `too_many`, the error of both.
Invariants: who asks is counted twice, as the project and as a user with limits of their own; what is exactly full is
not too full.
Upstream: nova/compute/utils.py, `check_num_instances_quota`, `get_over_quota_detail`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oslearn.core.nova.db.quotas import Scope
from oslearn.core.nova.exception import TooManyInstances
from oslearn.core.nova.objects import Flavor
from oslearn.core.oslo.policy import UNLIMITED, over


def check_num_instances_quota(scopes: Sequence[Scope], flavor: Flavor, min_count: int, max_count: int) -> int:
    """As many as fit, if at least `min_count` do. Raises TooManyInstances."""
    each = amounts(flavor, 1)
    allowed = max_count
    for limits, used in scopes:
        room = {n: (limits[n] - used[n]) // each[n] for n in each if limits[n] != UNLIMITED and each[n]}
        fits = min([max_count, *room.values()])
        if fits < min_count:
            count = str(min_count) if min_count == max_count else f"{min_count}-{max_count}"
            asked = amounts(flavor, max_count) | {"instances": count}
            raise too_many([name for name, fit in room.items() if fit < max_count], asked, used, limits)
        allowed = min(allowed, fits)
    return allowed


def recheck_num_instances_quota(scopes: Sequence[Scope], flavor: Flavor, count: int) -> None:
    """Another request may have been accepted at the same time. Raises TooManyInstances: `count` were asked for."""
    for limits, used in scopes:
        if names := over(limits, used, dict.fromkeys(used, 0)):
            raise too_many(names, amounts(flavor, count), limits, limits)  # upstream calls a limit with no room used


def amounts(flavor: Flavor, count: int) -> dict[str, int]:
    """What so many instances of a flavor take, memory in MiB."""
    return {"instances": count, "cores": count * flavor["vcpus"], "ram": count * flavor["memory_mb"]}


def too_many(
    names: Sequence[str], asked: Mapping[str, int | str], used: Mapping[str, int], limits: Mapping[str, int]
) -> TooManyInstances:
    """The error that names everything of which there is too little."""
    names = sorted(names)
    req, taken, allowed = (", ".join(str(column[name]) for name in names) for column in (asked, used, limits))
    return TooManyInstances(overs=", ".join(names), req=req, used=taken, allowed=allowed)
