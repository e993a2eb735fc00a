"""Quotas as far as they are alike in every service: limits that win over others, and what would go beyond them.

Interface: `UNLIMITED`, `over(limits, used, more)`.
Invariants: what is exactly full is not too full; -1 is no limit; what has no limit is not counted.
Upstream: oslo.limit, nova/quota.py, cinder/quota.py. How much there is each service counts in its own tables.
"""

from __future__ import annotations

from collections.abc import Mapping

UNLIMITED = -1


def over(limits: Mapping[str, int], used: Mapping[str, int], more: Mapping[str, int]) -> list[str]:
    """The resources of which so much more would be too much, by name.

    >>> over({"cores": 4, "ram": -1}, {"cores": 3}, {"cores": 2, "ram": 1 << 40})
    ['cores']
    """
    return sorted(name for name, n in more.items() if 0 <= limits.get(name, UNLIMITED) < used.get(name, 0) + n)
