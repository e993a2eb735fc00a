"""What if? A flow's boot runs again, in a cloud of its own beside the page's, and one of its messages goes wrong.

Interface: calls of page.py: `whatif(page, flow, n, how)` says what came of it, as tests/flows/whatif.toml does;
`whatif_inside(page, look)` draws what happened then.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oslearn.course.whatif import Bench, Outcome
    from page import Page

benches: dict[str, Bench] = {}
"""The clouds of the flows that were asked about: the next question is answered sooner."""
last: Outcome | None = None


def whatif(page: Page, flow: str, n: int, how: str) -> object:
    """Ask, and look whether anything stays when the user has deleted the server. Raises ValueError."""
    from oslearn.course.whatif import Bench, held

    global last
    start = time.perf_counter()
    with quiet():
        bench = benches.pop(flow, None) or Bench(flow)  # one that breaks is not asked again
        last = bench.ask(n, how)
        stays = [*held(bench.lab)]
        if not stays and not bench.lab.cloud.connect("demo").compute.get("/servers").json()["servers"]:
            benches[flow] = bench
    left = [] if last.status == "ACTIVE" else sorted(last.left)
    return {"came": [last.reached, last.status, last.noticed, left], "message": last.message.partition("\n")[0],
            "stays": stays, "ms": round((time.perf_counter() - start) * 1000, 1)}  # fmt: skip


def whatif_inside(page: Page, look: str) -> object:
    """What happened in the last boot that was asked about; nothing if none was."""
    from happened import happened
    from seen import drawing

    found = happened(last.trace) if last else None
    if found is None:
        return None
    _, svgs = drawing(page, found, look)
    return {"title": found.title, "caption": found.caption, "svgs": svgs}


@contextmanager
def quiet() -> Iterator[None]:
    """What a broken cloud logs is not for who broke it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
