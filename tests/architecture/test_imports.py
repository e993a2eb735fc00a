"""Who may import whom. The contracts stand in pyproject.toml."""

import subprocess
import sys

import pytest

from architecture.sources import ROOT

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_import_contracts_hold():
    # In a process of its own: the linter switches loggers off, and later tests read them.
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", ["keystone", "glance", "neutron", "cinder", "nova"])
def test_every_service_stands_in_the_floors(service):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"(oslearn.{service})" in text
