"""The real client's recorded commands, replayed: what is printed and what is exchanged are what a real cloud gave.

`python -m tests.contract.report` shows all differences at once.
"""

import pytest

from .replay import accepted, left, recorded

SHARE = 0.02
"""How many of the exchanges may differ for a reason."""


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
