"""The client inside this process prints what the command prints, and leaves the process as it was."""

import io
import logging
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from oslearn import Cloud
from oslearn.course import client
from oslearn.course.fill import fill
from oslearn.port.server import Server


@pytest.fixture(scope="module")
def cloud():
    cloud = Cloud(seed=7, trace=False)
    fill(cloud)
    return cloud


@pytest.fixture(scope="module")
def server():
    server = Server()
    threading.Thread(target=server.run, daemon=True).start()  # ends with the tests
    return server


def environ(cloud, user="demo", **more):
    return {"PATH": os.defpath, "HOME": "/nonexistent", "LANG": "C.UTF-8"} | client.credentials(cloud, user) | more


@pytest.mark.parametrize("words", [
    "image list",
    "flavor list --fit-width",
    "image show nosuch",
    "server create vm1",
    "no such command",
])  # fmt: skip
def test_it_prints_what_the_command_prints_into_a_pipe(server, tmp_path, words):
    known = environ(server.cloud)
    command = [Path(sys.executable).parent / "openstack", *words.split()]
    options = {"cwd": tmp_path, "env": known, "stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    real = subprocess.run(command, check=False, **options)
    ours = client.capture(words.split(), None, known, cwd=tmp_path)
    assert ours == (real.returncode, real.stdout, real.stderr)


def state():
    loggers = [logging.getLogger(), *map(logging.getLogger, ("requests", "stevedore", "keystoneauth", "cliff"))]
    return (
        dict(os.environ),
        os.getcwd(),
        sys.argv,
        (sys.stdin, sys.stdout, sys.stderr),
        [(logger.level, logger.handlers[:]) for logger in loggers],
        warnings.filters[:],
    )


@pytest.mark.parametrize("words", ["image list", "image list --debug", "image show nosuch", "server create", "--help"])
def test_the_process_is_afterwards_what_it_was(cloud, tmp_path, words):
    client.capture(["--version"], cloud, environ(cloud))  # imports what the client is made of
    before = state()
    client.capture(words.split(), cloud, environ(cloud), cwd=tmp_path)
    assert state() == before


def test_each_run_is_its_own(cloud):
    projects = [
        client.capture(["token", "issue", "-f", "value", "-c", "project_id"], cloud, environ(cloud, user)).stdout
        for user in ("admin", "demo")
    ]
    other = Cloud(seed=8, trace=False)
    networks = client.capture(["network", "list", "-f", "value"], other, environ(other))
    assert projects[0] != projects[1]
    assert networks == (0, "", "")


def test_with_a_cloud_there_is_no_socket(cloud):
    opened = []
    sys.addaudithook(lambda name, args: opened.append(args) if name == "socket.connect" and watching else None)
    watching = True
    assert client.capture(["image", "list"], cloud, environ(cloud)).status == 0
    watching = False
    assert opened == []


def test_data_comes_from_standard_input_and_goes_to_standard_output(cloud, tmp_path):
    data = io.TextIOWrapper(io.BytesIO(b"\x00\xff" * 300))
    words = "image create piped --disk-format raw -f value -c name"
    assert client.capture(words.split(), cloud, environ(cloud), stdin=data, cwd=tmp_path)[:2] == (0, "piped\n")
    assert client.capture(["image", "save", "--file", "out", "piped"], cloud, environ(cloud), cwd=tmp_path).status == 0
    assert (tmp_path / "out").read_bytes() == b"\x00\xff" * 300
