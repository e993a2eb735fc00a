"""What makes pages a course: `question` (a quiz), `progress` (a day's lessons), and the mark that a lesson is done.

All of it is readable without a script: a question's answer lies in a fold, a day's lessons are a list. `course.js`
keeps marks and the chosen tab in the browser; nothing leaves it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import sources
from diagrams import ON_PAPER
from gather import table
from oslearn.course.labs import Lesson


class Question(SphinxDirective):
    """A question: the content is a list of options and the explanation; `:answer:` is the letter of the right one."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"answer": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        content = self.parse_content_to_nodes()
        lists = [node for node in content if isinstance(node, nodes.enumerated_list)]
        answer = self.options.get("answer", "")
        if len(lists) != 1 or content[0] is not lists[0]:
            raise self.error("a question begins with one list: a. b. c.")
        letters = [chr(ord("a") + n) for n in range(len(lists[0]))]
        if answer not in letters:
            raise self.error(f":answer: is one of {', '.join(letters)}")
        if not content[1:]:
            raise self.error("after its options a question explains the answer")
        number = self.env.new_serialno("question")
        words, messages = self.parse_inline(self.arguments[0])
        made: list[nodes.Node] = [raw(f'<fieldset class="os-question" data-answer="{answer}"><legend>')]
        made += [nodes.inline("", "", *words), raw("</legend>"), *messages]
        for letter, item in zip(letters, lists[0], strict=True):
            choice = f'<input type="radio" name="question-{number}" value="{letter}" />'
            made += [raw(f'<label>{choice}<span class="os-letter">{letter}</span> '), *inline(item), raw("</label>")]
        made += [raw(f'<p role="status"></p><details><summary>Answer</summary><p><strong>{answer}.</strong></p>')]
        return [*made, *content[1:], raw("</details></fieldset>")]


def raw(text: str) -> nodes.raw:
    """HTML as it is."""
    return nodes.raw("", text, format="html")


def inline(item: nodes.Node) -> list[nodes.Node]:
    """What an option says, in a wrapper that is fit for a label."""
    (paragraph,) = item.children
    wrapper = nodes.inline("", "", *paragraph.children)
    return [wrapper]


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
        for side, neighbour in neighbours(known[pagename]).items():
            if neighbour is not None:
                context[side] = {
                    "title": neighbour.title,
                    "link": app.builder.get_relative_uri(pagename, neighbour.page),
                }
    context["furo_navigation_tree"] = marked(context.get("furo_navigation_tree", ""), known.values())
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


def neighbours(lesson: Lesson) -> dict[str, Lesson | None]:
    """Who comes before and after: on the way of the days if it is on it, else in the order of the pages."""
    from oslearn.course import labs

    way = [one for one in labs.lessons() if one.main or not lesson.main]
    place = way.index(lesson)
    return {
        "prev": way[place - 1] if place and way[place - 1].day == lesson.day else None,
        "next": way[place + 1] if place + 1 < len(way) and way[place + 1].day == lesson.day else None,
    }


def marked(tree: str, lessons: Iterable[Lesson]) -> str:
    """The sidebar, in which each lesson has its id, for its tick, and what goes deeper says so."""
    for lesson in lessons:
        name = lesson.page.rpartition("/")[2]
        deeper = "" if lesson.main else DEEPER
        link = rf'<li class="([^"]*)"><a class="([^"]*)" href="((?:[^"]*{lesson.day}/)?{name}\.html|#)">([^<]*)</a>'

        def again(found: re.Match[str], lesson: Lesson = lesson, deeper: str = deeper) -> str:
            if found[3] == "#" and found[4] != html.escape(lesson.title, quote=False):
                return found[0]
            return (
                f'<li class="{found[1]}" data-lesson="{lesson.id}"><a class="{found[2]}" href="{found[3]}">'
                f"{found[4]}{deeper}</a>"
            )

        tree = re.sub(link, again, tree)
    return tree


DEEPER = ' <span class="os-plus">(deeper)</span>'


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives and the marks."""
    app.add_directive("question", Question)
    app.add_directive("progress", Progress)
    app.add_directive("broken-labs", BrokenLabs)
    app.connect("html-page-context", page_context, priority=900)  # after the theme has made the sidebar
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
