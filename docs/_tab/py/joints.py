"""Where the commands of a shell's line meet, whether it ends, and whether bash would take it.

Interface: `lists(line)`, the pipes of a line with what joins them; `is_open(line)`, whether it goes on in the next one;
`unexpected(line)`, the token that bash does not expect.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

OPERATORS = ("&&", "||", ";;", ";", "|", "&")
GOES_ON = ("&&", "||", "|")
"""After these a command must follow, and may do so in the next line."""
ENDS = (*GOES_ON, ";")
"""What may stand after a command."""


class Walk:
    """A walk along a line, past quotes' insides and comments; `quote` and `depth` say what is open."""

    def __init__(self, line: str, at: int = 0) -> None:
        self.line, self.quote, self.depth, self.at = line, "", 0, at

    def __iter__(self) -> Iterator[int]:
        while self.at < len(self.line):
            char, at = self.line[self.at], self.at
            if self.quote:
                self._inside(char)
            elif char == "#" and (not at or self.line[at - 1].isspace()):
                end = self.line.find("\n", at)
                self.at = len(self.line) - 1 if end < 0 else end
            else:
                self.quote = char if char in "'\"" else ""
                self.depth += {"(": 1, ")": -1}.get(char, 0)
                self.at += char == "\\"
                yield at
            self.at += 1

    def _inside(self, char: str) -> None:
        if char == "\\" and self.quote == '"':
            self.at += 1
        elif char == self.quote:
            self.quote = ""


class Part(NamedTuple):
    """A command in a line: from where to where, its last character (-1 if it has none), the operator after it."""

    start: int
    end: int
    last: int
    operator: str


def parts(line: str) -> Iterator[Part]:
    """The commands of a line, outside all brackets; one is read when the one before has run."""
    walk, start, last = Walk(line), 0, -1
    for at in walk:
        if broken := clash(line, at, last, walk.depth):
            yield Part(start, at, last, broken)
            return
        operator = next((op for op in OPERATORS if line.startswith(op, at)), "") if not walk.depth else ""
        if at < start or (operator == "&" and last == at - 1 and line[last] in "<>"):  # 2>&1 is one word
            operator = ""
        elif operator:
            yield Part(start, at, last, operator)
            start, last = at + len(operator), -1
        if at >= start and not line[at].isspace():
            last = at
    yield Part(start, len(line), last, "")


def clash(line: str, at: int, last: int, depth: int) -> str:
    """The sign at a place where it can never stand: a bracket that nothing opened, a redirection after another."""
    if depth < 0:
        return ")"
    if depth or last < 0 or last == at - 1 or line[last] not in "<>":
        return ""
    return next((sign for sign in (">>", ">", "<") if line.startswith(sign, at)), "")


def lists(line: str) -> Iterator[tuple[str, str]]:
    """The pipes of a line, each with what joins it to the one before; one is read when the one before has run.

    >>> list(lists("a | b && c; d '; e' # ; f"))
    [(';', 'a | b '), ('&&', ' c'), (';', " d '; e' # ; f")]
    """
    joint, start = ";", 0
    for part in parts(line):
        if part.operator != "|":
            yield joint, line[start : part.end]
            joint, start = part.operator, part.end + len(part.operator)


def is_open(line: str) -> bool:
    """Whether a line goes on in the next one: a quote or a `$(` is open, a pipe or a backslash ends it.

    >>> [is_open(line) for line in ("echo 'a", "echo $(a", 'echo "it' + "'s", "echo a |", "echo a && # b")]
    [True, True, True, True, True]
    >>> [is_open(line) for line in ("echo 'a' $(b)", "echo # it's", "echo \\\\'", "| |", "echo a;")]
    [False, False, False, False, False]
    """
    walk = Walk(line)
    for _ in walk:
        pass
    return bool(walk.quote) or walk.depth > 0 or walk.at > len(line) or (not unexpected(line) and hangs(line))


def hangs(line: str) -> bool:
    """Whether the last command of a line is missing."""
    before = ""
    for part in parts(line):
        if not part.operator and part.last < 0:
            return before in GOES_ON
        before = part.operator
    return False


def unexpected(line: str) -> str:
    """The token at which bash refuses a line before it runs any of it; nothing if it takes the line.

    >>> [unexpected(line) for line in ("| a", "a && || b", "a; ;", "a;;", "a > | b", "a >", "a)", "a &", "a > >> b")]
    ['|', '||', ';', ';;', '|', 'newline', ')', '&', '>>']
    >>> [unexpected(line) for line in ("", "a;", "a | b || c 2>&1; d '; ;' # ; ;", "echo $(a; b) '>'", "a |")]
    ['', '', '', '', '']
    """
    for part in parts(line):
        if part.operator and (part.operator not in ENDS or part.last < 0):
            return part.operator
        if part.last >= 0 and line[part.last] in "<>":
            return part.operator or "newline"
    return ""
