"""Modules and functions stay small enough to read, and so does what extends a service. The core is test_core's."""

import ast

import pytest

from architecture.sources import ROOT, SOURCE, name

MODULE_LINES = 300
FUNCTION_LINES = 40
EXTENSION_LINES = {"nova": 8200, "cinder": 3200}
"""What extends Nova extends four processes and two flows."""
OTHERS = 2400
SERVICES = sorted(path.name for path in (ROOT / "src/oslearn/extensions").iterdir() if (path / "__init__.py").exists())


def lines(path):
    return path.read_text(encoding="utf-8").count("\n")


def written(path):
    """The lines that are not blank: a blank line takes no time to read."""
    return sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_module_fits_on_a_few_screens(path):
    assert lines(path) <= MODULE_LINES


@pytest.mark.parametrize("service", SERVICES)
def test_what_extends_a_service_can_be_read_in_an_hour_or_two(service):
    size = sum(written(path) for path in SOURCE if f"extensions/{service}/" in path.as_posix())
    assert 0 < size <= EXTENSION_LINES.get(service, OTHERS)


def body_lines(function):
    """The lines of a function without its docstring."""
    size = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        size -= docstring.end_lineno - docstring.lineno + 1
    return size


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_function_fits_on_one_screen(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    long = {f"{name(path)}:{f.lineno} {f.name}": body_lines(f) for f in functions if body_lines(f) > FUNCTION_LINES}
    assert long == {}
