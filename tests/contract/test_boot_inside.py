"""What the recorded commands cause inside: the same callers, callees, operations and kinds, in the same order."""

import pytest

from . import inside
from .replay import recorded

NUMBERS = {command.name: n for n, command in enumerate(recorded())}


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
