"""What the pages show of the code itself: `floors`, a drawing of who may import whom, the role `source`, docstrings.

The drawing is made from the contract in pyproject.toml that the tests check; the role leads to a file, or to the line
where something begins (`cloud.py::Cloud.connect`), and reports what is not there.
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole
from sphinx.util.typing import ExtensionMetadata

import sources
from diagrams import Drawn
from happened import LOOKS
from oslearn.course.drawing.canvas import BOLD, INK, MUTED, PAPER, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.sequence import Look

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
HEIGHT, GAP = 38.0, 8.0
WORDS = {
    "cli": "the command",
    "port": "a socket, a folder that keeps the cloud",
    "course": "labs, drawings, the real client",
    "cloud": "the boot order",
    "deploy": "the wiring, a module a service",
    "keystonemiddleware": "checks tokens",
    "extensions": "what no boot needs",
    "trace": "probes and lenses",
    "oslo": "HTTP, bus, database, policy, clock",
}
"""What a floor is, in a few words; a service's name says it."""


def floors() -> list[list[str]]:
    """The packages on each floor, the highest first."""
    contracts = tomllib.loads(PYPROJECT.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    *above, _ = contracts[0]["layers"]  # the core is the last of them; its own floors are the next contract
    return [re.findall(r"oslearn\.(?:core\.|course\.)?(\w+)", layer) for layer in (*above, *contracts[1]["layers"])]


def drawing(look: Look) -> str:
    """The floors as DOT: a row each; who stands higher may import who stands lower."""
    canvas, top = Canvas(f"floors-{look.name}", look.width), 0.0
    for names in floors():
        names = [name for name in names if name != "__main__"]
        columns = len(names) if not look.short else min(len(names), 3)
        width = (look.width - (columns - 1) * GAP) / columns
        for n, name in enumerate(names):
            if n and n % columns == 0:
                top += HEIGHT + GAP / 2
            package(canvas, name, (n % columns) * (width + GAP), top, width)
        top += HEIGHT + GAP
    return canvas.source(top - GAP)


def package(canvas: Canvas, name: str, left: float, top: float, width: float) -> None:
    """One box: the package's name, and a few words where they fit."""
    service = name if name in COLOURS and name not in WORDS else ""
    box = {"style": "filled,rounded", "fillcolor": COLOURS.get(service) or "#f1f5f9"}
    canvas.box(f"floor-{name}", left, top, width, HEIGHT, class_=f"head {service}" if service else "band", **box)
    words = WORDS.get(name, "")
    fits = words and text_width(words, 11) + 8 < width
    kind = f"on {service}" if service else "title"
    for text, size, down, more in (
        (name, 12.5, 4 if fits else 10, {"fontname": BOLD}),
        *([(words, 11, 20, {"fontcolor": MUTED})] if fits else []),
    ):
        middle = left + (width - text_width(text, size, "fontname" in more) - 6) / 2
        look = {"fontcolor": PAPER if service else INK, "style": "", **more}
        canvas.text(f"{name}-{down}", text, middle, top + down, size, class_=kind, **look)


class Floors(Drawn):
    """`.. floors::`: who may import whom."""

    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(PYPROJECT))
        words = "; then ".join(", ".join(name for name in names if name != "__main__") for names in floors())
        variants = {name: [drawing(look)] for name, look in LOOKS.items()}
        title, words = "Who may import whom: only what stands lower", f"From the top: {words}."
        return self.drawing("floors", title, variants, desc=words, words=words)


class Source(SphinxRole):
    """A file of the package, or what begins in it: `core/nova/api/servers.py`, `cloud.py::Cloud.connect`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        path, _, name = self.text.partition("::")
        self.env.note_dependency(str(sources.package() / path))
        try:
            line = line_of(sources.package() / path, name)
        except LookupError as error:
            message = self.inliner.reporter.error(f"source: {error}", line=self.lineno)
            return [nodes.literal(self.text, self.text)], [message]
        sources.note(self.env, self.env.docname, path)
        text = name or f"oslearn/{path}"
        return [sources.code_place("", "", nodes.literal(text, text), path=path, line=str(line))], []


def line_of(path: Path, name: str) -> int:
    """The line where the class or function begins; 1 for the file. Raises LookupError if it is not there."""
    if not path.is_file():
        raise LookupError(f"no file {path.name}")
    body: list[ast.stmt] = ast.parse(path.read_text("utf-8")).body if name else []
    line = 1
    for part in name.split(".") if name else ():
        found = next((node for node in body if getattr(node, "name", None) == part), None)
        if found is None:
            raise LookupError(f"no {name} in {path.name}")
        line, body = found.lineno, getattr(found, "body", [])
    return line


HEADINGS = re.compile(r"(?:^|(?<=\. ))(Interface|Invariants|Attributes|Upstream|Left out|Why so|Needs):", re.MULTILINE)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def as_rest(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """A docstring of ours as reST: what stands in backticks is code, and a module's parts have lines of their own."""
    text = HEADINGS.sub(r"\n\n**\1:**", "\n".join(lines))
    parts = enumerate(CODE.split(text))
    words = "".join(f"``{part}``" if n % 2 else re.sub(r"(?<=\w)_(?!\w)", r"\_", part) for n, part in parts)
    lines[:] = words.splitlines()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register directive and role."""
    app.setup_extension("diagrams")
    app.add_directive("floors", Floors)
    app.add_role("source", Source())
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", as_rest)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
