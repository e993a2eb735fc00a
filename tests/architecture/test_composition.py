"""What a class is made of: parts that it is handed. A base says what a thing is, and a tower of them hides it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from architecture.sources import ROOT, SOURCE, name

DEEPEST = 3


@cache
def tree(path: Path) -> ast.Module:
    """A file, read once."""
    return ast.parse(path.read_text("utf-8"))


def dotted(path: Path) -> str:
    """A module's name."""
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> dict[str, str]:
    """What each imported name of ours stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oslearn"):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def bases() -> dict[str, list[str]]:
    """Each class of ours, with the names of its bases as they are imported."""
    found: dict[str, list[str]] = {}
    for path in SOURCE:
        module, names = dotted(path), imported(path)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                written = [ast.unparse(base).partition("[")[0].split(".") for base in node.bases]
                found[f"{module}.{node.name}"] = [
                    ".".join([names.get(first, f"{module}.{first}"), *rest]) for first, *rest in written
                ]
    return found


def ours(full: str) -> list[str]:
    """The bases of a class that are ours."""
    return [base for base in bases().get(full, ()) if base in bases()]


def depth(full: str) -> int:
    """How many of ours lie below each other, the class with them."""
    return 1 + max(map(depth, ours(full)), default=0)


def classes(path: Path) -> list[str]:
    """The classes of a file."""
    return [f"{dotted(path)}.{node.name}" for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_class_has_at_most_one_base_of_ours(path: Path) -> None:
    assert {full: ours(full) for full in classes(path) if len(ours(full)) > 1} == {}


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_no_class_lies_deeper_than_three_of_ours(path: Path) -> None:
    assert {full: depth(full) for full in classes(path) if depth(full) > DEEPEST} == {}


def test_the_bases_are_found() -> None:
    """Were none found, the two rules above could not fail."""
    assert ours("oslearn.trace.probe.Tracer") == ["oslearn.trace.probe.Probe"]
    assert depth("oslearn.cloud.Cloud") == 2


def tricks(path: Path) -> list[str]:
    """Code that asks for names behind a reader's back, or asks the flow where a module was chosen by it."""
    found = []
    for node in ast.walk(tree(path)):
        text = ast.unparse(node) if isinstance(node, ast.Call | ast.Compare | ast.Attribute | ast.Subscript) else ""
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        asks = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        sides = [ast.unparse(side).rpartition(".")[2] for side in (node.left, *node.comparators)] if asks else []
        if (
            text == "globals()"
            or (stored and node.attr == "__code__")
            or (text.startswith("setattr(") and "__code__" in text)
            or text.startswith("handler.args[")
            or "flow" in sides
        ):
            found.append(f"{node.lineno}: {text}")
    return found


WIRING = ("deploy/", "core/config.py")
"""Where the flow is chosen."""


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_name_is_written_where_it_is_used(path: Path) -> None:
    below = path.relative_to(ROOT / "src/oslearn").as_posix()
    found = tricks(path)
    assert [trick for trick in found if "flow" not in trick or not below.startswith(WIRING)] == []
