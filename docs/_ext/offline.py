"""The site without a network: `sw.js` at its root, and `offline.json`, the list of its files.

The service worker brings what the list names into the reader's browser, in the list's order: what runs the examples and
what all pages share first, then the course, and last the pages of the source. It takes no file whose content is not the
one that is listed, and a list has a name of its own: two builds are never mixed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from shutil import copyfile
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from runnable import FOLDER, made

WORKER, LIST = "sw.js", "offline.json"
SOURCE = Path(__file__).parents[1] / "_static" / WORKER
UNUSED = {WORKER, LIST, "objects.inv", ".buildinfo"}
"""Files that no page asks for; the browser keeps the worker itself."""
FIRST, LAST = (FOLDER, "_static", "index.html"), ("_modules", "source")
HASH = 20
"""Letters of a file's hash."""


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put both into the site; without Run nothing registers a worker, so there is none."""
    site = Path(app.outdir)
    if exception or not made(app):
        for name in (WORKER, LIST):
            (site / name).unlink(missing_ok=True)
        return
    copyfile(SOURCE, site / WORKER)
    text = json.dumps(listed(site), separators=(",", ":"))
    (site / LIST).write_text(text, "utf-8")


def listed(site: Path) -> dict[str, object]:
    """The list: the build's name, the bytes of all, and of each file its hash and bytes."""
    paths = [path for path in site.rglob("*") if path.is_file()]
    names = sorted((path.relative_to(site).as_posix() for path in paths), key=lambda name: (turn(name), name))
    files = {quote(name): entry((site / name).read_bytes()) for name in names if name not in UNUSED}
    build = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:HASH]
    return {"build": build, "size": sum(size for _, size in files.values()), "files": files}


def turn(name: str) -> int:
    """When it is brought: 0 is first."""
    folder = name.partition("/")[0]
    return 0 if folder in FIRST else 2 if folder in LAST else 1


def entry(data: bytes) -> tuple[str, int]:
    """A file's hash, and its bytes."""
    return hashlib.sha256(data).hexdigest()[:HASH], len(data)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register; after all others have put their files there."""
    app.connect("build-finished", write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
