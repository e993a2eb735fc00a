"""Console blocks: what is shown is what the block says, and each line says what it is."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from sphinx.highlighting import PygmentsBridge
from sybil import Document

from pages import ROOT, blocks
from terminal import Bridge

PAGES = [path for path in sorted((ROOT / "docs").rglob("*.rst")) if "code-block:: console" in path.read_text("utf-8")]
STYLE = "a11y-high-contrast-light"


def text(made: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", made))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_block_shows_what_it_says(path: Path) -> None:
    plain, terminal = PygmentsBridge("html", STYLE), Bridge("html", STYLE)
    for block in blocks(Document(path.read_text("utf-8"), str(path))):
        made = terminal.highlight_block(str(block.source), block.language)
        assert text(made) == text(plain.highlight_block(str(block.source), block.language))
        if block.language == "console":
            assert made.count('class="os-l ') == len(str(block.source).rstrip("\n").split("\n"))


@pytest.mark.parametrize(("line", "kind"), [
    ("$ ls", "os-c"), ("[exit 2]", "os-x"), ("+---+", "os-r"), ("| a |", "os-t"),
    ("  +---+", "os-r"), ("  | a |", "os-t"), ("vm1  ACTIVE  none", "os-t"),
    ("right  it runs", "os-o os-k"), ("  {", "os-o os-k"),
    ("ConflictException: 409: x  y", "os-o"), ("Error: no cloud", "os-o"), ("x" * 105, "os-o"), ("ACTIVE", "os-o"),
    (f"  {'x' * 105}", "os-o os-k"),
])  # fmt: skip
def test_a_line_says_what_it_is(line: str, kind: str) -> None:
    made = Bridge("html", STYLE).highlight_block(f"$ x\n{line}\n", "console")
    assert f'<span class="os-l {kind}">' in made.split("\n")[1]
