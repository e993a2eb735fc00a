"""How many instances a project may still have.

Interface: `check_num_instances_quota` → how many of those asked for may start; raises TooManyInstances.
Upstream: nova/compute/utils.py, `check_num_instances_quota`, `get_over_quota_detail`.
"""

from __future__ import annotations

from typing import Any

from oslearn.nova.exception import TooManyInstances

UNLIMITED = -1


def check_num_instances_quota(
    limits: dict[str, int], used: dict[str, int], flavor: dict[str, Any], min_count: int, max_count: int
) -> int:
    """As many as fit, if at least `min_count` do. Raises TooManyInstances."""
    each = {"cores": flavor["vcpus"], "instances": 1, "ram": flavor["memory_mb"]}
    room = {
        name: (limits[name] - used[name]) // each[name] for name in each if limits[name] != UNLIMITED and each[name]
    }
    allowed = min([max_count, *room.values()])
    if allowed >= min_count:
        return allowed
    count = str(min_count) if min_count == max_count else f"{min_count}-{max_count}"
    asked = {name: str(max_count * amount) for name, amount in each.items()} | {"instances": count}
    over = [name for name, fits in room.items() if fits < max_count]
    raise too_many(over, asked, limits, used)


def too_many(over: list[str], asked: dict[str, Any], limits: dict[str, int], used: dict[str, int]) -> TooManyInstances:
    """The error that names everything of which there is too little."""
    overs, req, taken, allowed = (", ".join(str(n) for n in column) for column in zip(
        *((name, asked[name], used[name], limits[name]) for name in over), strict=True
    ))  # fmt: skip
    return TooManyInstances(overs=overs, req=req, used=taken, allowed=allowed)
