"""What the players of the flows foretell."""

import pytest

import foretold
import player
from oslearn.course.faults import FAULTS
from oslearn.course.reference import classic_run, current_run


@pytest.mark.parametrize("run", [classic_run, current_run])
def test_of_each_step_each_fault_is_foretold(run):
    flow = run()
    steps = foretold.ask(flow.lens.name, player.data(flow.steps))
    assert [sorted(step["if"]) for step in steps] == [sorted(FAULTS)] * len(steps)
    assert foretold.data(flow.lens.name) == {"flow": flow.lens.name, "of": len(steps)}


def test_of_another_drawing_nothing_is_foretold():
    steps = [{"n": 1, "from": "a", "to": "b", "kind": "", "operation": "", "text": "", "payload": {}, "code": ""}]
    assert foretold.ask("own", list(steps)) == steps
    assert foretold.data("own") == {}
    assert "data-flow" not in player.panel("own", steps, foretold.data("own"))


def test_the_script_finds_its_flow():
    assert ' data-flow="classic" data-of="28" role="group"' in player.panel("a", [], foretold.data("classic"))
