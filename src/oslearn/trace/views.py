"""How a cloud is looked at: through a lens, and unseen. The course draws it; here nothing is drawn.

Interface: `RunTrace` is what `cloud.trace` is; `unseen(cloud)`, for who looks inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Protocol

from oslearn.core.oslo.clock import Clock, Ids, SteppedClock
from oslearn.trace.lens import Flow, Lens
from oslearn.trace.profiler import Trace


class RunTrace(Trace):
    """The events of a cloud, oldest first."""

    def through(self, lens: str) -> Flow:
        """The steps of a flow, e.g. `classic`. Raises LensMismatch."""
        return Lens.load(lens).match(self)


class Watched(Protocol):
    """What is kept of a cloud."""

    trace: RunTrace
    clock: Clock
    ids: Ids


@contextmanager
def unseen(cloud: Watched) -> Iterator[None]:
    """What is looked at inside leaves no mark: a seeded cloud goes on as if nobody had looked."""
    chance = (cloud.ids, cloud.clock) if isinstance(cloud.clock, SteppedClock) else ()
    marks, paused = [(one, deepcopy(vars(one))) for one in chance], cloud.trace.paused
    cloud.trace.paused = True
    try:
        yield
    finally:
        cloud.trace.paused = paused
        for one, mark in marks:
            vars(one).update(mark)
