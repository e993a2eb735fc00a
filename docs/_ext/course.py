"""What makes pages a course: `progress` (a day's lessons), and the mark that a lesson is done.

All of it is readable without a script. `course.js` keeps marks and the chosen tab in the browser; nothing leaves it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from itertools import pairwise
from posixpath import dirname, join, normpath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import sources
from diagrams import ON_PAPER
from gather import table
from oslearn.course.labs import Lesson


class Progress(SphinxDirective):
    """`.. progress:: day1`: the lessons of a day's hour, then what goes deeper; the browser marks what is done."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        from oslearn.course import labs

        note_lessons(self.env)
        found = [lesson for lesson in labs.lessons() if lesson.day == self.arguments[0]]
        if not found:
            raise self.error(f"no lessons in {self.arguments[0]!r}")
        main, deeper = ([lesson for lesson in found if lesson.main is wanted] for wanted in (True, False))
        made: list[nodes.Node] = [self.lessons(main), total("Together", main)]
        if deeper:
            made += [
                nodes.rubric("", "Going deeper"),
                self.lessons(deeper),
                total("If you have more time, together", deeper),
            ]
        return made

    def lessons(self, found: Sequence[Lesson]) -> nodes.bullet_list:
        """A list whose numbers are the lessons' own."""
        rows = nodes.bullet_list(classes=["os-progress"])
        for lesson in found:
            number = nodes.inline("", lesson.id.removeprefix("day"), classes=["os-number"])
            words, messages = self.parse_inline(f":doc:`/{lesson.page}`, {lesson.minutes} minutes")
            line = nodes.paragraph("", "", number, nodes.Text(" "), *words, *messages)
            rows += nodes.list_item("", line, classes=[f"lesson-{lesson.id}"])
        return rows


def total(words: str, lessons: Sequence[Lesson]) -> nodes.paragraph:
    """What the lessons take together."""
    return nodes.paragraph("", f"{words}: {sum(lesson.minutes for lesson in lessons)} minutes.")


class BrokenLabs(SphinxDirective):
    """`.. broken-labs::`: the break-fix labs as a table; with a day (`day1`) the two that this day ends with."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        from oslearn.course import labs
        from oslearn.course.labs import broken

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


def note_lessons(env: BuildEnvironment) -> None:
    """A page that shows the lessons is made again when they change."""
    for path in sources.package().glob("course/labs/*.toml"):
        env.note_dependency(str(path))


def page_context(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give each lesson's page its id, for the mark at its end, and its neighbours on the way of the day."""
    from oslearn.course import labs

    known = {lesson.page: lesson for lesson in labs.lessons()}
    if doctree is None or "body" not in context or app.builder.name in ON_PAPER:
        return
    if pagename in known:
        context["body"] += f'<p class="os-done" data-lesson="{known[pagename].id}" hidden></p>'
    for side, neighbour in neighbours(pagename).items():
        if neighbour in app.env.titles:
            link = app.builder.get_relative_uri(pagename, neighbour)
            context[side] = {"title": app.env.titles[neighbour].astext(), "link": link}
    context["furo_navigation_tree"] = marked(context.get("furo_navigation_tree", ""), pagename)
    if any(pagename == f"{day}/index" for day in labs.DAYS):
        ids = [lesson.id for lesson in known.values() if f"{lesson.day}/index" == pagename]
        everything = [id for lesson in labs.lessons() for id in (lesson.id, *exercise_ids(lesson))]
        context["body"] += (
            f'<div class="os-day" data-lessons="{html.escape(json.dumps(ids))}" '
            f'data-known="{html.escape(json.dumps(everything))}" hidden></div>'
        )


def exercise_ids(lesson: Lesson) -> list[str]:
    """What `oslearn progress` calls the exercises that a check looks at."""
    return [f"{lesson.id}.{n}" for n in range(1, len(lesson.exercises) + 1)]


def neighbours(pagename: str) -> dict[str, str]:
    """Which page comes before and which after: on the way of its day, else in the order of lessons."""
    from oslearn.course import labs

    day = pagename.partition("/")[0]
    lessons = [lesson for lesson in labs.lessons() if lesson.day == day]
    days = [*labs.DAYS, ""]
    after = next((f"{later}/index" if later else "labs" for one, later in pairwise(days) if one == day), "")
    way = [*(lesson.page for lesson in lessons if lesson.main), f"{day}/check", after]
    if pagename not in way:
        way = [lesson.page for lesson in lessons]
    if pagename not in way:
        return {}
    around = ["", *way, ""]
    place = around.index(pagename)
    return {"prev": around[place - 1], "next": around[place + 1]}


def marked(tree: str, pagename: str) -> str:
    """The sidebar of a page, in which each lesson has its id, for its tick, and what goes deeper says so."""
    from oslearn.course import labs

    known = {f"{day}/check": (f"{day}.check", "") for day in labs.DAYS}
    known |= {lesson.page: (lesson.id, "" if lesson.main else DEEPER) for lesson in labs.lessons()}

    def again(found: re.Match[str]) -> str:
        item, link, address, words = found.groups()
        page = pagename if address == "#" else normpath(join(dirname(pagename), address)).removesuffix(".html")
        if page not in known:
            return found[0]
        id, deeper = known[page]
        return f'<li class="{item}" data-lesson="{id}"><a class="{link}" href="{address}">{words}{deeper}</a>'

    return re.sub(r'<li class="([^"]*)"><a class="([^"]*)" href="([^"#]+\.html|#)">([^<]*)</a>', again, tree)


DEEPER = ' <span class="os-plus">(deeper)</span>'


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives and the marks."""
    app.add_directive("progress", Progress)
    app.add_directive("broken-labs", BrokenLabs)
    app.connect("html-page-context", page_context, priority=900)  # after the theme has made the sidebar
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
