"""The map of the core: every module in the order in which it is read, with its size and what is to be read of it.

`.. core-map::` has a line a chapter, `Title: folder, folder/module.py, ...`, paths below the package, in the order in
which to read them; an indented line goes on with the chapter above it. What a folder holds comes by its name. What a
chapter names is listed once, where it comes first; a module of the core that no chapter names is an error.

To be read are the functions that a boot runs, and of what starts the cloud those that the start runs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import sources
from diagrams import raw
from gather import Row, table
from indexes import _words as words_of
from oslearn.course import reading

Run = dict[Path, frozenset[int]]
FLOWS = ("classic", "current")
PACE = 20
"""Lines a minute: code that one wants to understand is read as slowly as a text in a foreign language."""


class CoreMap(SphinxDirective):
    """The map, made at once: it needs no other page."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        left, shown = list(reading.CORE), list[nodes.Node]()
        ran = [reading.run(flow) for flow in FLOWS]
        starts = [reading.started(flow) for flow in FLOWS]
        for chapter in re.sub(r"\n +", " ", "\n".join(self.content)).splitlines():
            title, _, places = chapter.partition(":")
            modules = list(dict.fromkeys(path for place in places.split(",") for path in below(place.strip(), left)))
            if not modules:
                raise self.error(f"nothing of the core stands in {places.strip()}")
            left = [path for path in left if path not in modules]
            shown += self.chapter(title, modules, [frozenset().union(*each) for each in all_of(ran + starts, modules)])
        if left := [path for path in left if path.name != "__init__.py"]:
            raise self.error(f"no chapter has {', '.join(path.name for path in left)}")
        return [*self.totals(ran, starts), *shown]

    def totals(self, ran: list[Run], starts: list[Run]) -> list[nodes.Node]:
        """What there is to read in all."""
        size, modules = sum(map(len, map(reading.written, reading.CORE))), len(reading.CORE)
        classic, current = (sum(len(lines) for path, lines in run.items() if path in reading.CORE) for run in ran)
        together = sum(len(a | b) for a, b in all_of(ran, reading.CORE))
        start = sum(len(lines) for lines in starts[-1].values())
        words = (
            f"The core with its wiring has {size:,} lines in {modules} modules, blank lines not counted. The functions "
            f"that run in a boot have {current:,} of them today and {classic:,} in 2013's flow, {together:,} "
            f"together. At {PACE} lines a minute today's boot takes {hours(current)}; what starts the cloud, {start:,} "
            f"lines, takes {minutes(start)}. The wiring of Swift and Trove is not counted: no boot needs them."
        )
        return [nodes.paragraph("", words)]

    def chapter(self, title: str, modules: list[Path], lines: list[frozenset[int]]) -> Iterator[nodes.Node]:
        """A heading with the time, and the table of the chapter's modules."""
        read = sum(map(len, lines))
        yield nodes.rubric("", f"{title} ({minutes(read)})")
        rows: list[Row] = []
        for path, run in zip(modules, lines, strict=True):
            name = path.relative_to(reading.PACKAGE).as_posix()
            sources.note(self.env, self.env.docname, name)
            self.env.note_dependency(str(path))
            if path.name != "__init__.py":
                link = sources.code_place("", "", breakable(name), path=name, line="1")
                counts = [f"{len(reading.written(path)):,}", f"{len(run):,}" if run else "–"]
                rows.append([[link], words_of(about(path)), *([nodes.Text(count)] for count in counts)])
        yield table(("Module", "What it is", "Lines", "To read"), rows, ["core-map"])


def breakable(path: str) -> nodes.literal:
    """A path that a narrow column breaks behind its slashes, and not within a name."""
    shown = nodes.literal(path, "")
    for word in re.findall(r"[^/]+/?", path):
        shown += [nodes.Text(word), raw("<wbr />")]
    return shown


def all_of(ran: list[Run], modules: list[Path]) -> Iterator[list[frozenset[int]]]:
    """Of each module the lines that each of the runs has."""
    for path in modules:
        yield [run.get(path, frozenset[int]()) for run in ran]


def below(place: str, known: list[Path]) -> list[Path]:
    """The modules in a folder, or the one that the place is."""
    path = reading.PACKAGE / place
    return [one for one in known if one == path or path in one.parents]


def about(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n\n")[0]
    return " ".join(text.split())


def minutes(lines: int) -> str:
    """How long lines take."""
    return f"{max(round(lines / PACE), 1)} minutes" if lines > PACE * 1.5 else "a minute"


def hours(lines: int) -> str:
    """The same in hours, to the quarter."""
    quarters = max(round(lines / PACE / 15), 1)
    parts = {0: "", 1: " and a quarter", 2: " and a half", 3: " and three quarters"}[quarters % 4]
    return f"{quarters // 4} hours{parts}"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.setup_extension("sources")
    app.add_directive("core-map", CoreMap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
