"""Run: the examples of a page run in the reader's browser.

`docs/_tab/assets.py` has made what that needs; this copies it into the site, marks the blocks that do not run
(`os-still`), and gives `run.js` to the pages that have one that does, or a flow in which something may go wrong
(`whatif.js`). Where nothing was made, the pages are as without.
"""

from __future__ import annotations

import html
import json
import os
import shutil
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

import foretold
from diagrams import diagram, on_screen, raw
from pages import not_executed, relative

FOLDER = "_tab"
ELSEWHERE = Path(__file__).parents[1] / "_tab" / "elsewhere.toml"
LANGUAGES = ("console", "pycon")
STILL = "os-still"
RUNS, ASKS = "oslearn_runs", "oslearn_asks"
TERMINAL = "os-terminal-place"
"""What a page has that is a terminal, and the class of what stands there without a script."""


def mark(app: Sphinx, doctree: nodes.document) -> None:
    """Say of each block that does not run that it does not, and of the page whether any block does."""
    app.env.note_dependency(str(ELSEWHERE))
    path = relative(str(app.env.doc2path(app.env.docname)))
    found = [block for block in [*doctree.findall(nodes.literal_block)] if block.get("language") in LANGUAGES]
    for block in found:
        key = path, first_line(block.rawsource)
        if key in not_executed() or key in elsewhere():
            block["classes"].append(STILL)
        if key in elsewhere():
            words = f'<p class="os-run-how" hidden="">Not in this page: {html.escape(elsewhere()[key])}</p>'
            block.parent.insert(block.parent.index(block) + 1, raw(words))
    asks = any(step.get("if") for drawn in doctree.findall(diagram) for step in drawn.get("steps") or ())
    if asks:
        app.env.note_dependency(str(foretold.TABLE))
    is_terminal = any(TERMINAL in one["classes"] for one in doctree.findall(nodes.container))
    of_page = app.env.metadata[app.env.docname]
    of_page[ASKS], of_page[RUNS] = asks, asks or is_terminal or any(STILL not in block["classes"] for block in found)


@cache
def elsewhere() -> dict[tuple[str, str], str]:
    """The blocks that run in the tests and cannot run in a page, by file and first line, with the reason."""
    entries = tomllib.loads(ELSEWHERE.read_text("utf-8"))["block"]
    return {(entry["file"], entry["first_line"]): entry["reason"] for entry in entries}


def first_line(text: str) -> str:
    """The first line that is not empty."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def give(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The scripts: of a page with a flow's player, and of one that runs something."""
    of_page = app.env.metadata.get(pagename, {})
    if on_screen(app.builder) and of_page.get(ASKS):
        app.add_js_file("whatif.js", defer="defer")
    if made(app) and of_page.get(RUNS):
        app.add_js_file("run.js", defer="defer")


def made(app: Sphinx) -> bool:
    """Whether this builder's pages can run something."""
    return bool(app.config.oslearn_tab) and app.builder.name == "html"


def place(app: Sphinx, exception: Exception | None) -> None:
    """Put what was made beside the pages; what is there already stays."""
    target = Path(app.outdir) / FOLDER
    if exception or not made(app):
        shutil.rmtree(target, ignore_errors=True)
        return
    source = Path(app.config.oslearn_tab)
    now = json.loads((source / "now.json").read_text("utf-8"))
    names = {now["folder"], now["memory"]}
    target.mkdir(exist_ok=True)
    for old in target.iterdir():
        if old.is_dir() and old.name not in names:
            shutil.rmtree(old)
    for name in names:
        if not (target / name).exists():
            draft = target / f"{name}.draft"
            shutil.copytree(source / name, draft, copy_function=link)
            draft.rename(target / name)  # what is there is whole, also when a build was cut short
    shutil.copyfile(source / "now.json", target / "now.json")


def link(source: str, target: str) -> None:
    """The same file under a second name, where the disk can do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register. `oslearn_tab` is the folder that assets.py has made; empty if there is none."""
    app.add_config_value("oslearn_tab", "", "html", [str])
    app.connect("doctree-read", mark)
    app.connect("html-page-context", give)
    app.connect("build-finished", place)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
