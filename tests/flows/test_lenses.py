"""Each flow through its lens: its steps, each one event, in order; every other event left out by a named rule."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import SEED, Lab
from oslearn.trace.lens import Flow, Lens, LensMismatch
from oslearn.trace.profiler import Trace

LENSES = {name: Lens.load(name) for name in ("classic", "current")}
STEPS = {"classic": 28, "current": 51}
EACH = [(name, n) for name, last in STEPS.items() for n in range(1, last + 1)]
PAIRS = [(name, n) for name, n in EACH if n < STEPS[name]]


class Run(NamedTuple):
    """A reference run, to be looked at only."""

    name: str
    lens: Lens
    lab: Lab
    flow: Flow

    @property
    def trace(self) -> Trace:
        return self.lab.cloud.trace


def booted(name: str, seed: int = SEED) -> Lab:
    lab = Lab.prepare(Cloud(Config(flow=name), seed=seed))
    lab.boot()
    return lab


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    labs = {name: booted(name) for name in LENSES}
    return {name: Run(name, LENSES[name], lab, LENSES[name].match(lab.cloud.trace)) for name, lab in labs.items()}


@pytest.fixture(params=LENSES)
def run(request: Any, runs: dict[str, Run]) -> Run:
    return runs[request.param]


def dump(trace: Trace) -> str:
    return json.dumps([event.fields() for event in trace])


def test_the_steps_happen_in_order(run: Run) -> None:
    assert [m.step.n for m in run.flow.steps] == list(range(1, STEPS[run.name] + 1))
    numbers = [m.event.n for m in run.flow.steps]
    assert numbers == sorted(numbers)


def test_every_event_is_a_step_or_left_out_by_a_rule_that_is_needed(run: Run) -> None:
    assert len(run.flow.steps) + len(run.flow.left_out) == len(run.trace)
    assert {rule.name for _, rule in run.flow.left_out} == {rule.name for rule in run.lens.rules}
    assert [rule.why for rule in run.lens.rules if rule not in [r for _, r in run.flow.left_out]] == []


def test_no_rule_leaves_out_a_step(run: Run) -> None:
    for matched in run.flow.steps:
        assert not [rule.name for rule in run.lens.rules if rule.covers(matched.event, run.trace)]


def test_every_step_caused_by_code_names_its_line(run: Run) -> None:
    assert [m.step.n for m in run.flow.steps if not m.event.code] == [1, 3], "only the client's own code is not ours"


@pytest.mark.parametrize(("name", "n"), EACH)
def test_a_missing_step_is_named(runs: dict[str, Run], name: str, n: int) -> None:
    run = runs[name]
    events = [event for event in run.trace if event is not run.flow[n].event]
    with pytest.raises(LensMismatch, match=rf"step {n} "):
        run.lens.match(Trace(events))


@pytest.mark.parametrize(("name", "n"), PAIRS)
def test_two_steps_in_the_wrong_order_do_not_match(runs: dict[str, Run], name: str, n: int) -> None:
    run = runs[name]
    events = list(run.trace)
    first, second = events.index(run.flow[n].event), events.index(run.flow[n + 1].event)
    events[first], events[second] = events[second], events[first]
    with pytest.raises(LensMismatch, match=rf"step {n} "):
        run.lens.match(Trace(events))


def test_causes_lead_to_the_client(run: Run) -> None:
    for matched in run.flow.steps[3:]:
        causes = list(run.trace.ancestors(matched.event))
        assert causes[-1] is run.flow[3].event, matched.step.text
        assert all(cause.n < matched.event.n for cause in causes)


def test_two_runs_with_one_seed_are_the_same_byte_for_byte(run: Run) -> None:
    assert dump(booted(run.name).cloud.trace) == dump(run.trace)
    assert dump(booted(run.name, SEED + 1).cloud.trace) != dump(run.trace)


def test_no_secret_is_in_the_trace(run: Run) -> None:
    text = dump(run.trace)
    assert not [user for user, password in run.lab.cloud.passwords.items() if password in text]
    assert "eyJ" not in text, "a token"
    assert "$scrypt$" not in text, "a password's hash"
