"""What a real cloud answered against what this one answers, where ids, times and addresses may differ.

`Mapping.same` is the heart: two texts are the same if they are equal outside their ids, times and addresses, and if
each recorded id always meets the same one here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

KINDS = {
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "fingerprint": r"\b(?:[0-9a-f]{2}:){15}[0-9a-f]{2}\b",
    "mac": r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b",
    "transaction": r"\btx[0-9a-f]{21}-[0-9a-f]{10}\b",
    "reservation": r"\br-[a-z0-9]{8}\b",
    "domain": r"\binstance-[0-9a-f]{8}\b",
    "key": r"ssh-ed25519 [A-Za-z0-9+/]+",
    "time": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?",
    "stamp": r"\b\d{10}\.\d{5}\b",
    "day": r"\b\d{4}-\d\d-\d\d\b",
    "date": r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
    "host": r"(?<![0-9a-f])[0-9a-f]{56}(?![0-9a-f])",
    "hex": r"(?<![0-9a-f])(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])",
    "address": r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]|/\d)",
    "serial": r"(?<=standard_attr_id=')\d+",
    "secret": r"\b(?:TOKEN|PASSWORD|ADMINPASS|SECRET|PRIVATE_KEY)\b",
}
TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS.items()))
FLEETING = {"time", "stamp", "day", "date", "transaction", "serial", "host"}
"""What is another with each look, or by a scheduler's chance: only its form is compared."""
FIXED = {
    *("0.0.0.0", "127.0.0.1", "8.8.4.4", "8.8.8.8", "192.168.1.1", "192.168.1.2", "192.168.1.254"),
    *("203.0.113.1", "203.0.113.101", "203.0.113.250"),
}
"""Addresses that somebody asked for, or that follow from a subnet's range."""


class Difference(NamedTuple):
    """One way in which an answer is not the recorded one; `exchange` is empty for what the command printed."""

    exchange: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.exchange or 'printed'}: {self.kind}: {self.what}"


class Mapping:
    """Which id here stands for a recorded one. It grows with each comparison."""

    def __init__(self) -> None:
        self.ours: dict[str, str] = {}
        self.recorded: dict[str, str] = {}

    def translate(self, text: str) -> str:
        """A recorded text with the ids of here, as far as they are known."""
        return TOKEN.sub(lambda found: self.ours.get(found[0], found[0]), text)

    def known(self, token: re.Match[str], *, here: bool) -> str:
        """An id as it is here if it is known what it stands for, else its kind."""
        text = token[0] if here else self.ours.get(token[0], token[0])
        return text if text in self.recorded or text in FIXED else f"{{{token.lastgroup}}}"

    def same(self, recorded: str, ours: str, *, learn: bool = True) -> bool:
        """Whether two texts say the same. If so, the ids in them are known from now on."""
        if recorded in ("TOKEN", "PASSWORD", "ADMINPASS", "SECRET", "PRIVATE_KEY"):
            if learn:
                self.ours[recorded] = ours
            return bool(ours)
        (was, theirs), (now, mine) = split(recorded), split(ours)
        if was != now or len(theirs) != len(mine):
            return False
        if any(a != b if a in FIXED else form(k, a) != form(j, b) for (k, a), (j, b) in zip(theirs, mine, strict=True)):
            return False
        pairs = [(a, b) for (kind, a), (_, b) in zip(theirs, mine, strict=True) if kind not in FLEETING]
        pairs = [(a, b) for a, b in pairs if a not in FIXED]
        if any(self.ours.get(a, b) != b for a, b in pairs):
            return False
        if any(self.recorded.get(b, a) != a and not re.fullmatch(KINDS["address"], a) for a, b in pairs):
            return False  # an address is given away again once it is free
        if learn:
            self.ours.update(pairs)
            self.recorded.update((b, a) for a, b in pairs)
        return True


