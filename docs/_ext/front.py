"""The front page: `days`, a card for each day; `fold` for what is long; numbers in the prose, which the build counts.

`:counted:`commands`` in a sentence is the number of the commands that the pages run; `COUNTS` says what else there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.typing import ExtensionMetadata

import sources
from day import lasting, meter
from diagrams import diagram, on_screen, raw, run
from gather import MAKERS, gathered, note_index
from head import more
from oslearn.course import labs
from oslearn.course.drawing import registry
from oslearn.course.labs import Lesson, broken
from score import score

FIRST_SERVER = "day1/server"


def way() -> list[Lesson]:
    """The lessons of the four hours."""
    return [lesson for lesson in labs.lessons() if lesson.main]


def until(page: str) -> int:
    """The minutes from the start to the end of a lesson on the way."""
    pages = [lesson.page for lesson in way()]
    return sum(lesson.minutes for lesson in way()[: pages.index(page) + 1])


def hours(minutes: int) -> str:
    """As people say it.

    >>> hours(238), hours(60), hours(45)
    ('3 hours 58 minutes', '1 hour', '45 minutes')
    """
    named = [(n, word) for n, word in zip(divmod(minutes, 60), ("hour", "minute"), strict=True) if n]
    return " ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in named)


COUNTS: dict[str, Callable[[BuildEnvironment], object]] = {
    "commands": lambda env: sum(page.commands for page in gathered(env).values()),
    "examples": lambda env: sum(page.examples for page in gathered(env).values()),
    "drawings": lambda env: sum(page.drawings for page in gathered(env).values()),
    "not run": lambda env: sum(count for page in gathered(env).values() for _, _, count in page.unexecuted),
    "lessons": lambda _: len(way()),
    "time": lambda _: hours(sum(lesson.minutes for lesson in way())),
    "deeper": lambda _: len(labs.lessons()) - len(way()),
    "labs": lambda _: len(broken.labs()),
    "messages today": lambda env: len(run(env.config.oslearn_flows["current"]).steps),
    "minutes to a server": lambda _: until(FIRST_SERVER),
}
"""What can stand in a sentence, and who counts it."""


class Counted(SphinxRole):
    """A number that is known when every page is read."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text not in COUNTS:
            message = self.inliner.reporter.error(f"nobody counts {self.text!r}: {', '.join(COUNTS)}", line=self.lineno)
            return [], [message]
        sources.note_package(self.env)
        return [note_index(self.env, "counted", what=self.text)], []


def counted(app: Sphinx, docname: str, node: nodes.Element) -> list[nodes.Node]:
    """The number."""
    return [nodes.Text(f"{COUNTS[node['what']](app.env)}")]


def gather_drawings(app: Sphinx, doctree: nodes.document) -> None:
    """Note how many drawings a page has."""
    found = sum(isinstance(node, diagram | score) for node in doctree.findall(nodes.Element))
    gathered(app.env)[app.env.current_document.docname].drawings = found


class Days(SphinxDirective):
    """`.. days::`: a card for each day: what one has after it, whom one meets, lessons, minutes, what is done."""

    def run(self) -> list[nodes.Node]:
        sources.note_package(self.env)
        names = {service.key: service.name for service in registry.load()}
        cards = nodes.bullet_list(classes=["os-days", "os-full"])
        for day in labs.days():
            main, deeper = labs.hour(day.id), labs.deeper(day.id)
            card = nodes.list_item(classes=[day.id])
            for text, kind in (
                (f"Day {day.id[-1]}", "n"),
                (f":doc:`{day.title} </{day.id}/index>`", "title"),
                (f"**After it you have** {day.result}", "result"),
            ):
                words, messages = self.parse_inline(text)
                card += [nodes.paragraph("", "", *words, classes=[f"os-day-{kind}"]), *messages]
            chips = [nodes.inline("", names[key], classes=["os-chip", key]) for key in day.meets]
            card += nodes.paragraph("", "", *parted(chips), classes=["os-chips"])
            card += nodes.paragraph(
                "", f"{lasting(main)}{f'; {more(deeper)}' if deeper else ''}", classes=["os-day-time"]
            )
            card += meter(main)
            cards += card
        return [cards]


def parted(chips: Sequence[nodes.Node]) -> list[nodes.Node]:
    """With a blank between them."""
    return [node for chip in chips for node in (chip, nodes.Text(" "))][:-1]


class Fold(SphinxDirective):
    """`.. fold:: the words on it`: the content, folded away; on paper and in books it is open."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        words, messages = self.parse_inline(self.arguments[0])
        opened, parted, closed = map(raw, ('<details class="os-inside"><summary>', "</summary>", "</details>"))
        return [opened, nodes.inline("", "", *words), parted, *messages, *self.parse_content_to_nodes(), closed]


def over(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """The line over the title stands in the source below it, as reST wants it; a page has it above."""
    if not on_screen(app.builder):
        return
    for line in [p for p in doctree.findall(nodes.paragraph) if "os-over" in p["classes"]]:
        section: Any = line.parent
        section.remove(line)
        section.insert(0, line)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register."""
    for extension in ("gather", "score"):
        app.setup_extension(extension)
    MAKERS["counted"] = counted
    app.add_directive("days", Days)
    app.add_directive("fold", Fold)
    app.add_role("counted", Counted())
    app.connect("doctree-read", gather_drawings, priority=600)  # after `gather`
    app.connect("doctree-resolved", over)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
