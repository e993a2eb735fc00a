"""A trace that can also be seen through a lens: what `cloud.trace` is. The course draws it; it draws nothing itself."""

from __future__ import annotations

from oslearn.trace.lens import Flow, Lens
from oslearn.trace.profiler import Trace


class RunTrace(Trace):
    """The events of a cloud, oldest first."""

    def through(self, lens: str) -> Flow:
        """The steps of a flow, e.g. `classic`. Raises LensMismatch."""
        return Lens.load(lens).match(self)
