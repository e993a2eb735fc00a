"""The files that the architecture tests read."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src" / "oslearn").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = sorted([*(ROOT / "docs").rglob("*.rst"), *ROOT.glob("README.md")])


def name(path: Path) -> str:
    """The path as the repository says it; pytest shows it as the test's id."""
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """Every text file of the repository that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]
