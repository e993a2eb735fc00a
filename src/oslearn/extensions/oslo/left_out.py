"""What upstream has and this cloud has not, in the modules' own words: the `Left out:` lines of their docstrings.

Interface: `statements(folder)` are the modules that say so, with what they say; `named(folder)` are the paths, fields
and headers in it, which stand in backquotes; `told(folders, req, error)` is a 404 that says so of such a path;
`refuse(given, *names)` refuses such fields.
Invariants: the page of the reference, the messages of the APIs and the modules say the same, because they are the same
lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request

LINE = re.compile(r"Left out(?:, [^:]*)?: (.*?)(?=\n\n|\n[A-Z][a-z]+(?: out)?: |\Z)", re.DOTALL)
PAGE = "docs/reference/left-out.rst"


def statement(source: str) -> str:
    """What the docstring at the top of a module says is left out; nothing if it says nothing.

    >>> statement('\"\"\"A module.\\n\\nLeft out: cells, `os-cells`.\\n\"\"\"')
    'cells, `os-cells`.'
    """
    docstring = source.split('"""', 2)[1] if source.startswith('"""') else ""
    found = LINE.search(docstring.strip())
    return " ".join(found[1].split()) if found else ""


@cache
def statements(folder: Path) -> dict[Path, str]:
    """By file, in the order of the paths."""
    texts = {path: statement(path.read_text("utf-8")) for path in sorted(folder.rglob("*.py"))}
    return {path: text for path, text in texts.items() if text}


@cache
def named(folder: Path) -> frozenset[str]:
    """What stands in backquotes."""
    return frozenset(name for text in statements(folder).values() for name in re.findall("`([^`]+)`", text))


def note(folders: Sequence[Path], method: str, path: str) -> str:
    """What to tell who asks for a path that is left out: the first of its words, or of those together, that a statement
    names.

    A statement may name one method of the last word: `POST /qos-specs`.
    """
    left, path = frozenset().union(*map(named, folders)), path.rstrip("/")
    places = sorted((f"{path}/".find(f"{name}/"), name[1:]) for name in left if name.startswith("/"))
    last = f"{method} /{path.rpartition('/')[2]}"
    known = next((name for place, name in places if place >= 0), last if last in left else None)
    return f"{known} is left out of this cloud; {PAGE} lists what is." if known else ""


def told(folders: Sequence[Path], req: Request, error: exception.OpenStackError) -> exception.OpenStackError:
    """The error; of a path that is left out a 404 that says so."""
    if error.code != 404 or not (left := note(folders, req.method, req.path)):
        return error
    kind = exception.RouteNotFound if isinstance(error, exception.RouteNotFound) else exception.NotFound
    return kind(f"{error} {left}")


def refuse(given: Mapping[str, object], *names: str) -> None:
    """Raise BadRequest if one of these fields asks for something."""
    for name in names:
        if given.get(name):
            raise exception.BadRequest(f"{name} is left out of this cloud; {PAGE} lists what is.")
