"""Where in the code something happens, as `path.py:line` below the package.

Interface: `caller()`, the innermost place that is running; `place(function)`; `method_place(listener, method)`.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from types import FrameType

from oslearn.core.oslo.messaging import Listener, NoSuchMethod

PACKAGE = str(Path(__file__).parents[1]).replace("\\", "/") + "/"
"""Where the package lies. A folder above it may have its name, too."""

FABRIC = ("core/oslo/", "trace/", "deploy/", "course/", "cli/", "port/", "cloud.py")
"""Code that carries or watches; it causes nothing."""
STUBS = ("/rpcapi.py", "/db/api.py")
"""Code that only passes a call on: the place that a reader wants is the one that called it."""


def caller() -> str:
    """The innermost place in the services that is running, as `path.py:line` below the package."""
    frame: FrameType | None = sys._getframe(1)
    while frame:
        if (path := cause(frame.f_code.co_filename)) is not None:
            return at(path, frame.f_lineno)
        frame = frame.f_back
    return ""


@cache
def at(path: str, line: int) -> str:
    """A place in words: one text for all events that it causes."""
    return f"{path}:{line}"


@cache
def cause(file: str) -> str | None:
    """A file's path below the package, if code in it causes something."""
    path = below(file)
    return None if not path or path.startswith(FABRIC) or path.endswith(STUBS) else path


@cache
def below(file: str) -> str:
    """A file's path below the package; nothing for a file outside it."""
    path = file.replace("\\", "/")
    return path.removeprefix(PACKAGE) if path.startswith(PACKAGE) else ""


def place(function: object) -> str:
    """Where a function stands, as `path.py:line` below the package; nothing for one outside it."""
    code = getattr(function, "__code__", None)
    path = below(code.co_filename) if code else ""
    return at(path, code.co_firstlineno) if code and path else ""


def method_place(listener: Listener, method: str) -> str:
    """Where the method stands that serves a message."""
    try:
        return place(listener.method(method))
    except NoSuchMethod:
        return ""
