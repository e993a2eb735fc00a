"""The diagrams of the course: `sequence`, `ecosystem` and `steps-table`, drawn from a run while the site is built.

A directive asks the flow's run for its data and keeps DOT in the document; the writer draws it. The run happens once a
build; a page with a diagram is read again when a file of the package changes. Settings: `oslearn_dot` ("wasm", or a
system `dot`) and `oslearn_flows` (which function makes which flow).
"""

from __future__ import annotations

import html
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator
from sphinx.writers.latex import LaTeXTranslator
from sphinx.writers.manpage import ManualPageTranslator
from sphinx.writers.texinfo import TexinfoTranslator
from sphinx.writers.text import TextTranslator

import foretold
import player
import sources
from happened import LOOKS
from inline_svg import cached, inline
from oslearn.course.drawing import ecosystem, registry
from oslearn.course.drawing import nodes as machines
from oslearn.course.drawing import sequence as dot
from oslearn.trace.lens import Flow

LOG = logging.getLogger(__name__)
NODES = {
    "client": ("client",),
    "controller": ("keystone", "nova-api", "nova-db", "queue", "nova-scheduler", "nova-conductor", "glance-api",
                   "neutron-server", "cinder-api"),
    "compute": ("nova-compute", "hypervisor"),
}  # fmt: skip
"""Which process of the classic flow runs on which machine."""
CLASSIC = "classic"
ON_PAPER = ("epub", "singlehtml")
"""Builders whose pages are read on paper or as a book: one drawing each, without its player."""


def on_screen(builder: Builder) -> bool:
    """Whether a browser shows its pages, so that what a script does and what is wider than a book may be in them."""
    return builder.format == "html" and builder.name not in ON_PAPER


def raw(text: str) -> nodes.raw:
    """HTML as it is; who writes something else leaves it out."""
    return nodes.raw("", text, format="html")


