"""A day's own page: its head, a button to begin, its lessons with what one does in each, its labs.

    .. progress:: day1          the lessons of the hour; with `:deeper:` those that go deeper
    .. broken-labs:: day1       the labs that the day ends with

The page begins with a block of lines, `| **Do:** ...`, as a lesson does. In a browser this becomes a bar above the
title, a lead, a button and facts; in a book and on paper the block stays. What one does in a lesson is read from its
page.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator
from sphinx.writers.latex import LaTeXTranslator
from sphinx.writers.manpage import ManualPageTranslator
from sphinx.writers.texinfo import TexinfoTranslator
from sphinx.writers.text import TextTranslator

import sources
from diagrams import on_screen, raw
from gather import table
from head import FACTS, capital, columns, facts, lead, number
from oslearn.course import labs
from oslearn.course.labs import Lesson, broken

DO = re.compile(r"^\| \*\*Do:\*\* (.+(?:\n  +.+)*)", re.MULTILINE)
TITLE = re.compile(r"Day \d: ")


class lesson_row(nodes.list_item):  # noqa: N801 - docutils names nodes so
    """A row of a day's list; `lesson` is the id by which the browser finds its mark."""


def does(page: Path) -> str:
    """What one does on a lesson's page, as a sentence.

    >>> DO.findall("| **Do:** make a network\\n  and a subnet\\n| **Learn:** what it is")
    ['make a network\\n  and a subnet']
    """
    found = DO.search(page.read_text("utf-8"))
    if found is None:
        raise LookupError(f"{page.name} does not say what one does: | **Do:** ...")
    words = " ".join(found[1].split())
    return f"{words[:1].upper()}{words[1:]}."


def lasting(lessons: Sequence[Lesson]) -> str:
    """How many, how long."""
    return f"{len(lessons)} lesson{'s' * (len(lessons) != 1)}, {sum(lesson.minutes for lesson in lessons)} minutes"


def meter(lessons: Sequence[Lesson]) -> nodes.raw:
    """Where the browser shows how many of these are done, if any are."""
    ids = html.escape(json.dumps([lesson.id for lesson in lessons]))
    return raw(f'<p class="os-meter" data-lessons="{ids}" hidden=""></p>')


def note_lessons(env: BuildEnvironment) -> None:
    """A page that shows the lessons is made again when they change."""
    for path in sources.package().glob("course/labs/*.toml"):
        env.note_dependency(str(path))


class Progress(SphinxDirective):
    """`.. progress:: day1`: the lessons of a day's hour and its questions; `:deeper:`, what goes deeper."""

    required_arguments = 1
    option_spec = {"deeper": directives.flag}

    def run(self) -> list[nodes.Node]:
        note_lessons(self.env)
        day, deeper = self.arguments[0], "deeper" in self.options
        found = labs.deeper(day) if deeper else labs.hour(day)
        if not found:
            raise self.error(f"no lessons in {day!r}")
        rows = nodes.bullet_list("", *map(self.row, found), classes=["os-lessons", "os-full"])
        if deeper:
            return [nodes.paragraph("", f"{lasting(found)}, if you have more time.", classes=["os-sum"]), rows]
        if f"{day}/check" in self.env.found_docs:
            rows += self.questions(day)
        known = [id for lesson in labs.lessons() for id in (lesson.id, *exercise_ids(lesson))]
        line = raw(f'<div class="os-day" data-known="{html.escape(json.dumps(known))}" hidden=""></div>')
        return [meter(found), rows, line]

    def row(self, lesson: Lesson) -> lesson_row:
        """A lesson: its number, title and minutes, and what one does."""
        path = Path(self.env.doc2path(lesson.page))
        self.env.note_dependency(str(path))
        try:
            words, _ = self.parse_inline(does(path))
        except LookupError as error:
            raise self.error(str(error)) from None
        lasts = nodes.inline("", "", nodes.inline("", ", ", classes=["visually-hidden"]), classes=["os-min"])
        lasts += nodes.Text(f"{lesson.minutes} min")
        first = self.line(number(lesson), lesson.title, lesson.page, lasts)
        return lesson_row("", first, nodes.paragraph("", "", *words), lesson=lesson.id)

    def questions(self, day: str) -> lesson_row:
        """The last row: the page that asks."""
        said = nodes.paragraph("", f"Questions about Day {day[-1]}. A wrong choice tells you why it is wrong.")
        return lesson_row("", self.line("?", "Check yourself", f"{day}/check"), said, lesson=f"{day}.check")

    def line(self, disc: str, title: str, page: str, *more: nodes.Node) -> nodes.paragraph:
        """A row's first line."""
        words, _ = self.parse_inline(f":doc:`{title} </{page}>`")
        return nodes.paragraph("", "", nodes.inline("", disc, classes=["os-number"]), nodes.Text(" "), *words, *more)


