"""What is lost, doubled or half done in a cloud apart, seen from outside.

Interface: `judged(cloud, clients)`, as lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from tests.apart.cloud import Apart
from tests.chaos.judge import Judge


class Ledger(Protocol):
    """What a client was answered."""

    accepted: list[str]
    deleted: list[str]
    unsure: set[str]


class ApartJudge(Judge):
    """The same questions, but for those that read the files of one process."""

    def __init__(self, cloud: Apart, clients: Sequence[Ledger]) -> None:
        super().__init__(cloud.admin, cloud.folder)
        self.clients = clients

    def answers(self) -> Iterator[str]:
        """What was accepted is there unless it was deleted, and what was deleted is gone."""
        for client in self.clients:
            kept = [uuid for uuid in client.accepted if uuid not in client.unsure]
            yield from (f"server {uuid} was accepted and is not there" for uuid in kept if uuid not in self.by_id)
            yield from (f"server {uuid} was deleted and is there" for uuid in client.deleted if uuid in self.by_id)

    def faults(self) -> Iterator[str]:
        """Who failed says why."""
        for uuid, server in self.by_id.items():
            if server["status"] == "ERROR" and not server.get("fault"):
                yield f"server {uuid} is ERROR without a fault"


def judged(cloud: Apart, clients: Sequence[Ledger]) -> list[str]:
    """What is not as it would be had nobody been killed."""
    judge: Any = ApartJudge(cloud, clients)
    parts = (judge.answers, judge.faults, judge.servers, judge.ports, judge.networks, judge.allocations)
    return sorted(line for part in parts for line in part())
