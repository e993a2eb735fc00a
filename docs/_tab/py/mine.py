"""What the page's cloud holds, for who decides which cloud to keep.

Interface: a call of page.py: `holds(page)` counts, without a trace of it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from page import Page


def holds(page: Page) -> object:
    """How many servers, networks and volumes of all projects there are, and how many bytes all of it has.

    Raises RuntimeError if a service does not answer.
    """
    from kept import HERE
    from oslearn.course.drawing.things import things
    from oslearn.trace.views import unseen

    cloud = page.shell.cloud
    with unseen(cloud):
        found, silent = things(cloud.connect("admin"))
    if silent:
        raise RuntimeError(f"{silent[0]} does not answer")
    count = Counter(thing.kind for thing in found)
    files = [path for folder in HERE for path in (page.shell.root / folder).rglob("*") if path.is_file()]
    return {"servers": count["server"], "networks": count["network"], "volumes": count["volume"],
            "bytes": sum(path.stat().st_size for path in files)}  # fmt: skip
