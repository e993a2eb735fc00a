"""`make test-tab`: every example of the pages and the README runs in Python as WebAssembly, as it does in a page.
So do the repairs of every break-fix lab, and each command of `oslearn`.

    python -m tests.tab [PAGE | lab | commands ...]

Node.js takes the browser's place; the memory, the archives and the worker's Python are those of the site. Two run at
once, each with a few pages: a reader's page begins with a fresh memory, too. `browser.py` beside it uses pages in
Chromium.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sybil import Document
from tests.tab import commands, labs

import registry
from console import lab_of
from pages import blocks, not_executed
from runnable import LANGUAGES, elsewhere

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "tab"
WORKERS, FEW = 2, 5
"""How many run at once, and the pages of each."""
Page = dict[str, Any]


def pages(chosen: list[str]) -> Iterator[Page]:
    """The pages and their blocks that run."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.rst"))]:
        name, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
        found = [
            {"line": block.line, "language": block.language, "text": textwrap.dedent(text[block.inside : block.end])}
            for block in blocks(Document(text, str(path)))
            if block.language in LANGUAGES and block.key not in not_executed() | elsewhere()
        ]
        if found and (not chosen or any(part in name for part in chosen)):
            yield {"name": name, "lab": lab_of(text) or "", "blocks": found}


def run(some: list[Page]) -> list[Page]:
    """What the pages made of it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(some, file)
        file.flush()
        command = [registry.tool("node"), str(Path(__file__).with_name("course.mjs")), str(FOLDER), file.name]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"Node.js ended with {done.returncode}: {done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def groups(every: list[Page]) -> list[list[Page]]:
    """A few pages for each run."""
    return [every[n :: -(-len(every) // FEW)] for n in range(-(-len(every) // FEW))]


def wrong(page: Page) -> Iterator[str]:
    """What is not as the page says."""
    for block in page["blocks"]:
        place = f"{page['page']}:{block['line']}"
        if "error" in block:
            yield f"{place}: {block['error'][-1500:]}"
        for done in block.get("done", []):
            if done["same"] is False:
                yield f"{place}: {done['source'].strip()}\n{textwrap.indent(done['got'][:1500], '    ')}"


def main(chosen: list[str]) -> int:
    """Run, and say what differs; the number of it."""
    start, every = time.monotonic(), sorted(pages(chosen), key=lambda page: -len(page["blocks"]))
    mended, typed = ([page for page in room.pages() if not chosen or any(part in page["name"] for part in chosen)]
                     for room in (labs, commands))  # fmt: skip
    with ThreadPoolExecutor(WORKERS) as pool:
        ran, repaired, answered = (
            [page for some in pool.map(run, groups(one)) for page in some] for one in (every, mended, typed)
        )
    found = [
        *(words for page in ran for words in wrong(page)),
        *(words for page in repaired for words in labs.wrong(page)),
        *(words for page in answered for words in commands.wrong(page)),
    ]
    for words in found:
        print(words)
    count = sum(len(page["blocks"]) for page in ran)
    statements = sum(len(block.get("done", [])) for page in ran for block in page["blocks"])
    heap = max((page["heap"] for page in ran), default=0) / 1e6
    print(f"{len(ran)} pages, {count} examples, {statements} statements, {labs.count(repaired)}, "
          f"{sum(len(page['blocks']) for page in answered)} commands of oslearn, {len(found)} differ; "
          f"{heap:.0f} MB, {time.monotonic() - start:.0f} s")  # fmt: skip
    return len(found)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
