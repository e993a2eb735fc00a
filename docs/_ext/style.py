"""The style sheet: docs/_style/*.css, a room each, become one `oslearn.css`, in the order of `ROOMS`.

A page asks for one file, and who changes the look of a table need not read what a player looks like. A book's reader
may not know `light-dark()`: there the light colour stands alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

FOLDER = Path(__file__).parents[1] / "_style"
ROOMS = ("tokens", "words", "layout", "sidebar", "code", "terminal", "table", "tabs", "drawing", "player", "inside",
         "lesson", "exercise", "question", "day", "front", "paper")  # fmt: skip
"""The files, in the order of the cascade; what one of them says, a later one may narrow."""
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SCHEMES = re.compile(r"light-dark\(((?:[^(),]|\([^()]*\))+),(?:[^()]|\((?:[^()]|\([^()]*\))*\))+\)")


def sheet(schemes: bool = True) -> str:
    """All rooms, without comments and indentation; with `schemes=False` every colour is the light one.

    >>> SCHEMES.sub(r"\\1", "light-dark(#fff, #000); b: light-dark(currentColor, color-mix(in srgb, red 2%, var(--c)))")
    '#fff; b: currentColor'
    """
    text = COMMENT.sub("", "\n".join((FOLDER / f"{room}.css").read_text("utf-8") for room in ROOMS))
    text = "\n".join(filter(None, map(str.strip, text.splitlines()))) + "\n"
    return text if schemes else SCHEMES.sub(r"\1", text)


def write(app: Sphinx) -> None:
    """Put it where the builder looks for files of its own."""
    if app.builder.format != "html":
        return
    folder = Path(app.builder.doctreedir) / "style"
    folder.mkdir(parents=True, exist_ok=True)
    path, text = folder / "oslearn.css", sheet(schemes=app.builder.name != "epub")
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
    app.config.html_static_path.append(str(folder))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register; before the builder reads the list of its folders."""
    app.connect("builder-inited", write, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
