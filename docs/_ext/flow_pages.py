"""What the pages say of a flow besides its drawing: `steps`, its paragraphs; its table; `compare-table`, both flows.

Both take their words from the data of the lens and of the comparison, so a page cannot say what the run does not do.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

import sources
from diagrams import Drawn, label
from oslearn.course import reference
from oslearn.course.drawing.palette import actor, kind_of
from oslearn.trace.compare import Row, address


class Steps(Drawn):
    """`.. steps:: current`: a paragraph for each step of a `:part:`, in the words of the lens.

    Its anchor is `#step-N`, as on the pages where the words are written by hand; its label names the flow.
    """

    required_arguments = 1
    option_spec = {"part": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        flow = self.flow(self.arguments[0])
        part = self.part(flow)
        made: list[nodes.Node] = []
        for m in flow.part(part) if part else flow.steps:
            first, dot_, rest = m.step.text.partition(". ")
            words, messages = self.parse_inline(first + dot_.strip())
            more, also = self.parse_inline(rest)
            head = nodes.strong("", f"{m.step.n}. ")
            paragraph = nodes.paragraph("", "", head, nodes.strong("", "", *words), nodes.Text(" "), *more)
            paragraph["classes"], paragraph["ids"] = ["step"], [f"step-{m.step.n}"]
            paragraph["names"] = [label(flow.lens.name, m.step.n)]
            self.state.document.note_explicit_target(paragraph, paragraph)
            self.set_source_info(paragraph)
            made += [paragraph, *messages, *also]
        return made


class StepsTable(Drawn):
    """`.. steps-table:: classic`: the same steps as a table, each with the line of code that caused it."""

    required_arguments = 1
    option_spec = {"part": directives.unchanged_required}
    heads = ("#", "From", "To", "Kind", "What", "Code")
    widths = (4, 12, 12, 12, 40, 20)

    def run(self) -> list[nodes.Node]:
        flow = self.flow(self.arguments[0])
        part = self.part(flow)
        group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in self.widths), cols=len(self.widths))
        group += nodes.thead("", row(nodes.paragraph("", head) for head in self.heads))
        body = nodes.tbody("")
        for m in flow.part(part) if part else flow.steps:
            n = str(m.step.n)
            words, messages = self.parse_inline(m.step.text)
            to_step = addnodes.pending_xref(
                "", nodes.inline(n, n), refdomain="std", reftype="ref", refexplicit=True, refwarn=True,
                reftarget=label(flow.lens.name, n), refdoc=self.env.docname,
            )  # fmt: skip
            place = sources.place(self.env, self.env.docname, m.event.code)
            kind = kind_of(m.event).title.partition(":")[0]
            cells = [
                nodes.paragraph("", "", *cell) for cell in ([to_step], [nodes.Text(kind)], [*words, *messages], [place])
            ]
            for path in list(cells[-1].findall(nodes.Text)):  # a narrow column may break it behind each part
                path.parent.replace(path, nodes.Text(path.replace("/", "/\u200b").replace("_", "_\u200b")))
            body += row([cells[0], by(m.step.source), by(m.step.target), *cells[1:]])
        group += body
        return [nodes.table("", group, classes=["steps-table", "colwidths-auto"])]


def by(name: str) -> nodes.paragraph:
    """A process, in its service's colour."""
    return nodes.paragraph("", name, classes=["os-by", actor(name).service])


def row(cells: Iterable[nodes.Node]) -> nodes.row:
    """A row of a table."""
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


class CompareTable(Drawn):
    """`.. compare-table::`: the 28 steps as run, Grizzly's code, and today; each side links to its lines of code."""

    heads = ("", "The 28 steps, as run here", "Grizzly's code (2013.1)", "Today, and since when")
    widths = (13, 27, 30, 30)

    def run(self) -> list[nodes.Node]:
        self.note_package()
        group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in self.widths), cols=len(self.widths))
        group += nodes.thead("", row(nodes.paragraph("", head) for head in self.heads))
        body = nodes.tbody("")
        for found in rows():
            then, now = self.proved(found.then, found.classic.code), self.proved(found.now, found.current.code)
            now += nodes.Text(f" Since: {found.since}." if found.since else "")
            body += row([nodes.paragraph("", found.topic), then, upstream(found), now])
        group += body
        return [nodes.table("", group, classes=["compare-table"])]

    def proved(self, words: str, code: str) -> nodes.paragraph:
        """The words, which lead to the line of our code that proves them."""
        place = sources.place(self.env, self.env.docname, code)
        if isinstance(place, sources.code_place):
            place.clear()
            place += nodes.Text(words)
            return nodes.paragraph("", "", place, nodes.Text("."))
        return nodes.paragraph("", f"{words}.")


def upstream(found: Row) -> nodes.paragraph:
    """What Grizzly did, and where it can be read. A narrow column may break a path behind each part of it."""
    made = nodes.paragraph("", "", nodes.Text(f"{found.grizzly}: "))
    for n, place in enumerate(found.places):
        words = place.rpartition(":")[2] if n and same_file(place, found.places[n - 1]) else place
        text = words.replace("/", "/\u200b").replace("_", "_\u200b")
        made += [nodes.Text(", " if n else ""), nodes.reference("", text, refuri=address(place))]
    made += nodes.Text(".")
    return made


def same_file(place: str, before: str) -> bool:
    """Two lines of one file."""
    return place.partition(":")[0] == before.partition(":")[0]


@cache
def rows() -> list[Row]:
    """What changed, once a build."""
    return reference.compare_runs()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.setup_extension("diagrams")
    app.add_directive("steps", Steps)
    app.add_directive("steps-table", StepsTable)
    app.add_directive("compare-table", CompareTable)
    app.connect("builder-inited", lambda _app: rows.cache_clear())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