def exercise_ids(lesson: Lesson) -> list[str]:
    """What `oslearn progress` calls the exercises that a check looks at."""
    return [f"{lesson.id}.{n}" for n in range(1, len(lesson.exercises) + 1)]


class BrokenLabs(SphinxDirective):
    """`.. broken-labs::`: the break-fix labs as a table; with a day (`day1`) the two that this day ends with."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        note_lessons(self.env)
        found = [one for one in broken.labs() if not self.arguments or f"day{one.day}" == self.arguments[0]]
        if not found:
            raise self.error(f"no labs in {self.arguments[0]!r}")
        made = table(("Lab", "What a user sees", "Difficulty", "Teaches what you need"), [], ["os-labs"])
        body = next(iter(made.findall(nodes.tbody)))
        for one in found:
            lesson = labs.find(one.teaches)
            shown = (f"``oslearn lab break {one.number}``", one.title, f"{one.level} of 3", f":doc:`/{lesson.page}`")
            body += nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *self.parse_inline(w)[0])) for w in shown))
        return [made]


def head(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the head on a day's page."""
    day = next((day for day in labs.days() if f"{day.id}/index" == docname), None)
    block = next(iter(doctree.findall(nodes.line_block)), None)
    if day is None or block is None or not on_screen(app.builder):
        return
    found, section, said = labs.hour(day.id), block.parent, dict(facts(block))
    assert isinstance(section, nodes.section)
    place = section.index(block)
    section.remove(block)
    title = next(iter(section.findall(nodes.title)))
    title[:] = [nodes.Text(TITLE.sub("", title.astext()))]
    learn = [(FACTS[key], capital(said[key])) for key in FACTS if key in said]
    section[place:place] = [lead(said), raw(begin(app, docname, found)), columns(learn)]
    section.insert(0, raw(
        f'<div class="os-bar"><b>Day {day.id[-1]} of {len(labs.days())}</b><span>{len(found)} lessons</span>'
        f'<span class="os-minutes">{sum(lesson.minutes for lesson in found)} minutes</span></div>'
    ))  # fmt: skip


def begin(app: Sphinx, docname: str, lessons: Sequence[Lesson]) -> str:
    """The button; who has all of the day's marks finds the next day behind it."""
    days = [day.id for day in labs.days()]
    after, more = days.index(lessons[0].day) + 1, ""
    if after < len(days):
        more = f' data-after="{app.builder.get_relative_uri(docname, f"{days[after]}/index")}"'
    address = app.builder.get_relative_uri(docname, lessons[0].page)
    return f'<p class="os-begin"><a class="os-button" href="{address}"{more}>Start with {number(lessons[0])}</a></p>'


def visit_row(self: HTML5Translator, node: lesson_row) -> None:
    """An item that names its lesson."""
    self.body.append(self.starttag(node, "li", "", **{"data-lesson": node["lesson"]}))


def depart_row(self: HTML5Translator, node: lesson_row) -> None:
    """Its end."""
    self.body.append("</li>\n")


Plain = LaTeXTranslator | ManualPageTranslator | TexinfoTranslator | TextTranslator


def visit_plain(self: Plain, node: lesson_row) -> None:
    """As any item."""
    self.visit_list_item(node)


def depart_plain(self: Plain, node: lesson_row) -> None:
    """As any item."""
    self.depart_list_item(node)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register."""
    plain = (visit_plain, depart_plain)
    app.add_node(lesson_row, html=(visit_row, depart_row), latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_directive("progress", Progress)
    app.add_directive("broken-labs", BrokenLabs)
    app.connect("doctree-resolved", head, priority=400)  # before a lesson's head looks for such a block
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
