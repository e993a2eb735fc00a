"""Regular expressions that a caller sends: only those that Python's engine is done with soon.

Interface: `compiled(expression)`, which raises `re.error` for one that it cannot read or that may take long.
Invariants: what passes has no repeat in a repeat and few repeats, so a name of 255 letters costs milliseconds; one
request cannot hold up all others.
Upstream: MySQL's `regexp_time_limit`, which ends a comparison that takes too long. Left out: expressions with more than
two repeats, with repeats of what repeats or chooses, with look-around.
"""

from __future__ import annotations

import re

LONGEST = 1000
"""Letters of an expression."""
REPEATS = 2
"""Repeats that may stand in an expression, besides `.*` at its ends, which a search does not need."""
CHOICES = 8
"""Choices inside groups, which multiply each other."""
ENDS = re.compile(r"^\^?(?:\.\*)+|(?<!\\)(?:\.\*)+\$?$")
CLOSED = "))"
"""What ends a group in which something repeats or chooses."""
SIGN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|\(\?:|.", re.DOTALL)
"""A letter, a class, or a sign; what is escaped or in a class is no sign."""


def compiled(expression: str) -> re.Pattern[str]:
    """Raises re.error.

    >>> bool(compiled("(?i)^web-[0-9]+").search("Web-12"))
    True
    """
    if len(expression) > LONGEST:
        raise re.error("it is too long")
    try:
        found = re.compile(expression)
    except (RecursionError, OverflowError) as error:
        raise re.error(str(error)) from None
    if not quick(expression):
        raise re.error("it may take too long")
    return found


def quick(expression: str) -> bool:
    r"""Whether a search cannot take long.

    >>> [quick(one) for one in ("web", ".*a.*b.*", "^(a|b)-[0-9]+$", "(a+)+", "(a|a)*", "a?a?a?", "(?=a)b", r"[(+]\(+")]
    [True, True, True, False, False, False, False, True]
    """
    repeats, choices, groups, before = 0, 0, [False], ""
    for sign in SIGN.findall(ENDS.sub("", expression.removeprefix("(?i)"))):
        if sign in ("*", "+", "?") or (sign[0] == "{" and len(sign) > 2):
            if before in ("(", CLOSED):  # it looks around, or repeats a group that itself repeats or chooses
                return False
            repeats, groups[-1] = repeats + 1, True
        elif sign == "|" and len(groups) > 1:
            choices, groups[-1] = choices + 1, True
        elif sign in ("(", "(?:"):
            groups.append(False)
        elif sign == ")" and groups.pop():
            groups[-1], sign = True, CLOSED
        before = sign
    return repeats <= REPEATS and choices <= CHOICES
