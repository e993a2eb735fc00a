"""What the programs of this folder share: each is a user of one client, and tells its steps on standard output.

Interface: `with step("what is done"):`, `run("nova", "list")`, `fields(table)`, `rows(table)`, `wait(look, wanted)`,
`network(conn, name)`. The programs run in .clients, where there is no oslearn: they see a cloud, and no more.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
KEY = b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
"""The middle of a public key that is none's."""
TERMINAL = pty.openpty()[1]
"""Whoever types a command has one: glance would upload what comes from elsewhere."""
PATIENCE = 60
"""Seconds until a user gives up waiting."""


def tell(name: str, why: str = "") -> None:
    """A step's name, and why it failed if it did."""
    print(json.dumps({"step": name, "why": why}), flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """A step, which fails with the first exception in it. The next ones are tried all the same."""
    try:
        yield
    except subprocess.CalledProcessError as error:
        lines = f"{error.stdout}\n{error.stderr}".strip().splitlines()
        tell(name, f"{' '.join(map(str, error.cmd))}: {' '.join(lines[-4:])}")
    except Exception as error:  # whatever a client raises is its user's trouble
        tell(name, f"{type(error).__name__}: {error} (line {_line(error)})")
    else:
        tell(name)


def _line(error: Exception) -> int:
    """Where in the program of the user an exception came from."""
    frame, found = error.__traceback__, 0
    while frame:
        if Path(frame.tb_frame.f_code.co_filename).parent == Path(__file__).parent:
            found = frame.tb_lineno
        frame = frame.tb_next
    return found


def run(*words: object, **environ: str) -> str:
    """What a command prints. Raises CalledProcessError."""
    command = [BIN / str(words[0]), *map(str, words[1:])]
    env = {**os.environ, **environ}
    return subprocess.run(command, stdin=TERMINAL, capture_output=True, check=True, text=True, env=env).stdout


def admin() -> dict[str, str]:
    """The environment of the administrator, for `run`."""
    known = json.loads(os.environ["ADMIN"])
    return {f"OS_{name.upper()}": value for name, value in known.items()}


def rows(table: str) -> list[dict[str, str]]:
    """The rows of a printed table by the names of its columns."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


def fields(table: str) -> dict[str, str]:
    """A printed table of two columns."""
    return dict(tuple(row.values()) for row in rows(table))


def same(found: object, wanted: object) -> None:
    """Raises AssertionError with both."""
    assert found == wanted, f"{found!r} is not {wanted!r}"


def wait(look: Callable[[], object], wanted: object) -> None:
    """Look again until it is as wanted. Raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while (found := look()) != wanted:
        if time.monotonic() > end:
            raise TimeoutError(f"{found!r} never became {wanted!r}")
        time.sleep(0.2)


@contextmanager
def network(conn: Any, name: str) -> Iterator[Any]:
    """A network with a subnet, for a client that does not make any."""
    made = conn.create_network(name)
    conn.create_subnet(made.id, cidr="10.77.0.0/24", subnet_name=name)
    try:
        yield made
    finally:
        conn.delete_network(made.id)
