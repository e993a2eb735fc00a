"""Where the commands of a shell's line meet, and whether it ends.

Interface: `lists(line)`, the pipes of a line with what joins them; `is_open(line)`, whether it goes on in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator


def lists(line: str) -> Iterator[tuple[str, str]]:
    """The pipes of a line, each with what joins it to the one before; one is read when the one before has run.

    >>> list(lists("a | b && c; d '; e'"))
    [(';', 'a | b '), ('&&', ' c'), (';', " d '; e'")]
    """
    joint, at, start, quote, depth = ";", 0, 0, "", 0
    while at < len(line):
        char = line[at]
        operator = next((op for op in ("&&", "||", ";") if line.startswith(op, at)), "")
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif operator and not depth:
            yield joint, line[start:at]
            joint, at = operator, at + len(operator) - 1
            start = at + 1
        at += 1
    yield joint, line[start:at]


def is_open(line: str) -> bool:
    """Whether a line goes on in the next one: a quote or a `$(` is open, or a backslash ends it.

    >>> [is_open(line) for line in ("echo 'a", "echo $(a", 'echo "it' + "'s")]
    [True, True, True]
    >>> [is_open(line) for line in ("echo 'a' $(b)", "echo # it's", "echo \\\\'")]
    [False, False, False]
    """
    quote, depth, at = "", 0, 0
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (not at or line[at - 1].isspace()):
            at = line.find("\n", at) if "\n" in line[at:] else len(line) - 1
        else:
            depth += {"(": 1, ")": -1}.get(char, 0)
        at += 1
    return bool(quote) or depth > 0 or at > len(line)