def split(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The plain parts of a text, and what stands between them as (kind, token)."""
    plain, tokens, end = [], [], 0
    for found in TOKEN.finditer(text):
        plain.append(text[end : found.start()])
        tokens.append((str(found.lastgroup), found[0]))
        end = found.end()
    return [*plain, text[end:]], tokens


def form(kind: str, token: str) -> str:
    """What two tokens must have in common: the kind, of a time how it is written."""
    if kind == "time":
        return re.sub(r"\d", "9", token)
    return f"{kind}{len(token)}" if kind == "hex" else kind


# --- bodies -----------------------------------------------------------------------------------------------------------


def bodies(mapping: Mapping, recorded: Any, ours: Any, *, values: bool, path: str = "") -> Iterator[tuple[str, str]]:
    """Differences of two JSON bodies as (kind, what): keys and types; with `values` also what strings say."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        yield from objects(mapping, recorded, ours, values=values, path=path)
    elif isinstance(recorded, list) and isinstance(ours, list):
        pairs, left, more = align(mapping, recorded, ours)
        for theirs, mine in pairs:
            yield from bodies(mapping, theirs, mine, values=values, path=f"{path}[]")
        if left or more:
            yield "length", f"{path}[]: recorded {len(recorded)}, here {len(ours)}"
    elif type_name(recorded) != type_name(ours):
        yield "type", f"{path}: recorded {type_name(recorded)}, here {type_name(ours)}"
    elif isinstance(recorded, str):
        if not mapping.same(recorded, ours) and values:
            yield "message", f"{path}: recorded {mapping.translate(recorded)!r}, here {ours!r}"
    elif values and recorded != ours:
        yield "message", f"{path}: recorded {recorded!r}, here {ours!r}"


def objects(mapping: Mapping, recorded: Any, ours: Any, *, values: bool, path: str) -> Iterator[tuple[str, str]]:
    """Differences of two JSON objects. A key that is an id is mapped like any other."""
    known = {mapping.translate(key): key for key in recorded}
    mine, theirs = [key for key in ours if key not in known], [key for key in known if key not in ours]
    for key in [*theirs]:
        if meets := [other for other in mine if TOKEN.fullmatch(key) and mapping.same(known[key], other)]:
            theirs.remove(key)
            mine.remove(meets[0])
            known[meets[0]] = known.pop(key)
    yield from (("key", f"{path}.{key} is missing") for key in theirs)
    yield from (("key", f"{path}.{key} is not recorded") for key in mine)
    for key, was in known.items():
        if key in ours:
            label = "{id}" if TOKEN.fullmatch(key) else key
            yield from bodies(mapping, recorded[was], ours[key], values=values, path=f"{path}.{label}")


def align(mapping: Mapping, recorded: list[Any], ours: list[Any]) -> tuple[list[tuple[Any, Any]], list[Any], list[Any]]:
    """Pairs of elements that stand for the same thing, the most alike first, and what is left over on either side."""
    theirs, mine = [leaves(mapping, e, here=False) for e in recorded], [leaves(mapping, e, here=True) for e in ours]
    scores = [(alike(a, b), -abs(i - j), -i, -j) for i, a in enumerate(theirs) for j, b in enumerate(mine)]
    left, more, pairs = {*range(len(recorded))}, {*range(len(ours))}, []
    for _, _, i, j in sorted(scores, reverse=True):
        if -i in left and -j in more:
            left.remove(-i)
            more.remove(-j)
            pairs.append((-i, -j))
    found = [(recorded[i], ours[j]) for i, j in sorted(pairs)]
    return found, [recorded[i] for i in sorted(left)], [ours[j] for j in sorted(more)]


def leaves(mapping: Mapping, value: Any, *, here: bool, path: str = "") -> dict[str, str]:
    """The plain values in a JSON value by their path; an id is as here if it is known, else it is its kind."""
    if isinstance(value, dict):
        parts = [leaves(mapping, part, here=here, path=f"{path}.{key}") for key, part in value.items()]
    elif isinstance(value, list):
        parts = [leaves(mapping, part, here=here, path=f"{path}[{n}]") for n, part in enumerate(value)]
    else:
        return {path: TOKEN.sub(lambda found: mapping.known(found, here=here), str(value))}
    return {key: text for part in parts for key, text in part.items()}


def alike(recorded: dict[str, str], ours: dict[str, str]) -> int:
    """How many values two elements have in common; their id, if it is known, weighs most, their name more."""
    common = [path for path, text in recorded.items() if ours.get(path) == text]
    weights = {".id": 100, ".name": 10, ".alias": 10}
    return sum(1 if "{" in recorded[path] else weights.get(path, 2) for path in common)


def type_name(value: Any) -> str:
    """JSON's name of a value's type; whole numbers are told from others."""
    return (
        "null" if value is None else {"dict": "object", "list": "array"}.get(type(value).__name__, type(value).__name__)
    )


# --- what is printed --------------------------------------------------------------------------------------------------


def squeeze(text: str) -> str:
    """A printed text without the padding of its tables, whose width depends on what they hold."""
    lines = []
    for line in text.split("\n"):
        if line.startswith("+-"):
            line = re.sub("-{3,}", "--", line)
        elif line.startswith("| "):
            line = re.sub(" {2,}", " ", line)
        lines.append(line.rstrip())
    return "\n".join(lines)


def printed(mapping: Mapping, recorded: str, ours: str) -> Iterator[tuple[str, str]]:
    """Differences of two printed texts, without padding, as (kind, what)."""
    (title, rows, rest), (my_title, my_rows, my_rest) = table(recorded), table(ours)
    if title != my_title:
        if title and my_title:
            yield from (("column", f"{name} is missing") for name in title if name not in my_title)
            yield from (("column", f"{name} is not recorded") for name in my_title if name not in title)
        else:
            yield "output", f"recorded {mapping.translate(recorded)[:300]!r}, here {ours[:300]!r}"
            return
    elif title == ["Field", "Value"]:
        yield from fields(mapping, rows, my_rows)
    else:
        yield from lines(mapping, title, rows, my_rows)
    if not mapping.same(rest, my_rest):
        yield "output", f"recorded {mapping.translate(rest)!r}, here {my_rest!r}"


def table(text: str) -> tuple[list[str], list[list[str]], str]:
    """A text's table as column names and rows, and what stands outside the table."""
    inside = [line for line in text.split("\n") if line.startswith("| ")]
    rest = "\n".join(line for line in text.split("\n") if not line.startswith(("| ", "+-")))
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in inside]
    return (cells[0], cells[1:], rest.strip()) if cells else ([], [], rest.strip())


