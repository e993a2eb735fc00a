"""What if? Each step of both flows goes wrong in each of four ways: what comes of it is in whatif.toml, and no more."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from oslearn.course.faults import ANSWERS, FAULTS
from oslearn.course.whatif import REFUSED, Bench, held, told, what_if
from oslearn.trace.lens import Lens

TABLE = tomllib.loads((Path(__file__).parent / "whatif.toml").read_text("utf-8"))
"""By flow, step and fault: how far the boot came, the server's status, who noticed, and what is held if none runs."""
CASES = [(flow, step.n, how) for flow in TABLE for step in Lens.load(flow).steps for how in FAULTS]


@cache
def bench(flow: str, how: str) -> Bench:
    return Bench(flow)


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    yield
    bench.cache_clear()


@pytest.mark.parametrize(("flow", "n", "how"), CASES)
def test_what_comes_of_it(flow: str, n: int, how: str) -> None:
    asked = bench(flow, how)
    outcome = asked.ask(n, how)
    left = [] if outcome.status == "ACTIVE" else sorted(outcome.left)
    assert [outcome.reached, outcome.status, outcome.noticed, left] == TABLE[flow][str(n)][how]
    assert outcome.message or outcome.status in ("ACTIVE", "BUILD")
    assert held(asked.lab) == {}  # the user deletes the server, and nothing stays
    assert asked.lab.cloud.connect("demo").compute.get("/servers").json()["servers"] == []


@pytest.mark.parametrize("flow", TABLE)
def test_a_fault_is_seen_in_the_trace_where_it_was_without_it(flow: str) -> None:
    outcome = what_if(flow, 12, "error")
    assert any(event.matches(**outcome.step.pattern) for event in outcome.trace)


def test_it_is_told() -> None:
    lines = told(what_if("classic", 12, "lose")).splitlines()
    assert lines[0].startswith("Step 12, nova-scheduler to queue")
    assert "BUILD" in lines[4]
    assert lines[3].endswith("nobody")
    assert lines[5].endswith("1 host with an instance on it")
    assert told(what_if("classic", 3, "stop")).splitlines()[4].split()[4] == f"{REFUSED}:"


@pytest.mark.parametrize("flow", TABLE)
def test_who_is_stopped_notices_nothing(flow: str) -> None:
    for step in Lens.load(flow).steps:
        gone = step.source if step.pattern["phase"] in ANSWERS else step.target
        assert TABLE[flow][str(step.n)]["stop"][2] != gone, step


def test_of_a_reply_the_sender_is_said_to_stop() -> None:
    said = told(what_if("classic", 2, "stop")).splitlines()
    assert said[1] == "The message does not come: its sender has stopped."
    assert said[2].endswith("1 to 2")
    assert told(what_if("classic", 1, "lose")).splitlines()[2] == "Steps that came, in order:  1"


@pytest.mark.parametrize(("n", "how"), [(0, "lose"), (29, "lose"), (1, "shout")])
def test_what_is_not_there_is_refused(n: int, how: str) -> None:
    with pytest.raises(ValueError, match=r"the steps 1 to 28|a fault is one of"):
        what_if("classic", n, how)
