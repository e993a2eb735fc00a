"""The cloud stays small enough to read in a day."""

import ast

import pytest

from architecture.sources import SOURCE, name

MODULE_LINES = 300
FUNCTION_LINES = 40
TOTAL_LINES = 8000


def lines(path):
    return path.read_text(encoding="utf-8").count("\n")


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_module_fits_on_a_few_screens(path):
    assert lines(path) <= MODULE_LINES


def test_the_whole_cloud_can_be_read_in_a_day():
    """Blank lines take no time; `trace/` draws the cloud and is not part of it."""
    cloud = [path for path in SOURCE if "trace" not in path.parts]
    written = [line for path in cloud for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(written) < TOTAL_LINES


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
