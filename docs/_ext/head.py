"""The head of a lesson: where it stands in its day, how long it takes, what one does, learns and needs.

A lesson's page begins with a block of lines, `| **Do:** ...`, and its minutes stand in the lesson's data. In a browser
this becomes a bar above the title, with a dot for each lesson of the day, a lead below it, and facts in columns. In a
book and on paper the block stays, and its first line says the minutes, as it does on a day's page.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import partial
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from diagrams import on_screen, raw
from oslearn.course import labs
from oslearn.course.labs import Lesson

FACTS = {"Learn": "You learn", "Need": "You need"}


def head(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put it on a lesson's page; on another that says what one does, all but the bar; on a day's, how long it takes."""
    screen = on_screen(app.builder)
    if (asks := docname.removesuffix("/check")) != docname and labs.hour(asks) and screen:
        next(iter(doctree.findall(nodes.section))).insert(0, raw(bar_of_questions(app, docname, asks)))
    lesson = next((one for one in labs.lessons() if one.page == docname), None)
    day = next((day for day in labs.DAYS if f"{day}/index" == docname), None)
    block = next(iter(doctree.findall(nodes.line_block)), None)
    if block is None or not isinstance(block.parent, nodes.section) or "Do" not in dict(facts(block)):
        return
    if day or not screen:
        if lasts := of_a_day(day) if day else lesson and f"{lesson.minutes} minutes":
            block.insert(0, nodes.line("", "", nodes.strong("", "Time:"), nodes.Text(f" {lasts}")))
        return
    said, section = dict(facts(block)), block.parent
    place = section.index(block)
    section.remove(block)
    rows = [(FACTS[key], capital(said[key])) for key in FACTS if key in said]
    if lesson:
        for note in [note for note in doctree.findall(nodes.paragraph) if "os-lab" in note["classes"]]:
            start = nodes.literal("", f"oslearn lab start {number(lesson)}")
            rows.append(("Did you skip a lesson?", [start, nodes.Text(" makes what this page needs.")]))
            note.parent.remove(note)
    section[place:place] = [lead(said), columns(rows)]
    if lesson:
        section.insert(0, raw(bar(app, lesson)))


def of_a_day(day: str) -> str:
    """How long a day takes."""
    hour, deeper = labs.hour(day), labs.deeper(day)
    words = f"{sum(one.minutes for one in hour)} minutes in {len(hour)} lessons"
    return f"{words}; {more(deeper)}, {sum(one.minutes for one in deeper)} minutes" if deeper else words


def more(deeper: list[Lesson]) -> str:
    """How many go deeper beside those of the hour."""
    return f"{len(deeper)} more {'go' if len(deeper) > 1 else 'goes'} deeper"


def facts(block: nodes.line_block) -> Iterator[tuple[str, list[nodes.Node]]]:
    """What each line says, by its first word."""
    for line in block.findall(nodes.line):
        if line.children and isinstance(line[0], nodes.strong):
            yield line[0].astext().rstrip(":"), line.children[1:]


def capital(words: list[nodes.Node]) -> list[nodes.Node]:
    """The same, as a sentence begins."""
    if words and isinstance(words[0], nodes.Text):
        first = words[0].lstrip()
        return [nodes.Text(first[:1].upper() + first[1:]), *words[1:]]
    return words


def lead(said: dict[str, list[nodes.Node]]) -> nodes.paragraph:
    """What one does, as the sentence below the title."""
    return nodes.paragraph("", "", *capital(said.get("Do", [])), nodes.Text("."), classes=["os-do"])


def columns(rows: list[tuple[str, list[nodes.Node]]]) -> nodes.bullet_list:
    """Facts side by side."""
    made = nodes.bullet_list(classes=["os-facts"])
    for title, words in rows:
        made += nodes.list_item("", nodes.paragraph("", "", nodes.strong("", title)), nodes.paragraph("", "", *words))
    return made


def bar(app: Sphinx, lesson: Lesson) -> str:
    """The day, the place in its hour, the minutes, and a dot for each lesson of the hour."""
    found = labs.hour(lesson.day)
    place = f"lesson {found.index(lesson) + 1} of {len(found)}" if lesson.main else "goes deeper"
    return (
        f'<div class="os-bar" data-lesson="{lesson.id}">{day_link(app, lesson.page, lesson.day)}'
        f"<span><b>{number(lesson)}</b>, {place}</span>"
        f'<span class="os-minutes">{lesson.minutes} minutes</span>{dots(app, lesson.page, lesson.day)}</div>'
    )


def bar_of_questions(app: Sphinx, page: str, day: str) -> str:
    """The day, and that its lessons come before."""
    after = f"<span>after lesson {number(labs.hour(day)[-1])}</span>"
    return f'<div class="os-bar">{day_link(app, page, day)}{after}{dots(app, page, day)}</div>'


def day_link(app: Sphinx, page: str, day: str) -> str:
    """The way to the day's page."""
    return f'<a href="{app.builder.get_relative_uri(page, f"{day}/index")}">Day {day[-1]}</a>'


def dots(app: Sphinx, page: str, day: str) -> str:
    """A dot for each lesson of the hour; the page's own says so."""
    link = partial(app.builder.get_relative_uri, page)
    made = "".join(
        f'<li data-lesson="{one.id}"><a href="{link(one.page)}" title="{html.escape(one.title)}"'
        f"{' aria-current=page' * (one.page == page)}>"
        f'<span class="visually-hidden">{number(one)} {html.escape(one.title)}</span></a></li>'
        for one in labs.hour(day)
    )
    return f'<ol class="os-dots" aria-label="The lessons of this day">{made}</ol>'


def number(lesson: Lesson) -> str:
    """What people call it: 1.4."""
    return lesson.id.removeprefix("day")


def excerpts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The search page leaves the bar and its like out of what it shows of a page."""
    if pagename == "search":
        app.add_js_file("search.js", defer="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register."""
    app.connect("doctree-resolved", head)
    app.connect("html-page-context", excerpts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
