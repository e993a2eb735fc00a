"""Small repairs to the HTML of furo, Sphinx and sphinx-tabs, where checkers of accessibility and validity complain.

The pages are mended after they are written; to mend one twice changes nothing.
"""

from __future__ import annotations

import html
import re
from base64 import b64decode
from binascii import Error
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

PATCHES = (
    # A heading needs its level.
    ('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
    # Two landmarks of one kind need names.
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    ('<aside class="toc-drawer', '<aside aria-label="This page" class="toc-drawer'),
    # What scrolls must be reachable by keyboard.
    ('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
)
PANEL = re.compile(r"<div\b[^>]*\bsphinx-tabs-panel\b[^>]*>")
NAME = re.compile(r' name="([^"]*)"')
TAB = re.compile(r"<button\b[^>]*\bsphinx-tabs-tab\b[^>]*>")


def mend(text: str) -> str:
    """The page with all repairs made."""
    for old, new in PATCHES:
        text = text.replace(old, new)
    return TAB.sub(_tab, PANEL.sub(_panel, text))


def _label(name: str) -> str:
    """The words on a group tab: sphinx-tabs keeps them in base64."""
    try:
        return b64decode(name, validate=True).decode()
    except (Error, UnicodeDecodeError):
        return name


def _panel(match: re.Match[str]) -> str:
    """`name` and hidden="true" are no HTML; the label stays for print and for pages without a script."""
    tag = match[0].replace(' hidden="true"', " hidden")
    if "group-tab" in tag:
        return NAME.sub(lambda name: f' data-label="{html.escape(_label(name[1]))}"', tag)
    return NAME.sub("", tag)


def _tab(match: re.Match[str]) -> str:
    """A button in a form-less page says that it is one."""
    return match[0] if " type=" in match[0] else match[0].replace("<button", '<button type="button"', 1)


def mend_pages(app: Sphinx, failure: Exception | None) -> None:
    """Mend every page of the finished build that needs it."""
    if failure or app.builder.format != "html" or app.builder.name == "epub":
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        text = path.read_text("utf-8")
        mended = mend(text)
        if mended != text:
            path.write_text(mended, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Mend the pages when the build is done."""
    app.connect("build-finished", mend_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
