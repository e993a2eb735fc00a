"""`score` draws a whole flow in a space that the eye takes in at once; where it `plays`, score.js lights up each step.

A score reads from left to right, a process a line and a message a stroke, in the colours of the services. It is drawn
from the same run as the large drawings, and without Graphviz: there is nothing to lay out. The picture is whole without
a script, in a book and on paper.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

from diagrams import IN_WORDS, Drawn, on_screen
from oslearn.course.drawing.palette import Actor, actor, kind_of
from oslearn.trace.lens import Flow, MatchedStep

DASHES = {"reply": "3 2.5", "deliver": "1.2 2.2"}
"""The strokes that are not drawn through, as in the large drawings."""


class score(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A drawing of a whole flow; its children are the words over it."""


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
        inks.append(f'<g class="process {who.service}"><text {place} text-anchor="end">{word}</text>{life}</g>')
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
        f'<g class="message {actor(m.step.source).service}"><title>{words}</title><circle cx="{x:.1f}" cy="{start:g}" '
        f'r="{tip * 0.7:.1f}"/><path d="M{x:.1f} {start:g}V{end - back:.1f}"{dash}/>'
        f'<path class="tip" d="M{x:.1f} {end:g}l{-tip:.1f} {-back:.1f}h{2 * tip:.1f}z"/></g>'
    )


class Score(Drawn):
    """`.. score:: classic`: the flow in small; the content are the words over it, `:page:` has all of the flow.

    With `:plays:` it has its parts below it, and buttons for who has a script; else the picture leads to the page.
    """

    required_arguments = 1
    has_content = True
    option_spec = {
        "page": directives.unchanged_required,
        "alt": directives.unchanged_required,
        "plays": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        flow = self.flow(self.arguments[0])
        pictures = {"wide": drawn(flow, 736, 24, 13), "narrow": drawn(flow, 358, 19, 11.5, short=True)}
        words = ", ".join(f"{title.lower()}: {len(found)}" for title, found in parts(flow))
        alt = self.options.get("alt", f"{len(flow.steps)} messages in the order of time; {words}.")
        over, messages = self.parse_inline(" ".join(self.content))
        told = [(part.key, part.title, part.say, flow.part(part.key)[-1].step.n) for part in flow.lens.parts]
        return [score("", *over, pictures=pictures, page=self.given("page"), title=flow.lens.title, words=alt,
                      parts=told if "plays" in self.options else []), *messages]  # fmt: skip


def visit_score(self: HTML5Translator, node: score) -> None:
    """The ground, and the words over the drawing; on paper and in books there is no ground."""
    ground = " os-ink" if on_screen(self.builder) else ""
    plays = " os-plays" if node["parts"] else ""
    self.body.append(f'<figure class="os-score os-diagram{ground}{plays}">')
    self.body.append('<figcaption class="os-score-head">' if node.children else "")


def depart_score(self: HTML5Translator, node: score) -> None:
    """The drawing for the width; its parts, or one link."""
    builder, alt = self.builder, html.escape(node["words"])
    screen = on_screen(builder)
    pictures = "".join(
        f'<span class="os-{name}">{picture}</span>'
        for name, picture in node["pictures"].items()
        if name == "wide" or screen
    )
    self.body.append("</figcaption>" if node.children else "")
    self.body.append(PANEL if node["parts"] and screen else "")
    if node["parts"] or not screen:
        self.body.append(f'<div class="os-score-picture" role="img" aria-label="{alt}">{pictures}</div>')
    else:
        address = builder.get_relative_uri(builder.current_docname, node["page"])
        said = f'<span class="visually-hidden">{alt}</span>'  # a link's label has to say what can be seen of it
        self.body.append(f'<a class="os-score-picture" href="{address}">{said}{pictures}</a>')
    self.body.append((listed(self, node) if node["parts"] else "") + "</figure>")


def listed(self: HTML5Translator, node: score) -> str:
    """The parts in a plain sentence each; a part that has a page beside the flow's leads there."""
    builder, folder = self.builder, node["page"].rpartition("/")[0]
    rows = []
    for key, title, say, last in node["parts"]:
        page, name = f"{folder}/{key}".lstrip("/"), html.escape(title)
        if page in builder.env.found_docs:
            name = f'<a href="{builder.get_relative_uri(builder.current_docname, page)}">{name}</a>'
        rows.append(f'<li data-last="{last}"><p class="os-part">{name}</p><p>{html.escape(say)}</p></li>')
    return f'<ol class="os-parts">{"".join(rows)}</ol>'


def button(do: str, name: str, path: str) -> str:
    """A button of the panel."""
    return (
        f'<button type="button" data-do="{do}" aria-label="{name}"><svg viewBox="0 0 24 24" aria-hidden="true">'
        f'<path d="{path}"/></svg></button>'
    )


PANEL = (
    '<div class="os-now" role="group" aria-label="Play the messages" hidden><div class="os-now-bar">'
    + button("play", "Play", "M8 5l11 7-11 7z")
    + button("back", "One step back", "M15 5l-7 7 7 7")
    + button("next", "One step on", "M9 5l7 7-7 7")
    + '</div><div class="os-now-words"><p class="os-now-step"><b class="os-now-disc"></b> '
    '<span class="os-now-who"></span> <span class="os-now-what"></span></p><p class="os-now-say"></p></div></div>'
)
"""The buttons, and the words about the step; score.js shows and fills it."""


def script(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """A page whose score plays loads what plays it; no other page does."""
    if doctree is not None and on_screen(app.builder) and any(n["parts"] for n in doctree.findall(score)):
        app.add_js_file("score.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.setup_extension("diagrams")
    app.add_node(score, html=(visit_score, depart_score), **IN_WORDS)
    app.add_directive("score", Score)
    app.connect("html-page-context", script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
