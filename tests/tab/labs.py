"""The break-fix labs in a page: untouched each fails, and each right repair passes, as a reader types it.

Interface: `pages()`, what `run` of this package takes; `wrong(page)`, what went otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oslearn.course.labs import broken

HERE = "day1.1"
"""Where the labs' page begins."""
AS = "export OS_CLOUD=oslearn-"
MAY_FAIL = -1
"""The line of a command that may fail; of all others it is their place."""


def pages() -> Iterator[dict[str, Any]]:
    """A page for each right repair of each lab: break it, look, repair it, look again, and end it."""
    for lab in broken.labs():
        for n, repair in enumerate(lab.repairs, 1):
            commands = [(f"{AS}demo", True), (f"oslearn lab break {lab.number}", True), ("oslearn check", True)]
            for line in repair:
                commands += typed(line)
            commands += [(f"{AS}demo", True), ("oslearn check", True), ("oslearn lab end", True)]
            blocks = [{"line": at if must else MAY_FAIL, "language": "console", "text": f"$ {line}\n"}
                      for at, (line, must) in enumerate(commands)]  # fmt: skip
            yield {"name": f"lab {lab.number}, repair {n}", "lab": HERE, "drawn": False, "blocks": blocks}


def typed(line: str) -> list[tuple[str, bool]]:
    """A line of a lab, as a reader types it; and whether it has to go well."""
    verb, _, rest = line.removeprefix("-").partition(" ")
    if verb in ("stop", "start"):
        return [(f"{AS}admin", True), (f"oslearn {line}", True)]
    if verb == "edit":
        name, _, change = rest.partition(" ")
        return [(f"sed -i 's{change}' {name}", True)]
    return [(AS + verb.removesuffix(":"), True), (f"openstack {rest}", not line.startswith("-"))]


def wrong(page: dict[str, Any]) -> Iterator[str]:
    """What is not as it has to be: only the first look finds something, and the second finds it mended."""
    looks = []
    for block in page["blocks"]:
        source, got = said(block)
        if source.strip() == "oslearn check":
            looks.append(got)
        elif "[exit" in got and block["line"] != MAY_FAIL:
            yield f"{page['page']}: {source.strip()}\n{got[-1500:]}"
    first, last = looks
    if "[exit" not in first:
        yield f"{page['page']}: nothing is wrong\n{first[-1500:]}"
    if "[exit" in last or "Mended" not in last:
        yield f"{page['page']}: not mended\n{last[-1500:]}"


def said(block: dict[str, Any]) -> tuple[str, str]:
    """The command, and what it printed."""
    if "error" in block:
        return "", f"{block['error']}\n[exit]"
    (done,) = block["done"]
    return done["source"], done["got"]


def count(pages: list[dict[str, Any]]) -> str:
    """How many that were."""
    return f"{len(pages)} repairs of {len(broken.labs())} labs"
