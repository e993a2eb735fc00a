"""What is wrong with an argument or a file is said in one line, with a status that is not zero, by every command."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from oslearn.cli.commands import admin_password, main
from oslearn.port import settings
from oslearn.port.server import Server
from oslearn.port.settings import MARK

CONTENT = settings.content("http://127.0.0.1:9", "RegionOne", {"admin": "a", "demo": "d"}, "key")
WHOLE = MARK + json.dumps(CONTENT, indent=2)
FILES = {
    "missing": None,
    "empty": b"",
    "the mark alone": MARK.encode(),
    "cut": WHOLE[: len(WHOLE) // 2].encode(),
    "nearly whole": WHOLE[:-1].encode(),
    "not text": b"\xff\xfe\x00",
    "another's": b"mine\n",
    "a list": f"{MARK}[]".encode(),
    "no clouds": f"{MARK}{{}}".encode(),
    "clouds of nothing": f'{MARK}{{"clouds": {{"oslearn-demo": 5}}, "oslearn": 5}}'.encode(),
    "deep": MARK.encode() + b"[" * 100_000,
    "of a dead server": WHOLE.encode(),
    "of no address": WHOLE.replace("http://127.0.0.1:9", "nonsense").encode(),
}
ASKING = ["openrc nobody", "openstack token issue", "trace vm1", "trace last", "reach 192.0.2.1", "check day1.2",
          "lab start day1.2", "lab reset --yes", "lab break 2", "lab end", "processes", "stop queue",
          "start queue"]  # fmt: skip
WRONG = [
    "nosuch", "--nosuch", "serve --port 99999", "serve --port -1", "serve --port x", "serve --hosts -1",
    "serve --hosts x", "serve --flow x", "serve --data ''", "serve --clouds-yaml ''", "serve --clouds-yaml .",
    "serve x", "serve --nosuch", "serve --admin-password secret", "serve --admin-password-file nosuch",
    "serve --admin-password-file .", "serve --port 0 --admin-password-file /dev/null",
    "serve --port 0 --clouds-yaml /dev/null/x", "serve --pace x", "openrc demo --clouds-yaml ''", "openrc a b",
    "openstack --data '' x", "openstack --clouds-yaml '' x", "trace --clouds-yaml '' --follow", "trace show",
    "trace classic --step 0", "trace classic --step 99", "trace classic --seed x", "trace current x", "reach",
    "reach 192.0.2.1 --port 0", "reach 192.0.2.1 --port 65536", "lab start", "lab start day9", "lab nosuch",
    "lab start day1.2 x", "check", "check day9", "check day1.1", "progress x",
    "lab reset day9", "lab break 0", "lab break x", "lab hint", "lab end x", "progress --add x", "progress --add ''",
    "check 1.2.9", "check 1", "processes x", "stop", "start", "stop --clouds-yaml ''", "start --nosuch",
    "whatif", "whatif 99 lose", "whatif 0 lose", "whatif 1 shout", "whatif x lose", "whatif 52 stop --flow current",
    "up --nodes 0", "up --nodes x", "up --database mysql", "up --address controller", "up --address nosuch=10.0.0.1",
    "up --prepare", "up --data ''", "up --clouds-yaml ''", "up x", "node", "node nosuch", "node compute",
    "node controller nova-compute", "node controller", "node controller nova-api", "node controller --data ''",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("OS_CLOUD", "OS_AUTH_URL", "OS_CLIENT_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)


def refused(result: Result) -> str:
    """The one line that is said."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code not in (0, None)
    assert (result.stdout, len(result.stderr.splitlines())) == ("", 1), result.output
    return result.stderr


def run(words: str) -> Result:
    return CliRunner().invoke(main, shlex.split(words))


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_argument(words: str) -> None:
    assert "secret" not in refused(run(words))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("words", ASKING)
def test_a_broken_file_of_settings(words: str, file: str) -> None:
    if FILES[file] is not None:
        Path("clouds.yaml").write_bytes(FILES[file])
    refused(run(words))


@pytest.mark.parametrize("file", [name for name in FILES if name in ("empty", "not text", "another's")])
def test_the_settings_of_somebody_else_stay(file: str) -> None:
    Path("clouds.yaml").write_bytes(FILES[file] or b"")
    assert "not oslearn's" in refused(run("serve --port 0 --data data"))
    assert Path("clouds.yaml").read_bytes() == FILES[file]
    assert not Path("data").exists()


PROGRESS = [
    "",
    "{",
    "[]",
    "7",
    '{"day1.2": 5}',
    '{"day1.2": {}}',
    '{"day1.2": {"tries": "x"}}',
    "\udcff",
    "[" * 100_000,
]


@pytest.mark.parametrize("text", PROGRESS, ids=range(len(PROGRESS)))
@pytest.mark.parametrize("words", ["progress", "check day1.2"])
def test_a_broken_file_of_progress(words: str, text: str) -> None:
    Path("oslearn-progress.json").write_bytes(text.encode(errors="surrogateescape"))
    assert "oslearn-progress.json" in refused(run(words))
    assert Path("oslearn-progress.json").read_bytes() == text.encode(errors="surrogateescape")


def test_a_check_of_no_cloud_is_no_try() -> None:
    refused(run("check day1.2"))
    assert not Path("oslearn-progress.json").exists()


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    """Each command's words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_is_tried() -> None:
    tried = {" ".join(words.split()[:n]) for words in (*WRONG, *ASKING) for n in (1, 2)}
    assert set(commands(main)) - tried == {"lab list"}


def test_a_port_in_use() -> None:
    taken = Server(empty=True)
    said = refused(run(f"serve --port {taken.url.rpartition(':')[2]} --data data"))
    taken.close()
    assert "is in use" in said
    assert not Path("data").exists()


def test_a_shell_takes_each_value_as_it_is() -> None:
    word = "a b;touch X$(touch X)`touch X`'\"\n\\#"
    settings.write(Path("clouds.yaml"), settings.content("http://x", "R 1", {"admin": "a", "demo": word}, "key"))
    lines = run("openrc demo").stdout
    shell = ["/bin/sh", "-c", f'{lines}\nprintf %s "$OS_PASSWORD"; printf %s "$OS_REGION_NAME" >&2']
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (word, "R 1")
    assert not Path("X").exists()


def test_a_password_of_a_file_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text("of a file\nmore\n")
    monkeypatch.setenv("OSLEARN_ADMIN_PASSWORD", "of the environment")
    with open("secret") as file:
        assert admin_password(file) == {"admin": "of a file"}
    assert admin_password(None) == {"admin": "of the environment"}
    monkeypatch.setenv("OSLEARN_ADMIN_PASSWORD", "")
    assert admin_password(None) == {}
    assert "Everybody on the machine can read" in " ".join(run("serve --help").stdout.split())


def test_a_process_that_ends_so_shows_no_traceback() -> None:
    words = [sys.executable, "-m", "oslearn", "serve", "--clouds-yaml", "/dev/null/x", "--port", "0"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
