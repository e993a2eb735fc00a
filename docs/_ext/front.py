"""The front page: `score` draws a whole flow in a space that the eye takes in at once, `days` is a card for each day.

A score reads from left to right, a process a line and a message a stroke, in the colours of the services. It is drawn
from the same run as the large drawings, and without Graphviz: there is nothing to lay out. `fold` hides what is long.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator
from sphinx.writers.latex import LaTeXTranslator
from sphinx.writers.manpage import ManualPageTranslator
from sphinx.writers.texinfo import TexinfoTranslator
from sphinx.writers.text import TextTranslator

import sources
from diagrams import ON_PAPER, Drawn
from oslearn.course.drawing.palette import Actor, actor, kind_of
from oslearn.trace.lens import Flow, MatchedStep

DASHES = {"reply": "3 2.5", "deliver": "1.2 2.2"}
"""The strokes that are not drawn through, as in the large drawings."""


class score(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A drawing that is a link to the page with the whole flow."""


def lines(flow: Flow) -> list[Actor]:
    """The processes, in the order in which they first take part."""
    ends = [end for m in flow.steps for end in (m.step.source, m.step.target)]
    return [actor(name) for name in dict.fromkeys(ends)]


def drawn(flow: Flow, width: float, row: float, size: float, short: bool = False) -> str:
    """The flow as an SVG: `row` is the height of a line, `size` that of its name."""
    actors, inks = lines(flow), []
    words = [who.short if short else who.key for who in actors]
    left = max(len(word) for word in words) * size * 0.6 + 8
    column = (width - left) / len(flow.steps)
    middles = {who.key: (n + 0.5) * row for n, who in enumerate(actors)}
    bottom = row * len(actors)
    for n, (key, found) in enumerate(parts(flow)):
        first = flow.steps.index(found[0])
        x, wide = left + first * column, len(found) * column
        inks.append(f'<rect class="part p{n % 2}" x="{x:.1f}" y="0" width="{wide:.1f}" height="{bottom:g}"><title>'
                    f"{html.escape(key)}</title></rect>")  # fmt: skip
    for who, word in zip(actors, words, strict=True):
        y = middles[who.key]
        place = f'x="{left - 8:.1f}" y="{y + size * 0.34:.1f}" font-size="{size:g}"'
        life = f'<path class="life" d="M{left:.1f} {y:g}H{width:g}"/>'
        inks.append(f'<g class="{who.service}"><text {place} text-anchor="end">{word}</text>{life}</g>')
    for n, m in enumerate(flow.steps):
        inks.append(stroke(m, left + (n + 0.5) * column, middles, min(column * 0.26, 5)))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {bottom:g}" aria-hidden="true">' + (
        "".join(inks) + "</svg>"
    )


def parts(flow: Flow) -> list[tuple[str, Sequence[MatchedStep]]]:
    """Each part's title and its steps."""
    return [(part.title, flow.part(part.key)) for part in flow.lens.parts]


def stroke(m: MatchedStep, x: float, middles: dict[str, float], tip: float) -> str:
    """One message: from its sender's line to its receiver's, with a head."""
    start, end = middles[m.step.source], middles[m.step.target]
    back = tip * 1.9 if start < end else -tip * 1.9
    dash = f' stroke-dasharray="{DASHES[kind]}"' if (kind := kind_of(m.event).key) in DASHES else ""
    words = html.escape(f"{m.step.n}. {m.step.source} to {m.step.target}: {m.step.label}")
    return (
        f'<g class="{actor(m.step.source).service}"><title>{words}</title><circle cx="{x:.1f}" cy="{start:g}" '
        f'r="{tip * 0.7:.1f}"/><path d="M{x:.1f} {start:g}V{end - back:.1f}"{dash}/>'
        f'<path class="tip" d="M{x:.1f} {end:g}l{-tip:.1f} {-back:.1f}h{2 * tip:.1f}z"/></g>'
    )


class Score(Drawn):
    """`.. score:: classic`: the flow in small; it leads to `:page:`."""

    required_arguments = 1
    option_spec = {"page": directives.unchanged_required, "alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        flow = self.flow(self.arguments[0])
        pictures = {"wide": drawn(flow, 736, 24, 13), "narrow": drawn(flow, 358, 19, 11.5, short=True)}
        words = ", ".join(f"{title.lower()}: {len(found)}" for title, found in parts(flow))
        alt = self.options.get("alt", f"{len(flow.steps)} messages in the order of time; {words}.")
        return [score("", pictures=pictures, page=self.options["page"], title=flow.lens.title, alt=alt)]


def visit_score(self: HTML5Translator, node: score) -> None:
    """The drawing for the width; both are one link."""
    builder = self.builder
    pictures = {
        name: picture for name, picture in node["pictures"].items() if name == "wide" or builder.name not in ON_PAPER
    }
    inside = "".join(f'<span class="os-{name}">{picture}</span>' for name, picture in pictures.items())
    address = builder.get_relative_uri(builder.current_docname, node["page"])
    alt = html.escape(node["alt"])
    self.body.append(
        f'<figure class="os-score os-diagram"><a href="{address}" aria-label="{alt} All of it on a page of its own.">'
        f"{inside}</a></figure>"
    )
    raise nodes.SkipNode


def plain_score(self: LaTeXTranslator | ManualPageTranslator | TexinfoTranslator, node: score) -> None:
    """In words, for writers without pictures."""
    self.body.append(f"[{node['title']}. {node['alt']}]")
    raise nodes.SkipNode


def text_score(self: TextTranslator, node: score) -> None:
    """In words."""
    self.new_state(0)
    self.add_text(f"[{node['title']}. {node['alt']}]")
    self.end_state()
    raise nodes.SkipNode


class Days(SphinxDirective):
    """`.. days::`: the days as cards, with what the reader has at the end, the lessons and the minutes."""

    def run(self) -> list[nodes.Node]:
        from oslearn.course import labs

        for path in sources.package().glob("course/labs/*.toml"):
            self.env.note_dependency(str(path))
        cards = nodes.bullet_list(classes=["os-days"])
        for day in labs.days():
            found = [lesson for lesson in labs.lessons() if lesson.day == day.id and lesson.main]
            minutes = sum(lesson.minutes for lesson in found)
            card = nodes.list_item(classes=[day.id])
            for text, kind in (
                (f":doc:`Day {day.id[-1]}: {day.title} </{day.id}/index>`", "title"),
                (f"{len(found)} lessons, {minutes} minutes", "time"),
                (f"At the end: {day.result}", "result"),
            ):
                words, messages = self.parse_inline(text)
                card += [nodes.paragraph("", "", *words, classes=[f"os-day-{kind}"]), *messages]
            cards += card
        return [cards]


class Fold(SphinxDirective):
    """`.. fold:: the words on it`: the content, folded away; on paper and in books it is open."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        words, messages = self.parse_inline(self.arguments[0])
        opened = nodes.raw("", '<details class="os-inside os-fold"><summary>', format="html")
        parted = nodes.raw("", "</summary>", format="html")
        closed = nodes.raw("", "</details>", format="html")
        return [opened, nodes.inline("", "", *words), parted, *messages, *self.parse_content_to_nodes(), closed]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.setup_extension("diagrams")
    app.add_node(score, html=(visit_score, None), latex=(plain_score, None), text=(text_score, None),
                 man=(plain_score, None), texinfo=(plain_score, None))  # fmt: skip
    for name, directive in (("score", Score), ("days", Days), ("fold", Fold)):
        app.add_directive(name, directive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
