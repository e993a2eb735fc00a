"""The cloud stays small enough to read: a boot in a day, a service in an hour or two."""

import ast
import sys
from pathlib import Path

import pytest

from architecture.sources import ROOT, SOURCE, name
from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import Lab

MODULE_LINES = 300
FUNCTION_LINES = 40
BOOT_LINES = 8000
SERVICE_LINES = 3300
NOVA_LINES = 10300
"""Nova is four processes, and two flows."""
SERVICES = sorted({path.parts[-2] for path in SOURCE if path.name == "models.py"} - {"db"} | {"nova"})


def lines(path):
    return path.read_text(encoding="utf-8").count("\n")


def written(path):
    """The lines that are not blank: a blank line takes no time to read."""
    return sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", SOURCE, ids=name)
def test_a_module_fits_on_a_few_screens(path):
    assert lines(path) <= MODULE_LINES


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_be_read_in_an_hour_or_two(service):
    size = sum(written(path) for path in SOURCE if service in path.relative_to(ROOT).parts)
    assert 0 < size < (NOVA_LINES if service == "nova" else SERVICE_LINES)


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_what_runs_when_a_server_boots_can_be_read_in_a_day(flow):
    """Every function that runs between the request and ACTIVE, with its docstring; `trace/` watches and is no part."""
    lab = Lab.prepare(Cloud(Config(flow=flow), seed=7, trace=False))
    ran = set()
    sys.setprofile(lambda frame, event, value: ran.add(frame.f_code))
    try:
        lab.boot()
    finally:
        sys.setprofile(None)
    ours = {path.resolve() for path in SOURCE}
    lines_run = set()
    for code in ran:
        if Path(code.co_filename).resolve() in ours:
            inside = [line for _, _, line in code.co_lines() if line]
            lines_run |= {(code.co_filename, line) for line in range(code.co_firstlineno, max(inside) + 1)}
    assert 1000 < len(lines_run) < BOOT_LINES


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
