"""Tests put fakes at the seams; they patch nothing."""

import ast

import pytest

from architecture.sources import TESTS, name

PATCHES = {"setattr", "setitem", "delattr", "delitem", "patch"}  # chdir, setenv and syspath_prepend touch no code


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_a_test_patches_nothing(path):
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names) if any(alias.name.startswith(("unittest.mock", "mock")) for alias in names):
                found.append(node.lineno)
            case ast.ImportFrom(module="unittest.mock" | "mock"):
                found.append(node.lineno)
            case ast.ImportFrom(module="unittest", names=names) if any(alias.name == "mock" for alias in names):
                found.append(node.lineno)
            case ast.Attribute(value=ast.Name(id="monkeypatch" | "mocker"), attr=attr) if attr in PATCHES:
                found.append(node.lineno)
    assert found == [], f"{name(path)}: patches at lines {found}"
