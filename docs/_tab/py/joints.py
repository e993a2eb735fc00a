"""Where the commands of a shell's line meet, and whether it ends.

Interface: `lists(line)`, the pipes of a line with what joins them; `is_open(line)`, whether it goes on in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator


class Walk:
    """A walk along a line: places that are neither quoted nor a comment; `quote` and `depth` say what is open."""

    def __init__(self, line: str) -> None:
        self.line, self.quote, self.depth, self.at = line, "", 0, 0

    def __iter__(self) -> Iterator[int]:
        while self.at < len(self.line):
            char = self.line[self.at]
            if char == "\\" and self.quote != "'":
                self.at += 1
            elif self.quote:
                self.quote = "" if char == self.quote else self.quote
            elif char in "'\"":
                self.quote = char
            elif char == "#" and (not self.at or self.line[self.at - 1].isspace()):
                end = self.line.find("\n", self.at)
                self.at = len(self.line) - 1 if end < 0 else end
            else:
                self.depth += {"(": 1, ")": -1}.get(char, 0)
                yield self.at
            self.at += 1


def lists(line: str) -> Iterator[tuple[str, str]]:
    """The pipes of a line, each with what joins it to the one before; one is read when the one before has run.

    >>> list(lists("a | b && c; d '; e' # ; f"))
    [(';', 'a | b '), ('&&', ' c'), (';', " d '; e' # ; f")]
    """
    walk, joint, start = Walk(line), ";", 0
    for at in walk:
        operator = next((op for op in ("&&", "||", ";") if line.startswith(op, at)), "")
        if operator and not walk.depth and at >= start:
            yield joint, line[start:at]
            joint, start = operator, at + len(operator)
    yield joint, line[start:]


def is_open(line: str) -> bool:
    """Whether a line goes on in the next one: a quote or a `$(` is open, or a backslash ends it.

    >>> [is_open(line) for line in ("echo 'a", "echo $(a", 'echo "it' + "'s")]
    [True, True, True]
    >>> [is_open(line) for line in ("echo 'a' $(b)", "echo # it's", "echo \\\\'")]
    [False, False, False]
    """
    walk = Walk(line)
    for _ in walk:
        pass
    return bool(walk.quote) or walk.depth > 0 or walk.at > len(line)
