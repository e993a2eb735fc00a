"""What makes the page's assets, and what puts them into the site."""

import base64
import hashlib
import json
import re
import socket
import struct
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from packaging.requirements import Requirement
from sybil import Document

import assets
import registry
import runnable
import serve
from pages import ROOT, blocks, not_executed

TAB = ROOT / "docs" / "_tab"


def test_what_npm_gives_has_to_be_what_the_lock_names():
    good = "sha512-" + base64.b64encode(hashlib.sha512(b"good").digest()).decode()
    registry.check(b"good", good)
    with pytest.raises(registry.MissingError, match=r"lock\.json"):
        registry.check(b"bad", good)


def test_the_lock_names_one_version_of_each():
    locks = json.loads((TAB / "lock.json").read_text("utf-8"))
    assert locks.keys() == {"pyodide", "zstddec"}
    for lock in locks.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", lock["version"])
        assert lock["integrity"].startswith("sha512-")


def test_what_the_extra_needs_is_pinned_beside_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = project["project"]["optional-dependencies"]["tab"]
    assert (TAB / "requirements.in").read_text("utf-8").split() == wanted
    pins = [Requirement(line.rstrip("\\ ")) for line in (TAB / "requirements.lock").read_text("utf-8").splitlines()
            if re.match(r"\w", line)]  # fmt: skip
    assert {pin.name for pin in pins} == {Requirement(line).name for line in wanted}


def test_only_what_the_page_imports_goes_in():
    names = {one.name.lower() for one in assets.distributions()}
    assert {"falcon", "sqlalchemy", "python-openstackclient", "openstacksdk", "jsonschema", "graphviz"} <= names
    assert not names & {"cryptography", "rpds-py", "cmd2", "psutil", "sphinx", "pytest"}


def test_a_file_goes_in_as_code_or_as_data():
    code, data = assets.split(assets.files())
    assert {
        "page.py",
        "machine.py",
        "rpds.py",
        "console.py",
        "oslearn/cloud.py",
        "openstack/__init__.py",
    } <= code.keys()
    assert {"oslearn/trace/classic.toml", "oslearn/course/labs/day1.toml"} <= data.keys()
    assert not [name for name in data if name.endswith((".so", ".pyc", ".py"))]
    assert not [name for name in code if "/tests/" in name]
    heads = [text for name, text in data.items() if name.endswith(".dist-info/METADATA")]
    assert heads
    assert all(re.search(rb"^Version: ", text, re.MULTILINE) and b"\n\n" not in text for text in heads)


def test_an_archive_is_the_same_each_time(tmp_path):
    for name in ("a.zip", "b.zip"):
        assets.pack(tmp_path / name, {"y.py": b"1", "x.toml": b"2"})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["x.toml", "y.py"]


def test_the_name_of_what_is_made_is_that_of_what_goes_in():
    assert assets.digest() == assets.digest()
    listed = {path.relative_to(ROOT).as_posix() for path in assets.sources()}
    assert {"docs/_tab/js/make.mjs", "docs/_ext/console.py", "src/oslearn/cloud.py", "docs/_tab/lock.json"} <= listed
    assert "docs/_tab/js/tab.mjs" not in listed
    assert {"tab.mjs", "worker.mjs", "python.mjs"} <= {path.name for path in assets.scripts()}


def test_what_cannot_be_had_leaves_the_site_without(tmp_path, capsys):
    (tmp_path / "now.json").write_text("{}")

    def nothing(folder, name):
        raise registry.MissingError("no registry answers")

    assets.main(tmp_path, nothing)
    assert capsys.readouterr().out.splitlines()[-1] == "The site is built without Run buttons: no registry answers"
    assert not (tmp_path / "now.json").exists()


