"""Where checks are registered.

Interface: `@check("day1.2", 1)` registers a function that looks; `CHECKS` has them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oslearn.course.labs.look import Finding, Look

Check = Callable[[Look], Iterator[Finding]]
CHECKS: dict[tuple[str, int], Check] = {}


def check(lesson: str, number: int = 1) -> Callable[[Check], Check]:
    """Register the check of a lesson's exercise."""

    def register(function: Check) -> Check:
        CHECKS[lesson, number] = function
        return function

    return register
