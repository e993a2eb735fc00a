"""The small programs that the pages use, with the options that they use.

Interface: `PROGRAMS`, by name: each takes its words, what it reads, and the `Place` where it runs, and returns what it
prints and its exit code. Raises ProgramError, or OSError for a file.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

RAW = "surrogateescape"
"""Bytes that are no UTF-8 pass through a pipe as they are."""


class ProgramError(Exception):
    """What a program says before it ends with `code`."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Place:
    """A folder and variables."""

    directory: Path
    variables: dict[str, str]

    def read(self, name: str) -> str:
        """A file's text. Raises OSError."""
        return (self.directory / name).read_text("utf-8", errors=RAW)

    def inputs(self, names: list[str], data: str | None) -> str:
        """The files' text; without a name, what the program reads."""
        return "".join(map(self.read, names)) if names else data or ""


Result = tuple[str, int]
Program = Callable[[list[str], str | None, Place], Result]


def plain(words: list[str]) -> list[str]:
    """The words that are no options."""
    return [word for word in words if not word.startswith("-")]


def flags(words: list[str]) -> str:
    """The letters of the options."""
    return "".join(word[1:] for word in words if word.startswith("-"))


def valued(words: list[str], letters: str, default: str) -> tuple[str, list[str], str]:
    """The value of an option (`-n 3`, `-n3`, `-3`), the other words, and which option it was."""
    value, which, names, rest = default, letters[0], list[str](), iter(words)
    for word in rest:
        if re.fullmatch(r"-\d+", word):
            value = word[1:]
        elif len(word) > 1 and word[0] == "-" and word[1] in letters:
            which, value = word[1], word[2:] or next(rest, default)
        else:
            names.append(word)
    return value, names, which


def export(words: list[str], data: str | None, place: Place) -> Result:
    """For what stands behind it in the line; a block's own `export` is the shell's."""
    place.variables.update((name, value) for name, _, value in (word.partition("=") for word in words))
    return "", 0


def env(words: list[str], data: str | None, place: Place) -> Result:
    """The variables."""
    return "".join(f"{name}={value}\n" for name, value in sorted(place.variables.items())), 0


def echo(words: list[str], data: str | None, place: Place) -> Result:
    """Its words."""
    return " ".join(words) + "\n", 0


def printf(words: list[str], data: str | None, place: Place) -> Result:
    """`%s` and `%d`, `\\n` and `\\t`."""
    text = words[0].replace("\\n", "\n").replace("\\t", "\t")
    return (text % tuple(words[1:]) if words[1:] else text.replace("%%", "%")), 0


def cat(words: list[str], data: str | None, place: Place) -> Result:
    """Files, or what it reads."""
    return place.inputs(words, data), 0


def head(words: list[str], data: str | None, place: Place) -> Result:
    """The first lines, or bytes."""
    count, names, by = valued(words, "nc", "10")
    text = place.inputs(names, data)
    return (text[: int(count)] if by == "c" else "".join(text.splitlines(keepends=True)[: int(count)])), 0


def tail(words: list[str], data: str | None, place: Place) -> Result:
    """The last lines."""
    count, names, _ = valued(words, "n", "10")
    return "".join(place.inputs(names, data).splitlines(keepends=True)[-int(count) :]), 0


def wc(words: list[str], data: str | None, place: Place) -> Result:
    """Lines, words, bytes."""
    text = place.inputs(plain(words), data)
    counts = {"l": text.count("\n"), "w": len(text.split()), "c": len(text.encode("utf-8", RAW))}
    chosen = [count for letter, count in counts.items() if letter in flags(words)] or list(counts.values())
    return " ".join(map(str, chosen)) + "\n", 0


def sort(words: list[str], data: str | None, place: Place) -> Result:
    """Lines in order; `-r`, `-u`."""
    lines = sorted(place.inputs(plain(words), data).splitlines(), reverse="r" in flags(words))
    return "".join(f"{line}\n" for line in (dict.fromkeys(lines) if "u" in flags(words) else lines)), 0


def uniq(words: list[str], data: str | None, place: Place) -> Result:
    """Without a line that is as the one before it; `-c` counts."""
    counted: list[tuple[str, int]] = []
    for line in place.inputs(plain(words), data).splitlines():
        if counted and counted[-1][0] == line:
            counted[-1] = line, counted[-1][1] + 1
        else:
            counted.append((line, 1))
    return "".join(f"{count:7} {line}\n" if "c" in flags(words) else f"{line}\n" for line, count in counted), 0


def cut(words: list[str], data: str | None, place: Place) -> Result:
    """`-c 3-8`, `-f 2` with `-d`."""
    mode, delimiter, spec, names, rest = "c", "\t", "1-", list[str](), iter(words)
    for word in rest:
        if word[:2] in ("-c", "-f"):
            mode, spec = word[1], word[2:] or next(rest, spec)
        elif word[:2] == "-d":
            delimiter = word[2:] or next(rest, delimiter)
        else:
            names.append(word)
    low, dash, high = spec.partition("-")
    kept = slice(int(low or 1) - 1, (int(high) if high else None) if dash else int(low))
    lines = place.inputs(names, data).splitlines()
    parts = (line[kept] if mode == "c" else delimiter.join(line.split(delimiter)[kept]) for line in lines)
    return "".join(f"{part}\n" for part in parts), 0


