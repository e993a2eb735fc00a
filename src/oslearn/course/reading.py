"""How much of the code there is to read: all that is not blank, and of that what a boot runs.

Interface: `CORE`, the files of the core; `written(path)`, a file's lines that are not blank; `run(flow)`, by file the
lines of every function that runs between the request for a server and its end.
Invariants: a function that runs counts whole, with its docstring, because it is read whole.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
CORE = sorted([*(PACKAGE / "core").rglob("*.py"), *(PACKAGE / "deploy").glob("*.py"), PACKAGE / "cloud.py"])
"""What a boot runs through, and the wiring of it."""


@cache
def written(path: Path) -> frozenset[int]:
    """The numbers of the lines that are not blank: a blank line takes no time to read."""
    return frozenset(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line.strip())


@contextmanager
def core_alone(flow: str) -> Iterator[Lab]:
    """A cloud without extensions, on databases in which a whole one has made an image, a network and a volume."""
    passwords = dict.fromkeys(("admin", "demo", *SERVICE_USERS), "secret")
    with TemporaryDirectory() as folder:
        config = Config(flow=flow, database_dir=folder, image_dir=f"{folder}/images")
        whole = Lab.prepare(Cloud(config, trace=False, passwords=passwords))
        alone = Cloud(config, trace=False, passwords=passwords, extensions=False)
        yield replace(whole, cloud=alone)
        for database in (*whole.cloud.databases.values(), *alone.databases.values()):
            database.engine.dispose()


@cache
def run(flow: str) -> dict[Path, frozenset[int]]:
    """By file of ours, the lines of the functions that run in a boot of the reference server.

    In an interpreter of its own: what this one has remembered from earlier boots would not run again.
    """
    done = subprocess.run([sys.executable, "-m", __name__, flow], check=True, capture_output=True, text=True)  # noqa: S603
    return {PACKAGE / path: frozenset(lines) for path, lines in json.loads(done.stdout).items()}


def boot(flow: str) -> dict[str, list[int]]:
    """Boot once, and tell which lines ran, by path below the package."""
    ran = set[CodeType]()

    def seen(frame: FrameType, event: str, value: object) -> None:
        ran.add(frame.f_code)

    with core_alone(flow) as lab:
        sys.setprofile(seen)
        try:
            lab.boot()
        finally:
            sys.setprofile(None)
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
    print(json.dumps(boot(sys.argv[1])))
