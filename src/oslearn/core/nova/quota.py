"""How many instances a project may still have, and how much they may grow.

Interface: `check_num_instances_quota` → how many of those asked for may start; `recheck_num_instances_quota`, after
their rows are written; `check_upsize`. Each raises TooManyInstances.
Invariants: who asks is counted twice, as the project and as a user with limits of their own; what is exactly full is
not too full.
Upstream: nova/compute/utils.py, `check_num_instances_quota`, `get_over_quota_detail`; nova/compute/api.py,
`_check_quota_for_upsize`.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.db.quotas import Scope
from oslearn.core.nova.exception import TooManyInstances

UNLIMITED = -1


def check_num_instances_quota(scopes: list[Scope], flavor: dict[str, Any], min_count: int, max_count: int) -> int:
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


def recheck_num_instances_quota(scopes: list[Scope], flavor: dict[str, Any], count: int) -> None:
    """Another request may have been accepted at the same time. Raises TooManyInstances: `count` were asked for."""
    for limits, used in scopes:
        if over := [name for name in used if 0 <= limits[name] < used[name]]:
            raise too_many(over, amounts(flavor, count), limits, limits)  # upstream calls a limit with no room used


def check_upsize(scopes: list[Scope], old: dict[str, Any], new: dict[str, Any]) -> None:
    """Only what grows is counted. Raises TooManyInstances."""
    before, after = amounts(old, 1), amounts(new, 1)
    grows = {name: after[name] - before[name] for name in ("cores", "ram") if after[name] > before[name]}
    for limits, used in scopes:
        if over := [name for name, more in grows.items() if 0 <= limits[name] < used[name] + more]:
            raise too_many(over, grows, used, limits)


def amounts(flavor: dict[str, Any], count: int) -> dict[str, Any]:
    """What so many instances of a flavor take."""
    return {"instances": count, "cores": count * flavor["vcpus"], "ram": count * flavor["memory_mb"]}


def too_many(over: list[str], asked: dict[str, Any], used: dict[str, int], limits: dict[str, int]) -> TooManyInstances:
    """The error that names everything of which there is too little."""
    over = sorted(over)
    names, req, taken, allowed = (
        ", ".join(over), *(", ".join(str(column[name]) for name in over) for column in (asked, used, limits))
    )  # fmt: skip
    return TooManyInstances(overs=names, req=req, used=taken, allowed=allowed)
