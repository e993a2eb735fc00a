"""What others do at the same moment: nothing that was accepted is missed, and nothing that there is is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from keystoneauth1 import exceptions as ks

from oslearn.core.config import Config
from oslearn.core.nova.compute.events import PLUGGED, ExternalEvents, InstanceEvents
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.cells import CELL0, CELL1, Databases
from oslearn.core.nova.db.models import ApiBase, Base
from oslearn.core.nova.scheduler.report import TRIES, SchedulerReportClient
from oslearn.core.oslo.clock import Ids, SteppedClock
from oslearn.core.oslo.db import Handle
from oslearn.extensions.nova.db.lists import ServerLists
from oslearn.extensions.oslo.database import open_database

INSTANCE = {
    "uuid": "u1", "project_id": "p", "user_id": "u", "display_name": "vm", "image_ref": "i", "flavor": {},
    "memory_mb": 1, "vcpus": 1, "root_gb": 1, "vm_state": "building", "block_device_mappings": [], "tags": [],
}  # fmt: skip


class Placement:
    """Refuses so many claims, with a code."""

    def __init__(self, refusals: int, code: str) -> None:
        self.refusals, self.code, self.asked = refusals, code, 0

    def request(self, method: str, path: str, **more: Any) -> Any:
        if method == "GET":
            return SimpleNamespace(json=lambda: {"allocations": {}})
        self.asked += 1
        if self.asked > self.refusals:
            return None
        raise ks.Conflict(response=SimpleNamespace(json=lambda: {"errors": [{"code": self.code}]}))


@pytest.mark.parametrize(
    ("refusals", "code", "claimed", "asked"),
    [
        (0, "", True, 1),
        (2, "placement.concurrent_update", True, 3),
        (TRIES, "placement.concurrent_update", False, TRIES),
        (1, "placement.undefined_code", False, 1),
    ],
)
def test_a_claim_that_others_disturb_is_tried_again(refusals: int, code: str, claimed: bool, asked: int) -> None:
    placement = Placement(refusals, code)
    report = SchedulerReportClient(placement)  # type: ignore[arg-type]
    assert report.claim_resources("u1", {"allocations": {}}, "p", "u") is claimed
    assert placement.asked == asked


class Watched(Handle):
    """A handle behind whose reads something happens once."""

    then: Callable[[], object] | None = None

    @contextmanager
    def session(self) -> Iterator[Any]:
        with super().session() as session:
            yield session
        if self.then:
            self.then, then = None, self.then
            then()


def test_a_server_that_gets_its_row_while_a_list_is_read_is_in_it_once() -> None:
    bases = {"api": ApiBase, CELL0: Base, CELL1: Base}
    handles = {
        name: Watched("test", name, open_database(name, Config()).create(base).engine) for name, base in bases.items()
    }
    cells = {CELL1: handles[CELL1], CELL0: handles[CELL0]}
    databases = Databases(handles["api"], handles[CELL1], cells, Ids(1), SteppedClock(), Config())
    db = NovaDB(databases)
    (request,) = db.requests.create([INSTANCE], {})

    def scheduled() -> None:
        db.instances.create({**request})
        db.requests.destroy("u1")

    for place in handles.values():
        place.then = None
    handles["api"].then = scheduled
    page = ServerLists(databases).page({}, [("created_at", "desc")], None)
    assert [one["uuid"] for one in page] == ["u1"]


def test_a_port_may_be_plugged_before_anybody_waits_for_it() -> None:
    events = InstanceEvents(SimpleNamespace(wait_for=lambda happened: happened()), Config())  # type: ignore[arg-type]
    heard = ExternalEvents(events, None)  # type: ignore[arg-type]
    said: Any = [{"name": PLUGGED, "server_uuid": "u1", "tag": "port1"}]
    with events.prepare("u1"):
        heard.external_instance_event(None, [{"uuid": "u1"}], said)  # type: ignore[arg-type, typeddict-item]
        events.wait_for_vifs("u1", [{"port_id": "port1", "active": False}])
    heard.external_instance_event(None, [{"uuid": "u1"}], said)  # type: ignore[arg-type, typeddict-item]
    assert events.plugged == {}
