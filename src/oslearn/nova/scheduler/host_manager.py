"""Finds the best host: reads hosts in the weighers' order and stops at the first that passes the filters.

Interface: `HostManager.select(spec)` yields hosts, best first; `dropped` says why the others were not chosen.
Invariants: a host that fits is found if there is one; the cost does not grow with the number of hosts as long as
the best ones fit, because the database keeps them in order.
Upstream: nova/scheduler/host_manager.py, nova/scheduler/weights/ram.py. The weighers are RAM (most free first) and
spread (fewest instances first); upstream adds weighted, normalized values, this orders by one, then the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oslearn.config import Config
from oslearn.nova.db.api import NovaDB
from oslearn.nova.scheduler import filters

FIRST_PAGE = 16
MAX_PAGE = 1024


class HostManager:
    """Reads hosts and filters them."""

    def __init__(self, db: NovaDB, is_up: Callable[[str], bool], config: Config) -> None:
        self.db, self.is_up, self.config = db, is_up, config

    def select(self, spec: filters.RequestSpec, dropped: dict[str, str]) -> Iterator[str]:
        """Host names that pass, best first; `dropped` is filled with the others' reasons on the way."""
        offset, size = 0, FIRST_PAGE
        while page := self.db.compute_node_page(offset, size):
            for node, disabled in page:
                why = filters.reason(filters.HostState(node, self.is_up(node.host), disabled), spec, self.config)
                if why is None:
                    yield node.host
                else:
                    dropped[node.host] = why
            if len(page) < size:
                return
            offset, size = offset + len(page), min(size * 4, MAX_PAGE)
