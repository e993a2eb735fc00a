"""What a module says of itself is so: its contract names what is there, and a docstring says something."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from architecture.sources import SOURCE, name

INTERFACE = re.compile(
    r"^Interface:(.*?)(?=^(?:Invariants|Attributes|Upstream|Left out|Why so|Needs):|\Z)", re.DOTALL | re.MULTILINE
)
QUOTED = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LISTED = re.compile(r"`(\w+)` \(([a-z_]\w*(?:,\s+[a-z_]\w*)*)\)")
"""A class, and in parentheses what it has."""
COMMA = re.compile(r",\s+")
CALL = re.compile(r"(?:\w+\.)?(\w+)\(([a-z_]\w*(?:,\s+[a-z_]\w*)*)(?:, \.\.\.)?\)")
NAME = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)(?:\(.*\))?", re.DOTALL)
FILES = (".toml", ".yaml", ".json")
EMPTY = 2
"""A docstring of so few words says nothing, unless it says what is raised, or which statuses a reply has."""
STATUSES = re.compile(r"(\d{3}[,.] ?)+")


def told(doc: str) -> list[str]:
    """The names that a contract's `Interface:` gives, without a call's arguments.

    `GET /servers`, `oslearn trace` and a file's name are no names of Python.
    """
    found = INTERFACE.search(doc)
    text = found[1] if found else ""
    words = QUOTED.findall(text)
    words += [f"{owner}.{name}" for owner, names in LISTED.findall(text) for name in COMMA.split(names)]
    return [match[1] for word in words if not word.endswith(FILES) and (match := NAME.fullmatch(word))]


def defined(tree: ast.Module) -> tuple[set[str], set[str]]:
    """What is defined or assigned anywhere in a module, and what it imports."""
    inside = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            inside.add(node.id if isinstance(node, ast.Name) else node.attr)
    imports = (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    return inside, {alias.asname or alias.name for node in imports for alias in node.names}


def missing(tree: ast.Module) -> list[str]:
    """What the contract names and the module has not.

    `value.attribute` and a method's name alone are looked for in all of the module; of `Class.attribute`, both. What
    belongs to something that is imported is taken for true.
    """
    inside, imports = defined(tree)
    found = []
    for word in told(ast.get_docstring(tree) or ""):
        first, *rest = word.split(".")
        if first == "oslearn" or first in imports:
            continue
        if (first[:1].isupper() and first not in inside) or (rest or [first])[-1] not in inside:
            found.append(word)
    return found


def strange(tree: ast.Module) -> set[str]:
    """The arguments with which the contract calls what the module defines, and which nothing in the module takes."""
    nodes = list(ast.walk(tree))
    called = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    taken = {node.arg for node in nodes if isinstance(node, ast.arg)} | defined(tree)[0]
    found = INTERFACE.search(ast.get_docstring(tree) or "")
    calls = (CALL.fullmatch(word) for word in (QUOTED.findall(found[1]) if found else ()))
    given = (call[2] for call in calls if call and call[1] in called)
    return {argument for arguments in given for argument in COMMA.split(arguments)} - taken


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_contract_names_what_the_module_has(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert missing(tree) + sorted(strange(tree)) == []


@pytest.mark.parametrize(
    ("interface", "gone"),
    [
        ("`run`, `Thing`, `Thing.part`, `thing.part`, `part`, `join(a, b)`", []),
        ("`runs`", ["runs"]),
        ("`Gone.part`", ["Gone.part"]),
        ("`Thing` (part), `Thing` (part, whole)", ["Thing.whole"]),
        ("`Thing.whole(x)` and ``not this``", ["Thing.whole"]),
        ("`run(fast)`, `run(fast, slow)`, `join(c)`", ["slow"]),
        ("`data.toml`, `GET /servers`, `oslearn.trace`", []),
    ],
)
def test_a_name_that_is_gone_is_found(interface: str, gone: list[str]) -> None:
    code = f'''"""A module.

Interface: {interface}.
Invariants: `never` looked at.
"""
from os.path import join
def run(fast): ...
class Thing:
    part = 1
'''
    assert missing(tree := ast.parse(code)) + sorted(strange(tree)) == gone


def hollow(tree: ast.Module) -> list[str]:
    """The docstrings that say nothing."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            words = (ast.get_docstring(node) or "").split()
            told = " ".join(words)
            if 0 < len(words) <= EMPTY and words[0] != "Raises" and not STATUSES.fullmatch(told):
                found.append(f"{getattr(node, 'name', 'the module')}: {told}")
    return found


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_docstring_is_a_sentence_or_is_not_there(path: Path) -> None:
    assert hollow(ast.parse(path.read_text("utf-8"))) == []
