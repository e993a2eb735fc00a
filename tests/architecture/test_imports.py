"""Who may import whom. The contracts stand in pyproject.toml."""

import pytest
from importlinter.cli import lint_imports

from architecture.sources import ROOT


def test_import_contracts_hold(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0, capsys.readouterr().out


@pytest.mark.parametrize("service", ["keystone", "glance", "neutron", "cinder", "nova"])
def test_every_service_stands_in_the_floors(service):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"(oslearn.{service})" in text
