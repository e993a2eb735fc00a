"""Small repairs to the HTML of furo, Sphinx and sphinx-tabs, where checkers of accessibility and validity complain.

The pages are mended after they are written; to mend one twice changes nothing.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from xml.etree import ElementTree as ET

from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

LOG = logging.getLogger(__name__)

PATCHES = (
    # A heading needs its level.
    ('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
    # A corner of a table is no heading.
    ('<th class="head"><p></p></th>', '<td class="head"></td>'),
    ('<th class="head"></th>', '<td class="head"></td>'),
    # Two landmarks of one kind need names.
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    ('<aside class="toc-drawer', '<aside aria-label="This page" class="toc-drawer'),
    # What scrolls must be reachable by keyboard.
    ('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">'),
    ('<div class="highlight os-broad"><pre>', '<div class="highlight os-broad"><pre tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
)
PANEL = re.compile(r"<div\b[^>]*\bsphinx-tabs-panel\b[^>]*>")
NAME = re.compile(r' name="([^"]*)"')
TAB = re.compile(r"<button\b[^>]*\bsphinx-tabs-tab\b[^>]*>")
LABEL = re.compile(r'<button\b[^>]*\baria-controls="([^"]+)"[^>]*\bsphinx-tabs-tab\b[^>]*>(.*?)</button>', re.DOTALL)
IDENT = re.compile(r' id="([^"]+)"')


def mend(text: str) -> str:
    """The page with all repairs made."""
    for old, new in PATCHES:
        text = text.replace(old, new)
    labels = {panel: re.sub("<[^>]+>", "", words) for panel, words in LABEL.findall(text)}
    return TAB.sub(_tab, PANEL.sub(lambda match: _panel(match[0], labels), text))


def flat(text: str) -> str:
    """A mended page for paper: each tab's content under its label, all folds open."""
    text = PANEL.sub(lambda match: match[0].replace(" hidden", "", 1), text)
    return text.replace("<body>", '<body class="os-flat">', 1).replace("<details class", "<details open class")


def _panel(tag: str, labels: dict[str, str]) -> str:
    """`name` and hidden="true" are no HTML; the label stands over it in print and on pages without a script."""
    tag = NAME.sub("", tag.replace(' hidden="true"', " hidden"))
    ident = IDENT.search(tag)
    if "data-label" in tag or ident is None or ident[1] not in labels:
        return tag
    return f'{tag[:-1]} data-label="{labels[ident[1]]}">'


def _tab(match: re.Match[str]) -> str:
    """A button in a form-less page says that it is one."""
    return match[0] if " type=" in match[0] else match[0].replace("<button", '<button type="button"', 1)


def mend_pages(app: Sphinx, failure: Exception | None) -> None:
    """Mend every page of the finished build that needs it."""
    if failure or app.builder.format != "html":
        return
    if app.builder.name == "epub":
        check_book(Path(app.outdir))
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        if path.stat().st_mtime < app.oslearn_started:  # type: ignore[attr-defined]
            continue  # mended by the build that wrote it
        text = path.read_text("utf-8")
        mended = mend(text) if app.builder.name != "singlehtml" else flat(mend(text))
        if mended != text:
            path.write_text(mended, "utf-8")


def check_book(folder: Path) -> None:
    """A book's pages are XML: a reader refuses one that is not well formed."""
    for path in sorted(folder.rglob("*.xhtml")):
        try:
            ET.parse(path)
        except ET.ParseError as error:
            LOG.warning("%s is no XML: %s", path.relative_to(folder), error)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Mend the pages when the build is done."""
    app.oslearn_started = time.time() - 1  # type: ignore[attr-defined]  # some file systems keep whole seconds
    app.connect("build-finished", mend_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
