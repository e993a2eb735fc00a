"""A learner's desk: the cloud that commands reach, which may be laid aside for another one and come back.

Interface: `Desk(own, other)`; `desk.cloud`, `desk.trace`; `aside()`, `back()`, `reset()`; `events(of)`, `forget()`;
`processes()`, `stop(name)`, `start(name)`.
Invariants: who logs in stays the same, whichever cloud lies there; a cloud that was laid aside is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oslearn.cloud import Cloud
from oslearn.course import control
from oslearn.course.processes import Process
from oslearn.trace.profiler import Event
from oslearn.trace.select import contents, select
from oslearn.trace.views import RunTrace


class Desk:
    """`own(anew)` opens the learner's cloud, or makes a new one in its place; `other()` makes one for a while."""

    def __init__(self, own: Callable[[bool], Cloud], other: Callable[[], Cloud]) -> None:
        self._own, self._other = own, other
        self.cloud = self._kept = own(False)

    @property
    def is_aside(self) -> bool:
        """Whether the learner's own cloud is laid aside."""
        return self.cloud is not self._kept

    @property
    def trace(self) -> RunTrace:
        """What has happened in the cloud that lies there."""
        return self.cloud.trace

    def aside(self) -> None:
        """Lay the learner's cloud aside, and a new one in its place."""
        self.cloud = self._other()

    def back(self) -> None:
        """Have the learner's own cloud again; the other one is gone."""
        self.cloud = self._kept

    def reset(self) -> None:
        """A new cloud in the place of the learner's own, which is gone. Raises OSError."""
        for database in self._kept.databases.values():
            database.engine.dispose()
        self.cloud = self._kept = self._own(True)

    def events(self, of: str) -> Sequence[Event]:
        """What the trace has of `last`, a request or a server. Raises LookupError, which tells what it has."""
        try:
            return select(self.cloud.trace, of)
        except KeyError:
            raise LookupError(f"the trace does not have it. {contents(self.cloud.trace)}") from None

    def forget(self) -> None:
        """Empty the trace."""
        self.cloud.trace.clear()

    def processes(self) -> list[Process]:
        """What runs, and what does not."""
        return control.processes(self.cloud)

    def stop(self, name: str) -> None:
        """Stop one. Raises LookupError, which tells the nearest names."""
        control.stop(self.cloud, name)

    def start(self, name: str) -> None:
        """Start one. Raises LookupError, which tells the nearest names."""
        control.start(self.cloud, name)


def on_a_desk(cloud: Cloud) -> Desk:
    """A desk with this cloud, and no other to lay in its place."""

    def own(anew: bool) -> Cloud:
        if anew:
            raise LookupError("there is no other cloud than this one")
        return cloud

    return Desk(own, lambda: own(True))
