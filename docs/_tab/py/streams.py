"""Where a reader's Python prints, and who types for it.

Interface: `Printed`, as much as a page holds; `nobody()`, while nobody can type; `OutputError`, `MOST`.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any

MOST = 1_000_000
"""Characters that a statement may print."""


class OutputError(BaseException):
    """A statement printed more than a page holds; no `except Exception` of the reader's catches it."""


class Printed(io.StringIO):
    """What a statement prints."""

    def write(self, text: str, /) -> int:
        """Raises OutputError."""
        if self.tell() + len(text) > MOST:
            raise OutputError(f"stopped here: that was more than {MOST:,} characters")
        return super().write(text)


class Nobody(io.StringIO):
    """A keyboard at which nobody types."""

    def readline(self, *_: object) -> Any:
        """Raises EOFError."""
        raise EOFError("nobody can type here: give the value in the code")


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Have nobody at the keyboard."""
    before, sys.stdin = sys.stdin, Nobody()
    try:
        yield
    finally:
        sys.stdin = before
