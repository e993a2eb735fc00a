"""Who may import whom. The contracts stand in pyproject.toml."""

import ast
import subprocess
import sys
import tomllib

import pytest

from architecture.sources import ROOT, SOURCE, name

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_import_contracts_hold():
    # In a process of its own: the linter switches loggers off, and later tests read them.
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def packages(folder):
    """The names of the packages in a folder."""
    return sorted(path.parent.name for path in folder.glob("*/__init__.py"))


@pytest.mark.parametrize("service", packages(ROOT / "src/oslearn/core"))
def test_every_service_of_the_core_stands_in_the_floors(service):
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [layer for contract in contracts for layer in contract.get("layers", ())]
    assert f"oslearn.core.{service}" in " | ".join(layers).split(" | ")


def imported(path):
    """The modules of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oslearn."):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [path for path in SOURCE if "extensions" in path.parts], ids=name)
def test_what_extends_a_service_knows_that_one_and_the_fabric(path):
    inside = path.relative_to(ROOT / "src/oslearn/extensions").parts
    if len(inside) > 1:
        own = (f"oslearn.extensions.{inside[0]}.", f"oslearn.core.{inside[0]}.")
        shared = (
            "oslearn.core.oslo.",
            "oslearn.core.config.",
            "oslearn.core.keystonemiddleware.",
            "oslearn.extensions.oslo.",
        )
        assert [module for module in imported(path) if not f"{module}.".startswith((*own, *shared))] == []
