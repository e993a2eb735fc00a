"""The style sheet: docs/_style/*.css, a room each, become one `oslearn.css`, in the order of `ROOMS`.

A page asks for one file, and who changes the look of a table need not read what a player looks like. A book's reader
may not know `light-dark()`: there the light colour stands alone, and what holds in print holds.

Headings stand in Source Serif, if its package is installed; the site then has the letters that headings use, and the
font's licence (OFL) beside them. Without it a serif of the reader's machine takes its place.
"""

from __future__ import annotations

import logging
import re
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

import foretold

FOLDER = Path(__file__).parents[1] / "_style"
ROOMS = ("tokens", "words", "layout", "sidebar", "code", "terminal", "table", "tabs", "drawing", "player", "inside",
         "lesson", "exercise", "question", "day", "front", "run", "dock", "whatif", "mine", "reference",
         "paper")  # fmt: skip
"""The files, in the order of the cascade; what one of them says, a later one may narrow."""
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STEP = re.compile(r"[^{},]*#step-N[^{},]*")
"""A selector of one step, which stands for all of them."""
SCHEMES = re.compile(r"light-dark\(((?:[^(),]|\([^()]*\))+),(?:[^()]|\((?:[^()]|\([^()]*\))*\))+\)")


RUNS = ("0020-007E", "00A0", "00B7", "2013-2014", "2018-2019", "201C-201D", "2026")
"""The letters of headings, as Unicode numbers them."""
LETTERS = [n for first, _, last in (run.partition("-") for run in RUNS)
           for n in range(int(first, 16), int(last or first, 16) + 1)]  # fmt: skip
FACE = (
    '@font-face { font-family: "OS Head"; src: url("head.woff2") format("woff2"); font-weight: 600; font-display: swap;'
    f" unicode-range: {', '.join(f'U+{run}' for run in RUNS)}; }}\n"
)


def font(folder: Path) -> bool:
    """Write the headings' letters and their licence into the folder; False if the font's package is not installed."""
    found = find_spec("font_source_serif_pro")
    if found is None or found.origin is None:
        return False
    files, made = Path(found.origin).parent / "files", folder / "head.woff2"
    if not made.is_file() or made.stat().st_mtime < Path(__file__).stat().st_mtime:  # which letters, this file says
        from fontTools import subset

        logging.getLogger("fontTools").setLevel(logging.WARNING)
        options = subset.Options(flavor="woff2", layout_features=["kern", "liga"], notdef_outline=True)
        options.recalc_timestamp = False  # every build makes the same bytes
        letters = subset.Subsetter(options)
        letters.populate(unicodes=LETTERS)
        with subset.load_font(str(files / "SourceSerifPro-Semibold.otf"), options) as face:
            letters.subset(face)
            subset.save_font(face, str(made), options)
        copyfile(files / "LICENSE.txt", folder / "head.OFL.txt")
    return True


def steps() -> int:
    """How many the longest flow has."""
    return max(map(len, foretold.table().values()))


def sheet(book: bool = False) -> str:
    """All rooms, without comments and indentation. In a book every colour is the light one, and all is as on paper.

    >>> SCHEMES.sub(r"\\1", "light-dark(#fff, #000); b: light-dark(currentColor, color-mix(in srgb, red 2%, var(--c)))")
    '#fff; b: currentColor'
    """
    text = COMMENT.sub("", "\n".join((FOLDER / f"{room}.css").read_text("utf-8") for room in ROOMS))
    text = "\n".join(filter(None, map(str.strip, text.splitlines()))) + "\n"
    text = STEP.sub(lambda found: ",".join(re.sub(r"N\b", str(n), found[0]) for n in range(1, steps() + 1)), text)
    return SCHEMES.sub(r"\1", text).replace("@media print", "@media all") if book else text


def write(app: Sphinx) -> None:
    """Put it where the builder looks for files of its own."""
    if app.builder.format != "html":
        return
    folder = Path(app.builder.doctreedir) / "style"
    folder.mkdir(parents=True, exist_ok=True)
    book = app.builder.name == "epub"
    path, text = folder / "oslearn.css", sheet(book)
    if not book and font(folder):
        text = FACE + text
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
    app.config.html_static_path.append(str(folder))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register; before the builder reads the list of its folders."""
    app.connect("builder-inited", write, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
