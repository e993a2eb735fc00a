"""What a reader sees of the page's cloud: what happened inside it, and its map.

Interface: calls of page.py: `happened(page)` says what the last run caused, and marks it; `inside(page, look, *mark)`
draws that; `map(page, width)` draws the cloud. `drawing(page, found, look)` is for who draws another cloud's events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from happened import Happened
    from oslearn.cloud import Cloud
    from oslearn.trace.profiler import Event
    from page import Page

MIDDLE = 520
"""Pixels from which on a map is no longer that of a phone."""
Mark = tuple[int, int, int, int]
"""A page by its birth, the number of a cloud's trace, and between which of its events."""


def happened(page: Page) -> object:
    """How much the last run caused, and the mark by which it is found; nothing if nothing happened."""
    from happened import happened as drawn

    assert page.last is not None
    events = [event for event in page.last.trace if event.n > page.before]
    found = drawn(events)
    if found is None:
        return None
    return {"counted": found.counted, "mark": (page.born, id(page.last.trace), page.before, events[-1].n)}


def inside(page: Page, look: str, *mark: int) -> object:
    """What happened between the marks, or in the last run: drawing, player, steps; nothing if it is gone."""
    import player
    from happened import happened

    events = marked(page, mark) if mark else [e for e in page.last.trace if e.n > page.before] if page.last else []
    found = happened(events)
    if found is None:
        return None
    name, svgs = drawing(page, found, look)
    causes = found.causes
    steps = [player.event(event) | {"cause": causes[event.n]} for event in found.trace]
    return {"title": found.title, "caption": found.caption, "svgs": svgs, "steps": steps,
            "player": player.panel(name, [player.event(event) for event in found.trace])}  # fmt: skip


def drawing(page: Page, found: Happened, look: str) -> tuple[str, list[str]]:
    """A name that no other drawing of the page has, and the SVGs that stand under each other."""
    from happened import LOOKS, PLACES
    from inline_svg import inline, render

    page.drawn += 1
    name = f"live-{page.drawn}"
    return name, [
        inline(render(dot, "wasm"), f"{name}-{place}", found.title, found.words, lambda href: None)
        for place, dot in zip(PLACES, found.dots(LOOKS[look]), strict=True)
    ]


def marked(page: Page, mark: tuple[int, ...]) -> list[Event]:
    """The events between the marks, if their cloud and they are still there."""
    born, trace, first, last = mark
    found = next((cloud.trace for cloud in clouds(page) if id(cloud.trace) == trace), None)
    if born != page.born or found is None:
        return []
    events = [event for event in found if first < event.n <= last]
    return events if len(events) == last - first else []


def clouds(page: Page) -> Iterator[Cloud]:
    """Those that the page has."""
    yield page.shell.cloud
    if page.connected is not None:
        yield page.connected.cloud


def map(page: Page, width: float) -> object:
    """The cloud as it is now, as wide as there is room, and what of it is new since it was last another one."""
    from inline_svg import inline, render
    from oslearn.course.drawing import map as drawing
    from oslearn.course.drawing.sequence import NARROW, WIDE

    desk = page.shell.desk
    before, now = page.maps
    seen = drawing.look(desk.cloud, desk.processes(), now)
    if seen != now:
        before = now
    page.maps = before, seen
    words = seen.words(before)
    look = WIDE if width >= MIDDLE else NARROW
    look = replace(look, width=min(max(width, NARROW.width), WIDE.width))
    svg = inline(render(seen.dot(look, before), "wasm"), "map", seen.title, words, lambda href: None)
    return {"svg": svg, "news": seen.told(before)}