def test_what_was_made_is_not_made_again_and_the_old_goes(tmp_path):
    made = []

    def make(folder, name):
        made.append(name)
        (folder / name).mkdir(parents=True)
        (folder / name / "made").write_text('{"labs": {"day1.1": "empty"}, "size": 3}')

    (tmp_path / "old").mkdir()
    (tmp_path / "npm").mkdir()
    assets.main(tmp_path, make)
    assets.main(tmp_path, make)
    assert made == [assets.digest()]
    scripts = f"js-{assets.named(assets.scripts())}"
    assert {path.name for path in tmp_path.iterdir()} == {scripts, made[0], "npm", "now.json"}
    assert json.loads((tmp_path / "now.json").read_text()) == {
        "folder": scripts,
        "memory": made[0],
    }


def test_what_cannot_run_in_a_page_is_a_block_that_runs_in_the_tests():
    for file, first_line in runnable.elsewhere():
        document = Document((ROOT / file).read_text("utf-8"), str(ROOT / file))
        assert (file, first_line) in {block.key for block in blocks(document)}
        assert (file, first_line) not in not_executed()


def test_first_lines_are_those_of_the_pages_blocks():
    text = "Title\n\n.. code-block:: console\n\n   $ ls\n   a\n"
    (block,) = blocks(Document(text, "page.rst"))
    assert runnable.first_line(str(nodes.literal_block("$ ls\na").rawsource)) == block.first_line == "$ ls"


def test_the_same_file_lies_in_the_site(tmp_path):
    (tmp_path / "a").write_text("1")
    runnable.link(str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / "b").read_text() == "1"


def test_a_copy_that_was_cut_short_is_made_again(tmp_path):
    made, site = tmp_path / "made", tmp_path / "site"
    for name in ("scripts", "memory"):
        (made / name).mkdir(parents=True)
        (made / name / "file").write_text(name)
    (made / "now.json").write_text('{"folder": "scripts", "memory": "memory"}')
    builder, config = SimpleNamespace(name="html"), SimpleNamespace(oslearn_tab=str(made))
    app = SimpleNamespace(outdir=site, builder=builder, config=config)
    (site / "_tab" / "scripts.draft").mkdir(parents=True)
    (site / "_tab" / "scripts.draft" / "half").write_text("")
    runnable.place(app, None)
    there = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert there == {"_tab/scripts/file", "_tab/memory/file", "_tab/now.json"}


def test_scripts_and_wasm_have_their_types():
    kinds = serve.Site.extensions_map
    assert (kinds[".mjs"], kinds[".wasm"]) == ("text/javascript", "application/wasm")


def test_a_browser_that_hangs_up_is_no_error_of_the_server(tmp_path, capsys):
    (tmp_path / "large").write_bytes(bytes(1 << 24))
    with serve.server(str(tmp_path)) as site:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", site.server_port)) as browser:
                browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close resets
                browser.sendall(b"GET /large HTTP/1.0\r\n\r\n")
                site.handle_request()
                browser.recv(1)
    assert capsys.readouterr().err == ""


def test_what_else_fails_in_a_server_is_said(tmp_path, capsys):
    with serve.server(str(tmp_path)) as site:
        try:
            raise ValueError("a fault of ours")
        except ValueError:
            site.handle_error(None, ("127.0.0.1", 1))
    assert "a fault of ours" in capsys.readouterr().err


def test_each_server_of_the_site_bears_a_browser_that_hangs_up():
    plain = re.compile(r"\bThreadingHTTPServer\(\(")
    places = [path for room in ("docs", "tests", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]
    assert [path.relative_to(ROOT).as_posix() for path in places if plain.search(path.read_text("utf-8"))] == []


def test_the_sums_are_those_of_the_files(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.zip").write_bytes(b"a")
    assert assets.sums(tmp_path) == {"kept/a.zip": hashlib.sha256(b"a").hexdigest()}


@pytest.mark.parametrize("path", sorted(TAB.rglob("*.py")), ids=lambda path: path.name)
def test_a_module_fits_on_a_few_screens(path: Path):
    assert path.read_text("utf-8").count("\n") <= 300


def test_the_site_is_where_it_was_before_or_on_a_free_port(tmp_path):
    with serve.server(str(tmp_path)) as other:
        port = other.server_port
        with serve.at_home(str(tmp_path), port) as site:
            assert site.server_port != port
    with serve.at_home(str(tmp_path), port) as site:
        assert site.server_port == port
