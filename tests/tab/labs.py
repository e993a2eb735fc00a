"""The break-fix labs in a page: untouched each fails, and each right repair passes, as a reader types it.

Interface: `pages()`, what `run` of this package takes; `wrong(page)`, what went otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oslearn.course.labs import broken

HERE, USER = "day1.1", "export OS_CLOUD=oslearn-demo"
"""Where the labs' page begins."""
FIRST, LAST = 3, 2
"""Commands before and after a repair."""


def pages() -> Iterator[dict[str, Any]]:
    """A page for each right repair of each lab: break it, look, repair it, look again, and end it."""
    for lab in broken.labs():
        for n, repair in enumerate(lab.repairs, 1):
            commands = [USER, f"oslearn lab break {lab.number}", "oslearn check", *(typed(line) for line in repair),
                        "oslearn check", "oslearn lab end"]  # fmt: skip
            blocks = [{"line": at, "language": "console", "text": f"$ {line}\n"} for at, line in enumerate(commands)]
            yield {"name": f"lab {lab.number}, repair {n}", "lab": HERE, "drawn": False, "blocks": blocks}


def typed(line: str) -> str:
    """A line of a lab, as a reader types it."""
    verb, _, rest = line.partition(" ")
    if verb in ("stop", "start"):
        return f"OS_CLOUD=oslearn-admin oslearn {line}"
    if verb == "edit":
        name, _, change = rest.partition(" ")
        return f"sed -i 's{change}' {name}"
    return f"OS_CLOUD=oslearn-{verb.removesuffix(':')} openstack {rest}"


def wrong(page: dict[str, Any]) -> Iterator[str]:
    """What is not as it has to be: only the first look finds something, and the second finds it mended."""
    said = [block["done"][0] if "done" in block else {"source": "?", "got": block["error"] + "[exit]"}
            for block in page["blocks"]]  # fmt: skip
    for at, done in enumerate(said):
        if ("[exit" in done["got"]) != (at == FIRST - 1):
            yield f"{page['page']}: {done['source'].strip()}\n{done['got'][-1500:]}"
    if "Mended" not in said[-LAST]["got"]:
        yield f"{page['page']}: not mended\n{said[-LAST]['got'][-1500:]}"


def count(pages: list[dict[str, Any]]) -> str:
    """How many that were."""
    return f"{len(pages)} repairs of {len(broken.labs())} labs"