class diagram(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A drawing: `variants` maps wide and narrow to the DOT texts that stand under each other."""


@cache
def run(path: str) -> Flow:
    """The flow that `module:function` makes, once a build."""
    module, _, function = path.partition(":")
    return getattr(import_module(module), function)()  # type: ignore[no-any-return]


class Drawn(SphinxDirective):
    """What the directives share: the flow, the dependencies, the ids."""

    def flow(self, name: str) -> Flow:
        """The flow of that name. A wrong name is an error at the directive's line."""
        if name not in self.config.oslearn_flows:
            raise self.error(f"no flow {name!r} in oslearn_flows: {', '.join(self.config.oslearn_flows)}")
        self.note_package()
        return run(self.config.oslearn_flows[name])

    def note_package(self) -> None:
        """The page is out of date when the package is: its diagrams come from a run of it."""
        sources.note_package(self.env)

    def given(self, name: str) -> str:
        """An option that has to be there."""
        if name not in self.options:
            raise self.error(f":{name}: is missing")
        return str(self.options[name])

    def part(self, flow: Flow) -> str | None:
        """The part that is asked for."""
        part, known = self.options.get("part"), [p.key for p in flow.lens.parts]
        if part is not None and part not in known:
            raise self.error(f"no part {part!r} in flow {flow.lens.name!r}: {', '.join(known)}")
        return part

    def drawing(self, name: str, title: str, variants: dict[str, list[str]], **more: Any) -> list[nodes.Node]:
        """The node, with a name that is new on this page."""
        taken: dict[str, int] = self.env.current_document.setdefault("oslearn_diagrams", {})  # type: ignore[assignment]
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            name = f"{name}-{taken[name]}"
        node = diagram("", drawing=name, title=title, variants=variants, **more)
        node["words"] = self.options.get("alt", node["words"])
        node["desc"] = self.options.get("alt", node["desc"])
        self.set_source_info(node)
        return [node]


class Sequence(Drawn):
    """`.. sequence:: classic`: the flow's messages, or those of one `:part:`.

    `:lifelines: used` leaves out the processes that the part does not use; `:group: node` puts those of one machine
    side by side.
    """

    required_arguments = 1
    option_spec = {
        "part": directives.unchanged_required,
        "lifelines": lambda given: directives.choice(given, ("all", "used")),
        "group": lambda given: directives.choice(given, ("service", "node")),
        "alt": directives.unchanged_required,
        "legend": directives.flag,
        "no-legend": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        flow = self.flow(self.arguments[0])
        part = self.part(flow)
        steps = flow.part(part) if part else flow.steps
        for path in {m.event.code.partition(":")[0] for m in steps if m.event.code}:
            sources.note(self.env, self.env.docname, path)
        legend = "no-legend" not in self.options and (part is None or "legend" in self.options)
        title = next((p.title for p in flow.lens.parts if p.key == part), flow.lens.title)
        span = f"steps {steps[0].step.n} to {steps[-1].step.n}" if len(steps) > 1 else f"step {steps[0].step.n}"
        drawn = replace(flow, steps=steps) if self.options.get("lifelines") == "used" else flow
        nodes_of = {p: node for node, members in NODES.items() for p in members}
        places = nodes_of if self.options.get("group") == "node" else None
        variants = {
            name: [dot.sequence(drawn, fitted(look, drawn), part, section, places) for section in ("heads", "body")]
            + ([dot.legend(look)] if legend else [])
            for name, look in LOOKS.items()
        }
        desc = (
            f"Sequence diagram, {span}: one lifeline a process. Each message is a link to its paragraph, "
            "each number to its line of code."
        )
        words = "; ".join(f"{m.step.n}. {m.step.source} to {m.step.target}, {m.step.label}" for m in steps)
        name = f"{flow.lens.name}-{part}" if part else flow.lens.name
        played = foretold.ask(flow.lens.name, player.data(steps))
        return self.drawing(
            name, title, variants, desc=desc, words=f"Messages: {words}.", steps=played, flow=flow.lens.name
        )


def fitted(look: dot.Look, flow: Flow) -> dot.Look:
    """The look with its lifelines over the whole width, however few or many there are."""
    if flow.lens.name == CLASSIC:
        return look
    names = {name for m in flow.steps for name in (m.step.source, m.step.target)}
    return replace(look, edge=look.width / 2 / len(names))


def label(flow: str, n: object) -> str:
    """The label of a step's paragraph."""
    return f"step-{n}" if flow == CLASSIC else f"{flow}-step-{n}"


class Ecosystem(Drawn):
    """`.. ecosystem::`: the services and what each provides to which, from the register."""

    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.note_package()
        services = registry.load()
        names = {s.key: s.name for s in services} | {registry.INSTANCE: "the instance"}
        words = "; ".join(f"{s.name} gives {names[p.to]}: {p.what}" for s in services for p in s.provides)
        variants = {name: [ecosystem.ecosystem(services, look)] for name, look in LOOKS.items()}
        return self.drawing("ecosystem", "The services and what each provides", variants,
                            desc=f"{words}.", words=f"{words}.")  # fmt: skip


class ThreeNodes(Drawn):
    """`.. three-nodes::`: a small cloud on three machines, its networks, what goes over which; from `nodes.toml`."""

    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.note_package()
        plan = machines.load()
        variants = {name: [machines.nodes(plan, look)] for name, look in LOOKS.items()}
        words = plan.words()
        return self.drawing("nodes", "Three nodes, and what goes between them", variants, desc=words, words=words)


def visit_html(self: HTML5Translator, node: diagram) -> None:
    """Draw both variants into the page; CSS shows the one that fits."""
    builder, name = self.builder, node["drawing"]
    labels, here = builder.env.domains.standard_domain.anonlabels, builder.current_docname

    def resolve(href: str) -> str | None:
        scheme, _, aim = href.partition(":")
        if scheme == "code":
            return sources.address(builder, here, aim)
        if aim.startswith("step-"):
            aim = label(node.get("flow", CLASSIC), aim.removeprefix("step-"))
        if aim not in labels:
            if scheme == "ref":
                LOG.warning("diagram %s: no label %r", name, aim, location=node, type="ref", subtype="ref")
            return None
        docname, anchor = labels[aim]
        address = "" if docname == here else builder.get_relative_uri(here, docname)
        return f"{address}#{anchor}" if anchor else address

    folder = Path(builder.doctreedir) / "diagrams"
    self.body.append(f'<figure class="os-diagram" id="diagram-{name}">')
    for variant, drawings in node["variants"].items():
        if variant == "narrow" and not on_screen(builder):
            continue
        self.body.append(f'<div class="os-{variant}">')
        places = ("heads", "body", "legend") if len(drawings) > 1 else ("body",)
        for place, text in zip(places, drawings, strict=False):
            titles = {"heads": "The processes", "legend": "What the lines mean"}
            title = titles.get(place, node["title"])
            desc = node["desc"] if place == "body" else f"{title}: {node['title']}"
            drawn = cached(text, builder.config.oslearn_dot, folder)
            picture = inline(drawn, f"{name}-{variant}-{place}", title, desc, resolve, builder.name != "epub")
            self.body.append(f'<div class="os-{place}">{picture}</div>')
        self.body.append("</div>")
    if node.get("steps") and on_screen(builder):
        self.body.append(player.panel(name, node["steps"], foretold.data(node.get("flow", ""))))
    self.body.append(f"<figcaption>{html.escape(node.get('caption', node['title']))}</figcaption></figure>")
    raise nodes.SkipNode


def visit_text(self: TextTranslator, node: nodes.Element) -> None:
    """In words."""
    self.new_state(0)
    self.add_text(f"[{node['title']}. {node['words']}]")
    self.end_state()
    raise nodes.SkipNode


def visit_plain(self: ManualPageTranslator | TexinfoTranslator, node: nodes.Element) -> None:
    """In words, for man and Texinfo."""
    self.body.append(f"\n[{node['title']}. {node['words']}]\n")
    raise nodes.SkipNode


def visit_latex(self: LaTeXTranslator, node: nodes.Element) -> None:
    """In words; the table below the diagram has the rest."""
    self.body.append(r"\par\emph{%s}\par" % self.encode(f"{node['title']}. {node['words']}"))  # noqa: UP031
    raise nodes.SkipNode


IN_WORDS: dict[str, Any] = {
    "latex": (visit_latex, None), "text": (visit_text, None),
    "man": (visit_plain, None), "texinfo": (visit_plain, None),
}  # fmt: skip
"""How who writes no pictures tells a drawing: by its `title` and its `words`."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register directives, node and settings."""
    for extension in ("sources", "a11y"):
        app.setup_extension(extension)
    app.add_config_value("oslearn_dot", "wasm", "html", [str])
    app.add_config_value("oslearn_flows", {"classic": "oslearn.course.reference:classic_run"}, "env", [dict])
    app.add_node(diagram, html=(visit_html, None), **IN_WORDS)
    app.add_directive("sequence", Sequence)
    app.add_directive("ecosystem", Ecosystem)
    app.add_directive("three-nodes", ThreeNodes)
    app.connect("builder-inited", lambda _app: run.cache_clear())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
