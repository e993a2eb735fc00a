"""What this machine has: its ports, its programs, and what an earlier start has left.

Interface: `HOST`; `free_port()`, `says(port, greeting)`; `found(pattern)`; `end_left(folder, noted)`.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 30
"""Seconds for what was left to end."""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as made:
        made.bind((HOST, 0))
        return int(made.getsockname()[1])


def end_left(folder: Path, noted: Path) -> None:
    """End the server that works in a folder, if the one that was noted does: on Linux, where one can look."""
    with suppress(OSError, ValueError):
        pid = int(noted.read_text())
        if Path(f"/proc/{pid}/cwd").resolve() == folder.resolve():
            os.killpg(pid, signal.SIGINT)
            until = time.monotonic() + PATIENCE
            while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
                time.sleep(0.05)


def found(pattern: str) -> list[str]:
    """The folders of a pattern, the newest version first."""
    return sorted((f"{path}" for path in Path("/").glob(pattern.lstrip("/"))), reverse=True)


def says(port: int, greeting: bytes = b"") -> bool:
    """Whether a server says something, to a greeting if it waits for one."""
    with suppress(OSError), socket.create_connection((HOST, port), 1) as made:
        made.sendall(greeting)
        return bool(made.recv(1))
    return False
