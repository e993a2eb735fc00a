"""The index of troubles: `troubles`, a table of `trouble` entries, and `filter`, the field that searches tables.

A trouble's message is not typed: `:message:` names a part of it, and the line shown is the one that the lesson's run
printed below the label `trouble-N`. If no run printed it, the build says so.
"""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from diagrams import raw
from gather import MAKERS, TROUBLE, Place, in_order, link, note_index, table

LOG = logging.getLogger(__name__)


class Trouble(SphinxDirective):
    """One trouble: its number, what the reader sees, and below it the cause.

    `:message:` has a part of each message, one a line, in which `…` stands for anything; `:symptom:` says in words what
    there is to see where nothing is printed, or printed in a server that the pages cannot enter.
    """

    required_arguments = 1
    has_content = True
    option_spec = {"message": directives.unchanged_required, "symptom": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        wanted = self.options.get("message", "").splitlines()
        words, said = self.parse_inline(self.options.get("symptom", ""))
        if not self.content or not (wanted or words):
            raise self.error("a trouble has a :message: or a :symptom:, and its cause")
        label = TROUBLE + self.arguments[0]
        seen = nodes.paragraph("", "", *words) if words else nodes.Text("")
        lines = [note_index(self.env, "message", label=label, wanted=text) for text in wanted]
        where = note_index(self.env, "trouble", label=label)
        for node in (*lines, where):
            self.set_source_info(node)
        cells: list[list[nodes.Node]] = [[*([seen] if words else []), *lines], self.parse_content_to_nodes(), [where]]
        return [nodes.row("", *(nodes.entry("", *cell) for cell in cells), ids=[f"about-{label}"]), *said]


class Troubles(SphinxDirective):
    """The table: its content is nothing but `trouble` entries."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        rows = self.parse_content_to_nodes()
        if not rows or not all(isinstance(node, nodes.row) for node in rows):
            raise self.error("`troubles` holds `trouble` entries and nothing else")
        made = table(("What you see", "What it means", "Shown in"), [], ["troubles", "os-filtered"])
        body = next(iter(made.findall(nodes.tbody)))
        body.extend(rows)
        return [made]


def message(app: Sphinx, docname: str, node: nodes.Element) -> list[nodes.Node]:
    """The line that was printed below the label, the wanted part in bold."""
    _, printed = outputs(app).get(node["label"], (None, []))
    pattern = re.compile(".*?".join(map(re.escape, node["wanted"].split("…"))))
    for line in map(str.strip, printed):
        if match := pattern.search(line):
            before, after = line[: match.start()], line[match.end() :]
            strong = nodes.strong("", match[0])
            return [nodes.paragraph("", "", nodes.literal("", "", nodes.Text(before), strong, nodes.Text(after)))]
    LOG.warning("nothing below the label %s printed %r", node["label"], node["wanted"], location=node)
    return [nodes.paragraph("", node["wanted"])]


def where(app: Sphinx, docname: str, node: nodes.Element) -> list[nodes.Node]:
    """A link to the label."""
    place, _ = outputs(app).get(node["label"], (None, []))
    if place is None:
        LOG.warning("no page has the label %s", node["label"], location=node)
        return [nodes.paragraph("", "—")]
    return [nodes.paragraph("", "", link(app, docname, place))]


def outputs(app: Sphinx) -> dict[str, tuple[Place, list[str]]]:
    """What was printed below each label, on whichever page it is."""
    return {label: found for page in in_order(app.env) for label, found in page.outputs.items()}


class Filter(SphinxDirective):
    """`.. filter:: Search the messages`: a field that a script makes, for the tables of class `os-filtered`."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        label = html.escape(self.arguments[0])
        return [raw(f'<div class="os-filter" data-label="{label}" hidden=""></div>')]


def add_script(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """The script of the field, on the pages that have one."""
    if 'class="os-filter"' in context.get("body", ""):
        app.add_js_file("reference.js", defer="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.setup_extension("gather")
    MAKERS.update(message=message, trouble=where)
    app.add_directive("troubles", Troubles)
    app.add_directive("trouble", Trouble)
    app.add_directive("filter", Filter)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
