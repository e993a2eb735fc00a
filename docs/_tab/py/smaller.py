"""Libraries' code that takes less memory, as every byte of it is sent to a reader.

Interface: `shrink()`, before they are imported: from then on a module is compiled without what only its authors read.
    docstrings and assertions, but of the packages whose help a command prints;
    functions' annotations: in CPython 3.14 each is a function of its own. Those of classes stay: dataclasses read them;
    the line of each instruction: a traceback then names the line where the library's function begins.
Our own code keeps its lines: a reader may look for them.
"""

from __future__ import annotations

import importlib.machinery
import types
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

SITE = Path(__file__).parent
HELPS = ("openstackclient", "osc_lib", "osc_placement", "troveclient", "cliff", "click")
"""Packages whose docstrings are printed, or read at the start."""
HELP = "/oslearn/cli/"
"""So are those of our commands."""
ANNOTATE = "__annotate__"
LINE = 13
"""In a code's table of places the kind of entry that has a line and no columns."""
UNITS = 8
"""Instructions that one entry is for, at most."""


def shrink() -> None:
    """Compile what is imported from now on so that it is small."""
    whole = importlib.machinery.SourceFileLoader.source_to_code

    def source_to_code(self: Any, data: Any, path: Any, *rest: Any, **options: Any) -> types.CodeType:
        package = Path(path).relative_to(SITE).parts[0].removesuffix(".py") if Path(path).is_relative_to(SITE) else ""
        if not package or (SITE / f"{package}.py").exists():
            return whole(self, data, path, *rest, **options)
        if package == "oslearn":
            return compile(data, path, "exec", dont_inherit=True, optimize=-1 if HELP in str(path) else 2)
        made = compile(data, path, "exec", dont_inherit=True, optimize=-1 if package in HELPS else 2)
        return small(made)

    importlib.machinery.SourceFileLoader.source_to_code = source_to_code  # type: ignore[method-assign]


def small(code: types.CodeType) -> types.CodeType:
    """The code, without places and without its functions' annotations."""
    return code.replace(co_consts=tuple(_constants(code)), co_linetable=_lines(len(code.co_code) // 2))


def _constants(code: types.CodeType) -> Iterator[Any]:
    """A function's annotations stand before the function itself; those of a class are its last code."""
    codes = [at for at, one in enumerate(code.co_consts) if isinstance(one, types.CodeType)]
    following = dict(pairwise(codes))
    for at, one in enumerate(code.co_consts):
        if not isinstance(one, types.CodeType):
            yield one
        elif one.co_name == ANNOTATE and at in following and code.co_consts[following[at]].co_name != ANNOTATE:
            yield _nothing(one.co_freevars)
        else:
            yield small(one)


@cache
def _nothing(free: tuple[str, ...]) -> types.CodeType:
    """Annotations that are none, for a function that closes over these names."""
    body = f"if 0: {', '.join(free)}\n  return {{}}" if free else "return {}"
    source = f"def outer({', '.join(free)}):\n def {ANNOTATE}(format, /):\n  {body}\n return {ANNOTATE}\n"
    outer = next(one for one in compile(source, "", "exec").co_consts if isinstance(one, types.CodeType))
    return next(small(one) for one in outer.co_consts if isinstance(one, types.CodeType))


@cache
def _lines(units: int) -> bytes:
    """A table of places in which all instructions stand in the code's first line."""
    whole, rest = divmod(units, UNITS)
    return _entry(UNITS) * whole + (_entry(rest) if rest else b"")


def _entry(units: int) -> bytes:
    """No step to another line, for so many instructions."""
    return bytes([0x80 | LINE << 3 | (units - 1), 0])
