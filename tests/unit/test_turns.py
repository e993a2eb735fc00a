"""A trace in parts, by who works."""

from __future__ import annotations

from dataclasses import replace

from oslearn.course.drawing.turns import turns
from oslearn.trace.payloads import Shown
from oslearn.trace.profiler import Event


def event(n: int, parent: int | None, kind: str, phase: str, source: str, target: str, what: str) -> Event:
    return Event(n, kind, phase, source, target, what, Shown({}), parent=parent)


BOOT = [
    event(1, None, "http", "request", "client", "nova-api", "GET /flavors"),
    event(2, None, "http", "request", "client", "nova-api", "POST /servers"),
    event(3, 2, "http", "request", "nova-api", "glance-api", "GET /images/{id}"),
    event(4, 2, "rpc", "cast", "nova-api", "queue", "schedule"),
    event(5, 4, "rpc", "deliver", "queue", "nova-conductor", "schedule"),
    event(6, 5, "rpc", "call", "nova-conductor", "queue", "select"),
    event(7, 6, "rpc", "deliver", "queue", "nova-scheduler", "select"),
    event(8, 5, "rpc", "cast", "nova-conductor", "queue", "build"),
    event(9, 8, "rpc", "deliver", "queue", "nova-compute", "build"),
    event(10, 9, "virt", "call", "nova-compute", "hypervisor", "createXML"),
]


def test_a_call_is_of_its_callers_turn_and_a_cast_begins_one() -> None:
    found = turns(BOOT, BOOT)
    assert [turn.title for turn in found] == ["client, 2 requests: POST /servers", "nova-conductor: schedule"]
    assert [[e.n for e in turn.events] for turn in found] == [[1, 2, 3, 4], [5, 6, 7, 8, 9, 10]]


def test_a_turn_of_three_messages_has_a_heading() -> None:
    more = [*BOOT, event(11, 9, "http", "request", "nova-compute", "placement", "GET /allocations/{id}")]
    assert [turn.title for turn in turns(more, more)][-1] == "nova-compute: build"


def test_a_short_turn_stands_with_the_one_after_it() -> None:
    cast = event(1, None, "rpc", "cast", "nova-compute", "queue", "report")
    first = [cast, event(2, 1, "rpc", "deliver", "queue", "nova-conductor", "report")]
    rest = [replace(one, n=one.n + 2, parent=one.parent and one.parent + 2) for one in BOOT[:4]]
    assert [[e.n for e in turn.events] for turn in turns([*first, *rest], [*first, *rest])] == [[1, 2, 3, 4, 5, 6]]


def test_what_is_not_drawn_still_says_whose_turn_it_is() -> None:
    drawn = [e for e in BOOT if e.phase != "deliver" and e.phase != "cast"]
    together = [e.n for turn in turns(BOOT, drawn) for e in turn.events]
    assert together == [e.n for e in drawn]


def test_a_login_names_no_turn_unless_there_is_nothing_else() -> None:
    login = event(1, None, "http", "request", "client", "keystone", "POST /v3/auth/tokens")
    rest = [replace(one, n=one.n + 1, parent=one.parent and one.parent + 1) for one in BOOT[:1]]
    for found, title in (
        ([login], "client: POST /v3/auth/tokens"),
        ([login, *rest], "client, 2 requests: GET /flavors"),
    ):
        assert [turn.title for turn in turns(found, found)] == [title]
