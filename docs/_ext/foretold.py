"""What if? What the tests found out about each step of a flow that goes wrong, for the players of the flows.

Interface: `ask(flow, steps)` adds to the steps of a player what comes of each fault, `data(flow)` says which flow it
is. `whatif.js` shows it before the boot runs again in the page.
The tests hold tests/flows/whatif.toml to what the cloud does, so a page foretells nothing that is not so.
"""

from __future__ import annotations

import tomllib
from functools import cache

from pages import ROOT
from player import Played

TABLE = ROOT / "tests" / "flows" / "whatif.toml"


@cache
def table() -> dict[str, dict[str, dict[str, list[object]]]]:
    """By flow, step and fault: the last step that came, the server's status, who noticed, what is held if none runs."""
    return tomllib.loads(TABLE.read_text("utf-8"))


def ask(flow: str, steps: list[Played]) -> list[Played]:
    """The same, each with what comes of its faults, where the tests know it."""
    known = table().get(flow, {})
    for step in steps:
        if (found := known.get(str(step["n"]))) is not None:
            step["if"] = found
    return steps


def data(flow: str) -> dict[str, object]:
    """What the script is told of a player's flow: its name and how many steps it has."""
    return {"flow": flow, "of": len(table()[flow])} if flow in table() else {}
