"""A command imports what it needs: who asks a running cloud something does not wait for one to be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CLOUD = ("oslearn.cloud", "oslearn.deploy", "oslearn.extensions", "sqlalchemy", "falcon", "jsonschema", "waitress")
CLIENT = ("requests", "keystoneauth1", "openstackclient")
WORDS = """
import sys
from oslearn.cli import main
try:
    main({arguments!r}, prog_name="oslearn")
except SystemExit:
    pass
print("imported", *sys.modules)
"""
COMMANDS = {
    "--help": (*CLOUD, *CLIENT, "yaml"),
    "serve --help": (*CLOUD, *CLIENT, "yaml"),
    "lab list": (*CLOUD, *CLIENT, "yaml"),
    "progress": (*CLOUD, *CLIENT, "yaml"),
    "openrc": (*CLOUD, *CLIENT),
    "trace last": (*CLOUD, "keystoneauth1", "openstackclient"),
    "processes": (*CLOUD, "keystoneauth1", "openstackclient"),
    "stop queue": (*CLOUD, "keystoneauth1", "openstackclient"),
    "reach 203.0.113.1": CLOUD,
    "check day1.2": CLOUD,
    "openstack --version": CLOUD,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_only_what_it_needs(command: str, tmp_path: Path) -> None:
    words = WORDS.format(arguments=command.split())
    done = subprocess.run([sys.executable, "-c", words], cwd=tmp_path, capture_output=True, text=True)
    imported = done.stdout.rpartition("imported ")[2].split()
    assert "oslearn.cli.commands" in imported, done.stderr
    assert [name for name in COMMANDS[command] if name in imported] == []


def test_a_served_cloud_draws_nothing() -> None:
    words = "import sys, oslearn.port.server; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout.split()
    assert "oslearn.cloud" in imported
    assert [name for name in imported if name.startswith("oslearn.course.drawing") or name == "graphviz"] == []
