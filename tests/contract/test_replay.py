"""The real client's recorded commands, replayed: what is printed, what is exchanged and what happens inside.

Inside means: the same callers, callees, operations and kinds, in the same order. One file, since one replay serves all
of it. `python -m tests.contract.report` shows all differences at once.
"""

import pytest

from . import inside
from .replay import accepted, left, recorded

SHARE = 0.02
"""How many of the exchanges may differ for a reason."""
NUMBERS = {command.name: n for n, command in enumerate(recorded())}


@pytest.mark.parametrize("n", [pytest.param(n, id=command.name) for n, command in enumerate(recorded())])
def test_a_command_does_what_was_recorded(replay, n):
    found = left(recorded()[n], replay.result(n))
    assert not found, "\n".join(map(str, found))


def every_difference(replay):
    return [(command, found) for n, command in enumerate(recorded()) for found in replay.result(n)]


def test_every_accepted_difference_is_found_and_has_a_reason(replay):
    pairs = every_difference(replay)
    idle = [entry for entry in accepted() if not entry.chance and not any(entry.covers(*pair) for pair in pairs)]
    assert idle == []
    assert all(len(entry.reason) > 10 for entry in accepted())


def test_few_exchanges_differ_for_a_reason(replay):
    differing = {
        (command.name, found.exchange)
        for command, found in every_difference(replay)
        if found.exchange and any(entry.covers(command, found) for entry in accepted())
    }
    assert len(differing) <= SHARE * sum(len(command.exchanges) for command in recorded())


@pytest.mark.parametrize("name", inside.recorded())
def test_inside_it_is_as_recorded(replay, happened, name):
    replay.result(NUMBERS[name])
    assert "\n".join(inside.compare(name, happened[name])) == ""


@pytest.mark.parametrize("kind", ["left_out", "added", "moved", "repeated"])
def test_every_rule_is_needed_and_has_a_reason(replay, happened, kind):
    replay.result(max(NUMBERS[name] for name in inside.recorded()))
    sides = {"left_out": [inside.recorded()], "added": [happened]}.get(kind, [inside.recorded(), happened])
    events = [(name, event) for side in sides for name, found in side.items() for event in found]
    assert [rule for rule in inside.rules(kind) if not any(rule.covers(*pair) for pair in events)] == []
    assert all(len(rule.reason) > 10 for rule in inside.rules(kind))
