"""What a reader's run printed beside what the page shows.

Interface: `alike(want, got)`, by doctest's rules; `apart(want, got)`, the lines of both where they part; `shown(got)`,
as many lines of an answer as a page holds, each with what it is, and how many there are.
"""

from __future__ import annotations

import difflib
import doctest
from typing import TypedDict

from lines import kinds

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LINES, HUNKS, EACH, COMPARED = 5000, 8, 12, 300
"""Of an answer; of what differs: places, lines of each, and lines that are compared at all."""


class Hunk(TypedDict):
    """A place where both part."""

    page: list[str]
    yours: list[str]


class Shown(TypedDict):
    """An answer as a page shows it."""

    got: str
    kinds: list[str]
    lines: int


def alike(want: str, got: str) -> bool:
    """Whether a doctest would take it."""
    return doctest.OutputChecker().check_output(want, got, FLAGS)


def apart(want: str, got: str) -> list[Hunk]:
    """The lines that only one of both has; dots in the page's stand for anything.

    >>> apart("a\\n| ... |\\nb\\n", "a\\n| 1 |\\nc\\n")
    [{'page': ['b'], 'yours': ['c']}]
    """
    page, yours = want.splitlines()[:COMPARED], got.splitlines()[:COMPARED]
    same = [next((line for line in page if line and alike(line, own)), own) for own in yours]
    found: list[Hunk] = [
        {"page": few(page[a:b]), "yours": few(yours[c:d])}
        for kind, a, b, c, d in difflib.SequenceMatcher(None, page, same, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return found[:HUNKS]


def few(lines: list[str]) -> list[str]:
    """The first of many lines."""
    return lines if len(lines) <= EACH else [*lines[:EACH], f"… {len(lines) - EACH} lines more"]


def shown(source: str, got: str) -> Shown:
    """The answer to a command."""
    lines = got.splitlines()
    first = lines[:LINES]
    named = kinds([f"$ {source}".partition("\n")[0].rstrip("\\"), *first])[1:]
    return {"got": "".join(f"{line}\n" for line in first), "kinds": named, "lines": len(lines)}
