"""What is measured: each figure's name, unit and aim, and what a real cloud took for the same.

The real cloud: release 2026.2 on two cores, with MariaDB, RabbitMQ and the fake hypervisor, recorded on 2026-11-22.
"""

from __future__ import annotations

from typing import NamedTuple


class Figure(NamedTuple):
    """A name for readers, the unit, what is aimed at, and what the real cloud took."""

    title: str
    unit: str
    aim: float | None = None
    real: float | None = None
    more: bool = False
    """Whether more is better."""


FIGURES = {
    "import": Figure("Import of the cloud", "s", aim=0.5),
    "start": Figure("`oslearn serve` to the first token", "s", aim=0.7, real=41.0),
    "help": Figure("`oslearn --help`", "s", aim=0.15),
    "untraced": Figure("Boots a second in process, untraced", "/s", aim=58, more=True),
    "traced": Figure("Boots a second in process, traced", "/s", more=True),
    "tracing": Figure("Cost of tracing", "times", aim=1.2),
    "row": Figure("Boots a second over HTTP, in a row", "/s", aim=35, real=0.65, more=True),
    "once": Figure("Boots a second over HTTP, 50 at once", "/s", aim=35, real=1.0, more=True),
    "active": Figure("POST to ACTIVE", "ms", aim=28, real=1480),
    "hosts1000": Figure("A boot with 1,000 hosts, against 10", "times", aim=2.5),
    "hosts10000": Figure("A boot with 10,000 hosts, against 10", "times", aim=3),
    "start1000": Figure("Start with 1,000 hosts", "s"),
    "age": Figure("The 1,000th boot, against the 10th", "times", aim=1.1),
    "memory": Figure("Memory after 200 traced boots", "MB", aim=110),
    "resident": Figure("Memory of a served cloud after 101 boots", "MB", real=3900),
    "p50": Figure("A request of 8 clients, median", "ms"),
    "p99": Figure("A request of 8 clients, 99 in 100", "ms"),
    "crowd": Figure("Memory after 10,000 requests", "MB", aim=180),
    "list": Figure("A list of 10,000 servers with details", "s"),
    "site": Figure("The site from nothing", "s", aim=25),
    "page": Figure("One page again", "s", aim=2),
}
