"""What the pages show of the code itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dot_text import named
from test_diagram_ext import build

import sources
from layout import as_rest, drawing, floors, line_of
from oslearn.course.drawing import sequence as dot

CONF = """
extensions = ["layout"]
html_theme = "basic"
"""


def test_every_package_stands_on_one_floor_and_is_drawn() -> None:
    names = [name for floor in floors() for name in floor]
    assert len(names) == len(set(names))
    assert {"nova", "keystone", "cinder"} <= set(next(floor for floor in floors() if "nova" in floor))
    for look in (dot.WIDE, dot.NARROW):
        assert named(drawing(look), "floor-") == [name for name in names if name != "__main__"]


def test_a_source_is_a_link_to_the_line_where_it_begins(tmp_path: Path) -> None:
    page = "Code\n====\n\n.. floors::\n\n:source:`cloud.py::Cloud.connect` in :source:`cloud.py`\n"
    out, warnings, _ = build(tmp_path, {"index": page}, conf=CONF)
    assert warnings == ""
    text = (out / "index.html").read_text("utf-8")
    (line,) = re.findall(r'href="source/cloud\.html#L-(\d+)"><code[^>]*><span class="pre">Cloud\.connect<', text)
    code = (sources.package() / "cloud.py").read_text("utf-8").splitlines()
    assert code[int(line) - 1].strip().startswith("def connect(")
    assert 'href="source/cloud.html#L-1"' in text
    assert "Who may import whom" in text


@pytest.mark.parametrize(("aim", "said"), [("clod.py", "no file clod.py"), ("cloud.py::Clod", "no Clod in cloud.py")])
def test_a_source_that_is_not_there_is_reported(tmp_path: Path, aim: str, said: str) -> None:
    _, warnings, _ = build(tmp_path, {"index": f"Code\n====\n\n:source:`{aim}`\n"}, conf=CONF)
    assert f"source: {said}" in warnings


def test_a_file_begins_at_its_first_line_though_it_is_no_code() -> None:
    assert [line_of(sources.package() / path, "") for path in ("cloud.py", "trace/classic.toml")] == [1, 1]


def test_data_have_a_page_too(tmp_path: Path) -> None:
    out, warnings, _ = build(tmp_path, {"index": "Code\n====\n\n:source:`trace/classic.toml`\n"}, conf=CONF)
    assert warnings == ""
    assert 'href="source/trace/classic.toml.html#L-1"' in (out / "index.html").read_text("utf-8")
    assert "[[step]]" in re.sub("<[^>]*>", "", (out / "source/trace/classic.toml.html").read_text("utf-8"))


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        ("`run` and ``code``", "``run`` and ``code``"),
        ("OS_ variables of `OS_`", r"OS\_ variables of ``OS_``"),
        ("Upstream: a. Left out: b.", "\n\n**Upstream:** a. \n\n**Left out:** b."),
        ("a_name: kept", "a_name: kept"),
    ],
)
def test_a_docstring_becomes_rest(words: str, rest: str) -> None:
    lines = words.splitlines()
    as_rest(None, "module", "", None, None, lines)  # type: ignore[arg-type]
    assert lines == rest.splitlines()


def test_a_page_of_source_is_written_again_only_with_new_source_or_settings(tmp_path: Path) -> None:
    pages = {"index": "Code\n====\n\n:source:`cloud.py`\n"}
    build(tmp_path, pages, conf=CONF)
    written = tmp_path / "html" / "source" / "cloud.html"
    text = written.read_text("utf-8")
    written.write_text("kept", "utf-8")
    build(tmp_path, pages, conf=CONF)
    assert written.read_text("utf-8") == "kept"
    build(tmp_path, pages, conf=CONF + "project = 'Another'\n")
    assert "def connect(" in re.sub(r"<[^>]*>", "", written.read_text("utf-8"))
    assert "def connect(" in re.sub(r"<[^>]*>", "", text)
