"""Type the whole course on one cloud that is kept, day after day.

    python -m tests.walk [CLI|Python]...

Whoever opens the tab CLI everywhere types one half of the examples, whoever opens Python the other; what stands in no
tab both type. Between two days the cloud is ended and started again. What ends otherwise than on its page is printed.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.walk.reader import Reader, days

TABS = ("CLI", "Python")


def walk(tab: str) -> int:
    """Type it; returns how much went otherwise than on the page."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder, "data"))
        for day, everything in days(tab).items():
            for typed in everything:
                if told := reader.types(typed):
                    print(told, flush=True)
                    wrong += 1
            print(f"{tab}, {day}: {len(everything)} typed, {wrong} went wrong so far", flush=True)
            reader.night()
            reader.morning()
        reader.night()
    return wrong


def main(tabs: list[str]) -> int:
    """Each tab in a process of its own, side by side."""
    logging.disable(logging.CRITICAL)  # the lessons break things on purpose
    if len(tabs) == 1:
        return min(walk(tabs[0]), 1)
    walks = [subprocess.Popen([sys.executable, "-m", "tests.walk", tab]) for tab in tabs or TABS]
    return max(one.wait() for one in walks)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
