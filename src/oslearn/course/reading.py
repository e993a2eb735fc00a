"""How much of the code there is to read: all that is not blank, and of that what a boot runs.

Interface: `CORE`, the files of the core; `written(path)`, a file's lines that are not blank; `run(flow)`, by file the
lines of every function that runs between the request for a server and its end; `started(flow)`, of those files that put
a cloud together the lines of every function that its start runs.
Invariants: a function that runs counts whole, with its docstring, because it is read whole.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType

from oslearn.cloud import Cloud
from oslearn.core.config import Config
from oslearn.core.keystone.bootstrap import SERVICE_USERS
from oslearn.course.reference import Lab

PACKAGE = Path(__file__).resolve().parents[1]
KNOWN = ("__init__", "base", *(path.name for path in (PACKAGE / "core").iterdir()))
WIRING = [path for path in (PACKAGE / "deploy").glob("*.py") if path.stem in KNOWN]
"""Of the services that a boot needs: one that is an extension as a whole has no folder in the core."""
CORE = sorted([*(PACKAGE / "core").rglob("*.py"), *WIRING, PACKAGE / "cloud.py"])
"""What a boot runs through, and the wiring of it."""
STARTING = {*WIRING, *(PACKAGE / name for name in ("cloud.py", "core/config.py", "core/keystone/bootstrap.py"))}
"""What is there to start a cloud: little of it runs in a boot."""


@cache
def written(path: Path) -> frozenset[int]:
    """The numbers of the lines that are not blank: a blank line takes no time to read."""
    return frozenset(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line.strip())


@contextmanager
def core_alone(flow: str, starting: AbstractContextManager[None] | None = None) -> Iterator[Lab]:
    """A cloud without extensions, on databases in which a whole one has made an image, a network and a volume.

    `starting` is entered while it starts.
    """
    passwords = dict.fromkeys(("admin", "demo", *SERVICE_USERS), "secret")
    with TemporaryDirectory() as folder:
        config = Config(flow=flow, database_dir=folder, image_dir=f"{folder}/images")
        whole = Lab.prepare(Cloud(config, trace=False, passwords=passwords))
        with starting or nullcontext():
            alone = Cloud(config, trace=False, passwords=passwords, extensions=False)
        yield replace(whole, cloud=alone)
        for database in (*whole.cloud.databases.values(), *alone.databases.values()):
            database.engine.dispose()


def run(flow: str) -> dict[Path, frozenset[int]]:
    """By file of ours, the lines of the functions that run in a boot of the reference server."""
    return measured(flow)["boot"]


def started(flow: str) -> dict[Path, frozenset[int]]:
    """By file that is there to start a cloud, the lines of the functions that run when the core starts alone."""
    return {path: lines for path, lines in measured(flow)["start"].items() if path in STARTING}


@cache
def measured(flow: str) -> dict[str, dict[Path, frozenset[int]]]:
    """Which lines a start and a boot run, by file.

    In an interpreter of its own: what this one has remembered from earlier boots would not run again.
    """
    done = subprocess.run([sys.executable, "-m", __name__, flow], check=True, capture_output=True, text=True)  # noqa: S603
    found = json.loads(done.stdout)
    return {what: {PACKAGE / path: frozenset(lines) for path, lines in ran.items()} for what, ran in found.items()}


def measure(flow: str) -> dict[str, dict[str, list[int]]]:
    """Start once and boot once, and tell which lines ran, by path below the package."""
    start, boot = set[CodeType](), set[CodeType]()
    with core_alone(flow, watched(start)) as lab, watched(boot):
        lab.boot()
    return {"start": lines_of(start), "boot": lines_of(boot)}


@contextmanager
def watched(ran: set[CodeType]) -> Iterator[None]:
    """Note the code of every function that runs meanwhile."""

    def seen(frame: FrameType, event: str, value: object) -> None:
        ran.add(frame.f_code)

    sys.setprofile(seen)
    try:
        yield
    finally:
        sys.setprofile(None)


def lines_of(ran: set[CodeType]) -> dict[str, list[int]]:
    """The lines of functions of ours, by path below the package."""
    found: dict[str, list[int]] = {}
    for code in ran:
        path = Path(code.co_filename).resolve()
        if path.is_relative_to(PACKAGE):
            last = max(line for _, _, line in code.co_lines() if line)
            lines = written(path) & frozenset(range(code.co_firstlineno, last + 1))
            name = path.relative_to(PACKAGE).as_posix()
            found[name] = sorted({*found.get(name, ()), *lines})
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
