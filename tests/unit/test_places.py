"""Where the code says that it is, whatever the folders above it are called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import oslearn
from oslearn.trace import places

PRINTS = """
from oslearn.core.oslo import messaging
from oslearn.trace import places
print(places.below(messaging.__file__), places.below("/elsewhere/oslearn/y.py"))
"""


def test_a_file_of_the_package_is_named_from_the_package() -> None:
    assert places.below(places.__file__) == "trace/places.py"
    assert places.below(__file__) == ""


def test_a_folder_above_may_have_the_packages_name(tmp_path: Path) -> None:
    clone = tmp_path / "oslearn" / "src" / "oslearn"
    clone.mkdir(parents=True)
    package = Path(oslearn.__file__).parent
    for room in ("core", "trace"):
        (clone / room).symlink_to(package / room)
    (clone / "__init__.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", PRINTS],
        env={"PYTHONPATH": str(clone.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["core/oslo/messaging.py"]
