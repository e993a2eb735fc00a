"""A cloud in a process of its own, as a user starts it, for clients in other processes.

Interface: `with served(folder) as clouds`, what its clouds.yaml says, by the name of the cloud.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oslearn.port import settings


@contextmanager
def served(folder: Path) -> Iterator[dict[str, settings.UserSettings]]:
    """Start it with a clouds.yaml in the folder; end it with the block. Raises SystemExit if it did not start."""
    words = [sys.executable, "-m", "oslearn", "serve", "--port", "0", "--clouds-yaml", str(folder / "clouds.yaml")]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise SystemExit("the cloud did not start")
            yield settings.read(folder / "clouds.yaml")["clouds"]
        finally:
            process.terminate()
