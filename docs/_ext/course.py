"""What makes pages a course: `question` (a quiz), `progress` (a day's lessons), and the mark that a lesson is done.

All of it is readable without a script: a question's answer lies in a fold, a day's lessons are a list. `course.js`
keeps marks and the chosen tab in the browser; nothing leaves it.
"""

from __future__ import annotations

import html
import json
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import sources
from diagrams import ON_PAPER


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
    """`.. progress:: day1`: the lessons of a day with their minutes; the browser marks those that are done."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        from oslearn.course import labs

        for path in sources.package().glob("course/labs/*.toml"):
            self.env.note_dependency(str(path))
        found = [lesson for lesson in labs.lessons() if lesson.day == self.arguments[0]]
        if not found:
            raise self.error(f"no lessons in {self.arguments[0]!r}")
        rows = nodes.enumerated_list(enumtype="arabic", classes=["os-progress"])
        for lesson in found:
            words, messages = self.parse_inline(f":doc:`/{lesson.page}`, {lesson.minutes} minutes")
            rows += nodes.list_item("", nodes.paragraph("", "", *words, *messages), classes=[f"lesson-{lesson.id}"])
        minutes = sum(lesson.minutes for lesson in found)
        return [rows, nodes.paragraph("", f"Together: {minutes} minutes.")]


def page_context(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give each lesson's page its id, for the mark at its end."""
    from oslearn.course import labs

    known = {lesson.page: lesson.id for lesson in labs.lessons()}
    if doctree is None or "body" not in context or app.builder.name in ON_PAPER:
        return
    if pagename in known:
        context["body"] += f'<p class="os-done" data-lesson="{known[pagename]}" hidden></p>'
    if any(pagename == f"{day}/index" for day in labs.DAYS):
        pages = {lesson.id: lesson.page for lesson in labs.lessons() if f"{lesson.day}/index" == pagename}
        if pages:
            kept = json.dumps(list(pages))
            context["body"] += f'<p class="os-day" data-lessons="{html.escape(kept)}" role="status" hidden></p>'


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives and the marks."""
    app.add_directive("question", Question)
    app.add_directive("progress", Progress)
    app.connect("html-page-context", page_context)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
