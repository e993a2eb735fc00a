"""Run every test on each Python from 3.11 to 3.14 that this machine has, and say which ran and which are not here.

Interface: `make pythons`. Each interpreter gets an environment of its own below build/pythons.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
MINORS = ("3.11", "3.12", "3.13", "3.14")
VERSION = "import platform, ensurepip, venv; print(platform.python_version())"


def candidates() -> Iterable[Path]:
    """Where interpreters may lie: in the path, and where pyenv and uv put them."""
    for folder in os.get_exec_path():
        yield from (Path(folder) / f"python{minor}" for minor in ("3", *MINORS))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for kept in (pyenv / "versions", Path.home() / ".local/share/uv/python"):
        yield from sorted(kept.glob("*/bin/python3"))


def version(python: Path) -> str:
    """What an interpreter says that it is, if it can make an environment."""
    try:
        done = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return ""
    return done.stdout.strip()


def found() -> dict[str, Path]:
    """One interpreter for each version."""
    known: dict[str, Path] = {}
    for python in candidates():
        told = version(python)
        if told.rpartition(".")[0] in MINORS:
            known.setdefault(told, python)
    return dict(sorted(known.items(), key=lambda entry: [int(part) for part in entry[0].split(".") if part.isdigit()]))


def passes(told: str, python: Path) -> bool:
    """`make test` with that interpreter."""
    words = ["make", "test", f"PYTHON={python}", f"VENV=build/pythons/{told}"]
    return subprocess.run(words, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """0 if all that ran passed."""
    results = {}
    for told, python in found().items():
        print(f"Python {told}: {python}", flush=True)
        results[told] = passes(told, python)
    for told, passed in results.items():
        print(f"{told:<8} {'passed' if passed else 'FAILED'}")
    for minor in MINORS:
        if not any(told.startswith(f"{minor}.") for told in results):
            print(f"{minor:<8} not on this machine: did not run")
    return int(not results or not all(results.values()))


if __name__ == "__main__":
    sys.exit(main())
