"""What the owner of a cloud apart asks: its trace, its processes.

Interface: `Desk(fleet, collector)`, as `oslearn.course.desk.Desk` is for a cloud in one process.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.apart.collector import Collector
from oslearn.apart.fleet import Fleet
from oslearn.apart.servers import StartError
from oslearn.course.processes import Process
from oslearn.trace.profiler import Event
from oslearn.trace.select import contents, select
from oslearn.trace.views import RunTrace

ONE = "a cloud apart has no other beside it"


class Desk:
    """Processes are stopped as `systemctl stop` does, and started."""

    is_aside = False

    def __init__(self, fleet: Fleet, collector: Collector) -> None:
        self.fleet, self.collector = fleet, collector

    @property
    def trace(self) -> RunTrace:
        """What has happened, so far as it has come here."""
        return self.collector.trace()

    def events(self, of: str) -> Sequence[Event]:
        """What the trace has of `last`, a request or a server. Raises LookupError, which tells what it has."""
        trace = self.trace
        try:
            return select(trace, of)
        except KeyError:
            raise LookupError(f"the trace does not have it. {contents(trace)}") from None

    def forget(self) -> None:
        """Empty the trace."""
        self.collector.forget()

    def processes(self) -> list[Process]:
        """What runs, and what does not."""
        return self.fleet.processes()

    def stop(self, name: str) -> None:
        """End one. Raises LookupError, which tells the nearest names."""
        self.fleet.stop(name)

    def start(self, name: str) -> None:
        """Start one again. Raises LookupError, which tells the nearest names; ValueError if it does not start."""
        try:
            self.fleet.start(name)
        except (ChildProcessError, TimeoutError, StartError) as error:
            raise ValueError(str(error)) from None

    def aside(self) -> None:
        """Raises LookupError."""
        raise LookupError(ONE)

    back = reset = aside
