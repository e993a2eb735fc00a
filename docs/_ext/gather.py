"""What the pages show of runs, gathered while they are read: each command, where it stands, and what was printed.

The indexes are made from this when the pages are written, so that no index is older than its pages: an extension puts
an `index_place` into a page and registers in `MAKERS` what makes its nodes. A page that changes takes only its own
part with it; parallel readers join theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distributions
from typing import Any

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import ExtensionMetadata

from console import ASSIGNMENT, Command, commands
from oslearn.course import labs

LOG = logging.getLogger(__name__)
GLOBAL_OPTIONS = re.compile(r"(?<=^openstack)( --\S+[ =]\S+)+")
Row = Sequence[Sequence[nodes.Node]]
"""A row of a table: its cells, and of each the inline nodes."""
PROMPTS = (">>>", "...")
TROUBLE = "trouble-"


@dataclass(frozen=True)
class Place:
    """A section of a page."""

    docname: str
    anchor: str
    title: str

    @property
    def number(self) -> str:
        """The lesson's, `1.2`; nothing of a page that is none."""
        return next((lesson.id.removeprefix("day") for lesson in labs.lessons() if lesson.page == self.docname), "")

    @property
    def name(self) -> str:
        """The section's title with its lesson's number: `1.2 Make the network`."""
        return f"{self.number} {self.title}".strip()


@dataclass(frozen=True)
class Run:
    """A command of a page: its name as the client knows it, its whole text, what the page says of its end."""

    name: str
    text: str
    output: str
    exit_code: int
    place: Place


@dataclass
class Page:
    """What one page gives to the indexes.

    `outputs` are the printed lines below each `trouble-` label, `calls` which commands cause which calls of which API;
    `commands` and `examples` count what runs: lines of a terminal, ours or not, and lines of Python; `drawings` those
    that the build makes.
    """

    runs: list[Run] = field(default_factory=list)
    outputs: dict[str, tuple[Place, list[str]]] = field(default_factory=dict)
    calls: dict[tuple[str, str, str], list[Run]] = field(default_factory=dict)
    unexecuted: list[tuple[Place, str, int]] = field(default_factory=list)
    commands: int = 0
    examples: int = 0
    drawings: int = 0


def gathered(env: BuildEnvironment) -> dict[str, Page]:
    """What is known, by page."""
    if not hasattr(env, "oslearn_pages"):
        env.oslearn_pages = {}  # type: ignore[attr-defined]
    return env.oslearn_pages  # type: ignore[attr-defined, no-any-return]


def in_order(env: BuildEnvironment) -> list[Page]:
    """The same in the order of the contents list."""
    order = {docname: n for n, docname in enumerate(env.collect_relations())}
    known = sorted(gathered(env), key=lambda docname: (order.get(docname, len(order)), docname))
    return [gathered(env)[docname] for docname in known]


@cache
def names() -> frozenset[str]:
    """Every command that `openstack` and `oslearn` have."""
    from oslearn.cli import main

    entries = (entry for distribution in distributions() for entry in distribution.entry_points)
    theirs = {f"openstack {e.name.replace('_', ' ')}" for e in entries if e.group.startswith("openstack.")}
    return frozenset({"oslearn", *_below(main, "oslearn"), *theirs})


def _below(group: click.Group, before: str) -> Iterator[str]:
    for name, command in group.commands.items():
        yield f"{before} {name}"
        if isinstance(command, click.Group):
            yield from _below(command, f"{before} {name}")


def name_of(text: str) -> str | None:
    """The command of ours in a line, without options and arguments: `openstack server create`; None if there is none.

    Raises LookupError if neither `openstack` nor `oslearn` has such a command.
    """
    words = GLOBAL_OPTIONS.sub("", " ".join(w for w in text.split() if not ASSIGNMENT.fullmatch(w))).split()
    if not words or words[0] not in ("openstack", "oslearn"):
        return None
    for length in range(len(words), 0, -1):
        if (name := " ".join(words[:length])) in names():
            return name
    raise LookupError(f"no such command: {text}")


def gather(app: Sphinx, doctree: nodes.document) -> None:
    """Note what the page that was read shows."""
    docname = app.env.current_document.docname
    page = gathered(app.env).setdefault(docname, Page())
    labels = {doctree.nameids[name]: name for name in doctree.nameids if name.startswith(TROUBLE)}
    current: list[str] = []
    under: nodes.Node | None = None
    for node in doctree.findall(nodes.Element):
        ids: list[str] = node.get("ids", [])
        if found := [i for i in ids if i in labels]:
            current, under = [labels[i] for i in found], _section(node)
            page.outputs |= {labels[i]: (place_of(docname, node, i), []) for i in found}
        if isinstance(node, nodes.literal_block | nodes.doctest_block):
            page.runs += _runs(node, place_of(docname, node))
            page.commands += len(list(_commands(node))) if _executed(node) else 0
            page.examples += _python(node) and sum(line.startswith(">>> ") for line in node.astext().splitlines())
            for label in current if _section(node) is under else ():
                page.outputs[label][1].extend(_printed(node))


