"""The site, as `make html` builds it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAGE = Path("docs", "day4", "token.rst")


def site() -> dict[str, float]:
    """From nothing, and again after a change of one page, in a copy: others may build or test in the folder itself."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name, "site")
        left_out = shutil.ignore_patterns("build", ".*", "tests", "__pycache__")
        shutil.copytree(".", copy, ignore=left_out)
        shutil.copytree(Path("tests", "architecture"), copy / "tests" / "architecture")  # it lists what is not run
        found = {"site": built(copy)}
        (copy / PAGE).touch()
        return found | {"page": built(copy)}


def built(root: Path) -> float:
    """Seconds of a build."""
    start = time.perf_counter()
    jobs = str((os.cpu_count() or 1) + 1)  # as the Makefile has it
    words = ["-q", "-c", ".", "-b", "html", "-j", jobs, "-d", "build/doctrees", "docs", "build/html"]
    places = os.environ | {"PYTHONPATH": str(root / "src")}
    subprocess.run([sys.executable, "-m", "sphinx", *words], cwd=root, env=places, check=True, capture_output=True)
    return time.perf_counter() - start
