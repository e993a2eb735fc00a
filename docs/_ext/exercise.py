"""What a reader does and meets on a page: `predict`, `exercise`, and the sections about trouble and about real clouds.

    .. predict::

       Does the cloud give you back your password, or something else?

    .. exercise::

       Make a network ``blue``.

An exercise is a directive, and no pattern that is found in the finished page: what belongs to it is what stands in it,
its number is its place on the page, and the examples in it run as they do anywhere else. The sections are found by
their titles, because there the title is what the reader sees and goes by.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

MARKS = {
    "os-wrong": re.compile(r"What goes wrong$|When .* (fails|does not answer)$"),
    "os-real": re.compile(r"On a real cloud$"),
}
"""A section's class, and how its title reads."""


class Predict(SphinxDirective):
    """A question before what answers it: a reader who has guessed looks closer."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        tag = nodes.paragraph("", "Predict first", classes=["os-tag"])
        return [nodes.container("", tag, *self.parse_content_to_nodes(), classes=["os-predict"])]


class Exercise(SphinxDirective):
    """A task and, in tabs, its hint and its solution."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        number = self.env.new_serialno("exercise") + 1
        content = self.parse_content_to_nodes()
        if not isinstance(content[0], nodes.paragraph):
            raise self.error("an exercise begins with what is to do")
        content[0].insert(0, [nodes.strong("", str(number), classes=["os-disc"]), nodes.Text(" ")])
        return [nodes.container("", *content, classes=["os-exercise"])]


def mark_sections(app: Sphinx, doctree: nodes.document) -> None:
    """Give a section about trouble, or about real clouds, its class."""
    for section in doctree.findall(nodes.section):
        title = section[0].astext()
        section["classes"] += [name for name, words in MARKS.items() if words.match(title)]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives, and look at each page's sections when it was read."""
    app.add_directive("predict", Predict)
    app.add_directive("exercise", Exercise)
    app.connect("doctree-read", mark_sections)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
