"""What of a trace is drawn."""

from __future__ import annotations

from oslearn.course.drawing.choice import LOGIN, chosen, left_out, sort_of, takes_part
from oslearn.trace.payloads import Shown
from oslearn.trace.profiler import Event


def event(n: int, kind: str, phase: str, operation: str, source: str = "client", target: str = "nova-api") -> Event:
    return Event(n, kind, phase, source, target, operation, Shown({}))


EVENTS = [
    event(1, "http", "request", LOGIN[1], target="keystone"),
    event(2, "http", "request", "POST /v2.1/servers"),
    event(3, "db", "insert", "INSERT instances", "nova-api", "nova-db"),
    event(4, "http", "reply", "POST /v2.1/servers", "nova-api", "client"),
]


def test_an_event_is_of_one_sort() -> None:
    assert [sort_of(e) for e in EVENTS] == ["login", "course", "db", "replies"]


def test_what_is_little_is_drawn_whole_and_of_much_one_sort_after_another_is_left_out() -> None:
    for most, kept in ((4, [1, 2, 3, 4]), (3, [2, 3, 4]), (2, [2, 4]), (1, [2]), (0, [2])):
        assert [e.n for e in chosen(EVENTS, most=most)] == kept


def test_what_is_left_out_is_said() -> None:
    assert left_out(EVENTS, EVENTS) == ""
    assert left_out(EVENTS, EVENTS[1:]) == "Left out: the login."
    assert left_out(EVENTS, chosen(EVENTS, most=1)) == "Left out: the login, what the databases are asked and replies."
    objects = event(5, "rpc", "call", "object_action", "nova-compute", "queue")
    assert sort_of(objects) == "objects"
    assert "through nova-conductor" in left_out([objects], [])
    assert left_out(EVENTS, EVENTS[:1]).endswith("replies and what other processes do.")
    other = event(6, "db", "read", "SELECT tokens", "keystone", "keystone-db")
    assert left_out([*EVENTS, other], EVENTS) == "Left out: what other processes do."


def test_what_is_wanted_stays() -> None:
    assert [e.n for e in chosen(EVENTS, ["db", "login"], most=1)] == [1, 2, 3]


def test_the_processes_to_follow_are_named() -> None:
    assert [e.n for e in EVENTS if takes_part(e, ["nova-db", "keystone"])] == [1, 3]
    assert all(takes_part(e, []) for e in EVENTS)