def fields(mapping: Mapping, recorded: list[list[str]], ours: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Differences of two tables with a field a row."""
    theirs, mine = by_field(recorded), by_field(ours)
    yield from (("field", f"{name} is missing") for name in theirs if name not in mine)
    yield from (("field", f"{name} is not recorded") for name in mine if name not in theirs)
    for name in theirs:
        if name in mine and not mapping.same(theirs[name], mine[name]):
            left, more = unmatched(mapping, theirs[name].split("\n"), mine[name].split("\n"))
            if left or more:
                yield (
                    "value",
                    f"{name}: recorded {mapping.translate(chr(10).join(left))!r}, here {chr(10).join(more)!r}",
                )


def unmatched(mapping: Mapping, recorded: list[str], ours: list[str]) -> tuple[list[str], list[str]]:
    """The parts of either side without a counterpart: what a value lists is a set of things."""
    left, more = [], [*ours]
    for line in recorded:
        meets = next((other for other in more if mapping.same(line, other)), None)
        if meets is None:
            left.append(line)
        else:
            more.remove(meets)
    return left, more


def by_field(rows: list[list[str]]) -> dict[str, str]:
    """Rows as a dictionary; a row without a name continues the one before."""
    made: dict[str, str] = {}
    name = ""
    for row in rows:
        name, text = row[0] or name, "|".join(row[1:])
        made[name] = f"{made[name]}\n{text}" if name in made else text
    return made


def lines(
    mapping: Mapping, title: list[str], recorded: list[list[str]], ours: list[list[str]]
) -> Iterator[tuple[str, str]]:
    """Differences of two tables with a thing a row."""
    pairs, left, waiting = [], [*range(len(ours))], []
    for n, row in enumerate(recorded):
        known = [mapping.translate(cell) for cell in row]
        meets = next((i for i in left if known == ours[i]), None)
        if meets is None:
            meets = next((i for i in left if mapping.same("|".join(row), "|".join(ours[i]))), None)
        if meets is None:
            waiting.append(n)
        else:
            left.remove(meets)
            pairs.append((n, meets))
    if not waiting and not left and [i for _, i in pairs] != sorted(i for _, i in pairs) and not by_chance(recorded):
        yield "order", "the rows stand in another order"
    for n, i in zip(waiting, left, strict=False):
        for column, was, now in zip(title, recorded[n], ours[i], strict=False):
            if not mapping.same(was, now) and any(unmatched(mapping, was.split(","), now.split(","))):
                yield "cell", f"{column} of {ours[i][0]}: recorded {mapping.translate(was)!r}, here {now!r}"
    for n in waiting[len(left) :]:
        yield "row", f"missing: {mapping.translate(' | '.join(recorded[n]))}"
    for i in left[len(waiting) :]:
        yield "row", f"not recorded: {' | '.join(ours[i])}"


def by_chance(rows: list[list[str]]) -> bool:
    """Whether rows are sorted by a random id."""
    first = [row[0] for row in rows]
    return first == sorted(first) and all(TOKEN.fullmatch(cell) for cell in first)