def _section(node: nodes.Node | None) -> nodes.section | None:
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    return node


def place_of(docname: str, node: nodes.Node, anchor: str = "") -> Place:
    """Where a node stands: in which section, or at an anchor of its own."""
    section = _section(node)
    if section is None:
        return Place(docname, anchor, docname)
    return Place(docname, anchor or section["ids"][0], section[0].astext())


def _runs(node: nodes.Element, place: Place) -> Iterator[Run]:
    """The commands of ours in a console block."""
    for command in _commands(node) if _executed(node) else ():
        try:
            name = name_of(command.text)
        except LookupError as error:
            LOG.warning("%s", error, location=node)
            continue
        if name:
            yield Run(name, command.text, command.want, command.exit_code, place)


def _executed(node: nodes.Element) -> bool:
    return node.get("language") == "console" and "unexecuted" not in node["classes"]


def _python(node: nodes.Element) -> bool:
    return isinstance(node, nodes.doctest_block) or node.get("language") == "pycon"


def _commands(node: nodes.Element) -> Iterable[Command]:
    text = node.astext() + "\n"
    return commands(text, 0, len(text))


def _printed(node: nodes.Element) -> Iterator[str]:
    """The lines that a block says were printed."""
    if _python(node):
        yield from (line for line in node.astext().splitlines() if line and not line.startswith(PROMPTS))
    for command in _commands(node):
        yield from command.want.splitlines()


def link(app: Sphinx, here: str, place: Place, text: str = "") -> nodes.reference:
    """A link from the page `here` to a place."""
    return make_refnode(app.builder, here, place.docname, place.anchor, nodes.Text(text or place.name))


def links(app: Sphinx, here: str, places: Iterable[Place]) -> list[nodes.Node]:
    """A link to each of the places, once."""
    made: list[nodes.Node] = []
    for place in dict.fromkeys(places):
        made += [*([nodes.Text(", ")] if made else []), link(app, here, place)]
    return made


def table(heads: Iterable[str], rows: Iterable[Row], classes: list[str]) -> nodes.table:
    """A table; a row is a list of cells, a cell a list of inline nodes."""
    heads = list(heads)
    group = nodes.tgroup("", *(nodes.colspec(colwidth=100 // len(heads)) for _ in heads), cols=len(heads))
    group += nodes.thead("", row([[nodes.Text(head)] for head in heads]))
    group += nodes.tbody("", *(row(cells) for cells in rows))
    return nodes.table("", group, classes=["colwidths-auto", *classes])


def row(cells: Row) -> nodes.row:
    """A row of a table."""
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


class index_place(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """Where an index will stand once every page is read; `maker` names who makes it."""


Maker = Callable[[Sphinx, str, Any], list[nodes.Node]]
MAKERS: dict[str, Maker] = {}
"""`make(app, docname, node)` gives what stands in the place of an `index_place`."""


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the indexes in."""
    for node in list(doctree.findall(index_place)):
        node.replace_self(MAKERS[node["maker"]](app, docname, node))


def note_index(env: BuildEnvironment, maker: str, **more: Any) -> index_place:
    """A place for an index on the page that is being read."""
    _indexes(env).add(env.current_document.docname)
    return index_place("", maker=maker, **more)


def _indexes(env: BuildEnvironment) -> set[str]:
    """The pages with an index."""
    if not hasattr(env, "oslearn_indexes"):
        env.oslearn_indexes = set()  # type: ignore[attr-defined]
    return env.oslearn_indexes  # type: ignore[attr-defined, no-any-return]


def outdated(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """A page with an index is written again if what one shows changed, came, went, or has another place."""
    shown = list(env.collect_relations()), gathered(env).copy(), [(one.id, one.page) for one in labs.lessons()]
    before, env.oslearn_shown = getattr(env, "oslearn_shown", None), shown  # type: ignore[attr-defined]
    return sorted(_indexes(env)) if shown != before else []


def purge(_app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page: it is gone, or is about to be read."""
    gathered(env).pop(docname, None)
    _indexes(env).discard(docname)


def merge(_app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Join what a parallel reader found."""
    gathered(env).update({name: page for name, page in gathered(other).items() if name in docnames})
    _indexes(env).update(_indexes(other) & set(docnames))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register node and events."""
    app.add_node(index_place)
    app.connect("doctree-read", gather)
    app.connect("doctree-resolved", fill)
    app.connect("env-updated", outdated)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
