"""Where in the code something happens, as `path.py:line` below the package.

Interface: `caller()`, the innermost place that is running; `place(where)`; `method_place(endpoint, name)`.
"""

from __future__ import annotations

import sys
from typing import Any

FABRIC = ("oslo/", "trace/", "deploy/", "reference.py", "cli.py", "cloud.py", "fill.py", "serve.py")
"""Code that carries or watches; it causes nothing."""
STUBS = ("/rpcapi.py", "/db/api.py")
"""Code that only passes a call on: the place that a reader wants is the one that called it."""


def caller() -> str:
    """The innermost place in the services that is running, as `path.py:line` below the package."""
    frame: Any = sys._getframe(1)
    while frame:
        found = place((frame.f_code.co_filename, frame.f_lineno))
        if found and not found.startswith(FABRIC) and not found.partition(":")[0].endswith(STUBS):
            return found
        frame = frame.f_back
    return ""


def place(where: tuple[str, int] | None) -> str:
    """`path.py:line` below the package; nothing for a place outside it."""
    if where is None:
        return ""
    _, found, path = where[0].replace("\\", "/").rpartition("/oslearn/")
    return f"{path}:{where[1]}" if found else ""


def method_place(endpoint: Any, method: str) -> str:
    """Where an endpoint's method stands."""
    code = getattr(getattr(endpoint, method, None), "__code__", None)
    return place((code.co_filename, code.co_firstlineno)) if code else ""
