"""A trace that can also be seen through a lens and drawn: what `cloud.trace` is."""

from __future__ import annotations

from oslearn.trace import dot
from oslearn.trace.lens import Flow, Lens
from oslearn.trace.profiler import Trace


class RunTrace(Trace):
    """The events of a cloud, oldest first."""

    def dot(self) -> str:
        """A sequence diagram of all events, in Graphviz's language."""
        return dot.trace_dot(self)

    def through(self, lens: str) -> Flow:
        """The steps of a flow, e.g. `classic`. Raises LensMismatch."""
        return Lens.load(lens).match(self)
