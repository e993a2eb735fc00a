"""The player under a sequence diagram: one step after the other, with its words and its payload.

`data(steps)` is what the page needs to know, `event(shown)` of an event that is no step; `panel(name, steps)` is the
HTML, hidden until `player.js` finds it.
Without a script the plain diagram and the table stay.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from oslearn.course.drawing.palette import kind_of
from oslearn.course.faults import ANSWERS
from oslearn.trace.lens import MatchedStep
from oslearn.trace.payloads import Payload
from oslearn.trace.profiler import Event

PAYLOAD = 1500
"""Characters of a payload; a longer one is cut."""
Played = TypedDict(
    "Played",
    {"n": int, "from": str, "to": str, "kind": str, "operation": str, "text": str, "payload": Payload | str,
     "code": str, "answer": NotRequired[bool], "if": NotRequired[dict[str, list[object]]]},
)  # fmt: skip
"""What the player knows of a step; `answer`: somebody waits for it; `if`: what comes of its faults, foretold.py."""
NOTHING: Mapping[str, object] = {}
BUTTONS = (
    ("first", "First step", "M6 5v14M19 5l-9 7 9 7z"),
    ("back", "Step back", "M15.5 5l-8 7 8 7"),
    ("play", "Play", "M8 5l11 7-11 7z"),
    ("next", "Next step", "M8.5 5l8 7-8 7"),
    ("last", "Last step", "M18 5v14M5 5l9 7-9 7z"),
)


def data(steps: Sequence[MatchedStep]) -> list[Played]:
    """A step's number, ends, kind, words, payload and code."""
    return [
        {
            "n": m.step.n,
            "from": m.step.source,
            "to": m.step.target,
            "kind": kind_of(m.event).title.partition(":")[0],
            "operation": m.event.what,
            "text": words(m.step.text),
            "payload": shortened(m.event.payload),
            "code": m.event.code,
            "answer": m.event.phase in ANSWERS,
        }
        for m in steps
    ]


def event(shown: Event) -> Played:
    """An event of a run; its operation says all, so it has no words of its own."""
    return {
        "n": shown.n,
        "from": shown.source,
        "to": shown.target,
        "kind": f"{shown.kind} {shown.phase}",
        "operation": shown.what,
        "text": "",
        "payload": shortened(shown.payload),
        "code": shown.code,
    }


def words(text: str) -> str:
    """A caption's reST as HTML: literals are all that it has."""
    return re.sub(r"``(.+?)``", r"<code>\1</code>", html.escape(text))


def shortened(payload: Payload) -> Payload | str:
    """The payload, which the page's script writes out; of a long one the beginning as text, and how much there is."""
    text = json.dumps(payload, indent=2, ensure_ascii=False)
    return payload if len(text) <= PAYLOAD else f"{text[:PAYLOAD]}\n… ({len(text)} characters in all)"


def panel(name: str, steps: list[Played], data: Mapping[str, object] = NOTHING) -> str:
    """The player of the drawing `name`, with what a script finds as its data."""
    processes = sorted({end for step in steps for end in (step["from"], step["to"])})
    options = "".join(f"<option>{html.escape(process)}</option>" for process in processes)
    buttons = "".join(button(*row) for row in BUTTONS)
    more = "".join(f' data-{key}="{value}"' for key, value in data.items())
    # `<` is written as an escape, so that no payload can end the element.
    kept = json.dumps(steps, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="os-player" id="player-{name}"{more} role="group" '
        'aria-label="Step through the diagram" hidden>'
        f'<div class="os-player-bar">{buttons}<span class="os-player-count" role="status"></span>'
        f'<label>Follow <select><option value="">every process</option>{options}</select></label></div>'
        '<div class="os-player-now" hidden><p class="os-player-title"></p><p class="os-player-words"></p>'
        '<details><summary>What went over the wire</summary><pre tabindex="0"></pre></details></div>'
        f'<script type="application/json">{kept}</script></div>'
    )


def button(do: str, label: str, path: str) -> str:
    """A button of the player; a closed path is filled."""
    fill = "" if path.endswith("z") else ' fill="none"'
    return (
        f'<button type="button" data-do="{do}" aria-label="{label}" title="{label}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"{fill}/></svg></button>'
    )