def grep(words: list[str], data: str | None, place: Place) -> Result:
    """`-F`, `-i`, `-v`, `-c`, `-o`, `-A n`; patterns are extended ones."""
    after, words, _ = valued(words, "A", "0")
    letters, (pattern, *names) = flags(words), plain(words)
    test = re.compile(re.escape(pattern) if "F" in letters else pattern, re.IGNORECASE if "i" in letters else 0)
    lines = place.inputs(names, data).splitlines()
    hits = [n for n, line in enumerate(lines) if bool(test.search(line)) != ("v" in letters)]
    if "c" in letters:
        return f"{len(hits)}\n", int(not hits)
    if "o" in letters:
        return "".join(f"{found[0]}\n" for n in hits for found in test.finditer(lines[n])), int(not hits)
    kept = sorted({n for hit in hits for n in range(hit, min(hit + int(after) + 1, len(lines)))})
    return "".join(f"{lines[n]}\n" for n in kept), int(not hits)


def ls(words: list[str], data: str | None, place: Place) -> Result:
    """Names; `-l` with mode and size."""
    paths = [place.directory / name for name in plain(words)] or sorted(place.directory.glob("[!.]*"))
    found = [(path.stat(), path.name) for path in paths]
    if "l" not in flags(words):
        return "".join(f"{name}\n" for _, name in found), 0
    rows = [f"{stat.filemode(kept.st_mode)} 1 you you {kept.st_size} Jan  1 00:00 {name}\n" for kept, name in found]
    return "".join(rows), 0


def rm(words: list[str], data: str | None, place: Place) -> Result:
    """Remove files."""
    for name in plain(words):
        (place.directory / name).unlink(missing_ok="f" in flags(words))
    return "", 0


def chmod(words: list[str], data: str | None, place: Place) -> Result:
    """`chmod 600 FILE`."""
    for name in words[1:]:
        (place.directory / name).chmod(int(words[0], 8))
    return "", 0


def truncate(words: list[str], data: str | None, place: Place) -> Result:
    """`truncate -s 1M FILE`."""
    size, names, _ = valued(words, "s", "0")
    scale = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(size[-1], 1)
    for name in names:
        with (place.directory / name).open("ab") as file:
            file.truncate(int(size.rstrip("KMG")) * scale)
    return "", 0


def checksum(kind: str, words: list[str], data: str | None, place: Place) -> Result:
    """Of each file, or of what it reads."""
    if not words:
        return f"{hashlib.new(kind, (data or '').encode('utf-8', RAW)).hexdigest()}  -\n", 0
    sums = [(hashlib.new(kind, (place.directory / name).read_bytes()).hexdigest(), name) for name in words]
    return "".join(f"{found}  {name}\n" for found, name in sums), 0


def diff(words: list[str], data: str | None, place: Place) -> Result:
    """`diff -u`."""
    first, second = (place.read(name).splitlines(keepends=True) for name in words[-2:])
    return "".join(difflib.unified_diff(first, second, words[-2], words[-1])), int(first != second)


def od(words: list[str], data: str | None, place: Place) -> Result:
    """`od -c`."""
    raw = place.inputs(plain(words), data).encode("utf-8", RAW)
    named = {0: "\\0", 10: "\\n", 9: "\\t"}
    cells = [named.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}") for byte in raw]
    rows = [f"{at:07o}" + "".join(f"{cell:>4}" for cell in cells[at : at + 16]) for at in range(0, len(cells), 16)]
    return "".join(f"{row}\n" for row in [*rows, f"{len(raw):07o}"]), 0


def base64_(words: list[str], data: str | None, place: Place) -> Result:
    """Encode, or `-d`."""
    raw = place.inputs(plain(words), data).encode("utf-8", RAW)
    if "d" in flags(words):
        return base64.b64decode(raw).decode("utf-8", RAW), 0
    return base64.encodebytes(raw).decode(), 0


def sed(words: list[str], data: str | None, place: Place) -> Result:
    """`s/pattern/words/`, with `g`; any sign may stand for the slash. `-i` changes the files themselves."""
    inside = words[:1] == ["-i"]
    script, *names = plain(words[inside:])
    if script[:1] != "s" or script.count(script[1]) != 3:
        raise ProgramError("this one knows s/pattern/words/ only")
    _, pattern, put, letters = script.split(script[1])

    def changed(text: str) -> str:
        return "".join(re.sub(pattern, put, line, count="g" not in letters) + "\n" for line in text.splitlines())

    if not inside:
        return changed(place.inputs(names, data)), 0
    for name in names:
        text = place.inputs([name], None)
        (place.directory / name).write_text(changed(text), "utf-8")
    return "", 0


def true(words: list[str], data: str | None, place: Place) -> Result:
    """Nothing, and that went well."""
    return "", 0


def pwd(words: list[str], data: str | None, place: Place) -> Result:
    """Where it is."""
    return f"{place.directory}\n", 0


HERE: tuple[Program, ...] = (
    export, env, echo, printf, cat, head, tail, wc, sort, uniq, cut, grep, ls, rm, chmod, truncate, diff, od, base64_,
    sed, true, pwd,
)  # fmt: skip
PROGRAMS: dict[str, Program] = {getattr(program, "__name__", "").strip("_"): program for program in HERE}
PROGRAMS |= {f"{kind}sum": partial(checksum, kind) for kind in ("md5", "sha256")}
