"""`oslearn serve`: the cloud behind a real port, for clients in other processes."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from oslearn.cli import main
from oslearn.port import settings as clouds_yaml
from oslearn.port.listen import HOST
from oslearn.port.server import Server
from oslearn.port.settings import KEY, MARK

COMMANDS = [
    ("image list -f value -c Name -c Status", "cirros active"),
    ("network create private -f value -c status", "ACTIVE"),
    ("subnet create --network private --subnet-range 192.168.1.0/24 private -f value -c gateway_ip", "192.168.1.1"),
    ("volume create --size 1 data -f value -c size", "1"),
    ("server create --image cirros --flavor m1.tiny --network private --wait vm1 -f value -c status", "ACTIVE"),
    ("server list -f value -c Name -c Status -c Networks", "vm1 ACTIVE {'private': ['192.168.1."),
    ("server delete --wait vm1", ""),
    ("server list -f value", ""),
]


@pytest.fixture(scope="module")
def server() -> Server:
    """A server on a free port, answering from a thread."""
    server = Server()
    threading.Thread(target=server.run, daemon=True).start()  # ends with the tests
    return server


@pytest.fixture
def settings(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "clouds.yaml"
    clouds_yaml.write(path, server.settings())
    return path


def test_the_real_client_boots_a_server(server: Server, settings: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(settings.parent), "OS_CLOUD": "oslearn-demo"}
    client = [sys.executable, "-m", "openstackclient.shell"]
    for words, expected in COMMANDS:
        done = subprocess.run(
            [*client, *words.split()], cwd=settings.parent, env=environ, capture_output=True, text=True, check=False
        )
        shown = done.stdout.strip()
        assert (done.returncode, shown[: len(expected)]) == (0, expected), f"{words}: {done.stderr}"
        assert bool(shown) == bool(expected)


def test_only_this_machine_reaches_it(server: Server) -> None:
    assert HOST == "127.0.0.1"
    assert server.url.startswith("http://127.0.0.1:")


def test_discovery_names_the_port(server: Server) -> None:
    shown = requests.get(f"{server.url}/compute/v2.1/", timeout=10).json()["version"]
    assert shown["links"][0]["href"] == f"{server.url}/compute/v2.1/"
    assert requests.get(f"{server.url}/identity/v3", timeout=10).json()["version"]["id"] == "v3.14"


def test_a_path_of_no_service_is_404_and_a_stopped_service_503(server: Server) -> None:
    assert requests.get(f"{server.url}/nothing", timeout=10).status_code == 404
    server.cloud.stop("glance-api")
    assert requests.get(f"{server.url}/image/", timeout=10).status_code == 503
    server.cloud.start("glance-api")
    assert requests.get(f"{server.url}/image/", timeout=10).status_code == 300


def test_settings_are_for_their_owner_only_and_another_file_stays(server: Server, settings: Path) -> None:
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert json.loads(settings.read_text().removeprefix(MARK)) == server.settings()
    settings.write_text("clouds: {mine: {}}\n")
    with pytest.raises(FileExistsError, match="not oslearn's"):
        clouds_yaml.write(settings, server.settings())
    assert settings.read_text() == "clouds: {mine: {}}\n"


def test_openrc_logs_a_user_in(server: Server, settings: Path) -> None:
    result = CliRunner().invoke(main, ["openrc", "admin", "--clouds-yaml", str(settings)])
    assert result.exit_code == 0
    assert f"export OS_AUTH_URL={server.url}/identity/v3\nexport OS_USERNAME=admin\n" in result.output


@pytest.mark.parametrize(("words", "message"), [
    (["nobody"], "has no user nobody"),
    (["demo", "--clouds-yaml", "missing.yaml"], "missing.yaml is not there: start `oslearn serve` first"),
])  # fmt: skip
def test_openrc_says_what_is_missing(settings: Path, words: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["openrc", "--clouds-yaml", str(settings), *words])
    assert result.exit_code == 1
    assert message in result.output


def trace(settings: Path, *words: str) -> str:
    result = CliRunner().invoke(main, ["trace", "show", "--clouds-yaml", str(settings), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_trace_shows_what_the_last_command_caused(server: Server, settings: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(settings.parent), "OS_CLOUD": "oslearn-demo"}
    client = [sys.executable, "-m", "openstackclient.shell", "image", "show", "cirros"]
    subprocess.run(client, cwd=settings.parent, env=environ, capture_output=True, check=True)
    shown = trace(settings, "last")
    asked = [line for line in shown.splitlines() if "http request  client" in line]
    assert [line.split("client -> ")[1] for line in asked] == [
        "keystone  GET /v3",
        "keystone  POST /v3/auth/tokens",
        "glance-api  GET /",
        "glance-api  GET /v2/images/cirros",
        "glance-api  GET /v2/images",
    ]
    assert "db read  glance-api -> glance-db  SELECT images" in shown
    assert "db read" not in trace(settings, "last", "--no-db")
    passwords = list(server.cloud.passwords.values())
    kept = trace(settings, "last", "--json")
    assert not [secret for secret in passwords if secret in kept]


def test_the_trace_of_a_request_is_its_part(settings: Path) -> None:
    events = json.loads(trace(settings, "last", "--json"))
    reply = next(e for e in reversed(events) if e["target"] == "client")
    part = json.loads(trace(settings, reply["request_id"], "--json"))
    assert {e["request_id"] for e in part} == {reply["request_id"]}
    assert part[0]["source"] == "client"


def test_the_trace_is_for_who_can_read_the_settings(server: Server, settings: Path) -> None:
    for key in ("", "wrong"):
        assert requests.get(f"{server.url}/oslearn/trace", headers={KEY: key}, timeout=10).status_code == 401
    result = CliRunner().invoke(main, ["trace", "nosuch", "--clouds-yaml", str(settings)])
    assert result.exit_code == 1
    assert "the trace does not have it. It has `last`, the servers vm1, and" in result.output


def test_the_command_serves_and_ends_on_an_interrupt(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "oslearn", "serve", "--port", "0", "--admin-password-file", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=tmp_path, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("known-only-here\n")
        process.stdin.close()
        url = process.stdout.readline().split()[4].rstrip(".")
        user = {"name": "admin", "domain": {"id": "default"}, "password": "known-only-here"}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
        assert requests.post(f"{url}/identity/v3/auth/tokens", json={"auth": auth}, timeout=10).status_code == 201
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_reach_asks_the_running_cloud_as_a_user(settings: Path) -> None:
    words = ["reach", "192.0.2.9", "--clouds-yaml", str(settings)]
    shown = CliRunner().invoke(main, words, env={"OS_CLOUD": "oslearn-admin"})
    assert (shown.exit_code, shown.output.split("\n")[0]) == (0, "tcp 22 from 198.51.100.1 to 192.0.2.9")
    nobody = CliRunner().invoke(main, words, env={"OS_CLOUD": "oslearn-nobody"})
    assert (nobody.exit_code, "has no cloud oslearn-nobody" in nobody.output) == (1, True)
