"""What makes pages a course: the mark, the way from page to page, the sidebar."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from test_diagram_ext import build

import course
from course import neighbours
from oslearn.course import labs

CONF = 'extensions = ["course"]\nhtml_theme = "basic"\n'


def test_a_lesson_ends_with_a_place_for_its_mark_but_on_paper(tmp_path: Path) -> None:
    (tmp_path / "pages" / "day1").mkdir(parents=True)
    pages = {"index": "One\n===\n\n.. toctree::\n\n   day1/network\n", "day1/network": "A network\n=========\n"}
    out, warnings, _ = build(tmp_path, pages, conf=CONF)
    assert warnings == ""
    assert '<p class="os-done" data-lesson="day1.2" hidden></p>' in (out / "day1/network.html").read_text("utf-8")
    assert "os-done" not in (out / "index.html").read_text("utf-8")
    out, _, _ = build(tmp_path, pages, "singlehtml", CONF)
    assert "os-done" not in (out / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("pagename", "before", "after"),
    [
        ("day4/flow", "day4/ecosystem", "day4/current"),
        ("day4/token", "day4/flow", "day4/accept"),
        ("day1/groups", "day1/floating", "day1/check"),
        ("day1/check", "day1/groups", "day2/index"),
        ("day4/check", "day4/nodes", "labs"),
        ("day1/instance", "day1/groups", ""),
    ],
)
def test_the_way_of_a_day_ends_with_its_questions(pagename: str, before: str, after: str) -> None:
    assert neighbours(pagename) == {"prev": before, "next": after}


def test_every_page_is_written_again_when_what_its_sidebar_shows_changes() -> None:
    env = SimpleNamespace(found_docs={"one", "two"})
    for words, includes, old in (("A", {}, True), ("A", {}, False), ("B", {}, True), ("B", {"one": ["two"]}, True)):
        env.titles, env.toctree_includes = {"one": nodes.title("", words)}, includes
        assert course.outdated(None, env) == (["one", "two"] if old else [])


@pytest.mark.parametrize("pagename", ["index", "day1/index", "reference/glossary"])
def test_other_pages_keep_their_neighbours(pagename: str) -> None:
    assert neighbours(pagename) == {}


def test_the_sidebar_knows_lessons_of_one_name_by_their_day() -> None:
    """boot.html is another lesson below Day 2 than below Day 4."""
    tree = "".join(
        f'<li class="x"><a class="y" href="{address}">T</a></li>'
        for address in ("../day2/boot.html", "boot.html", "check.html", "../labs.html", "#")
    )
    items = re.findall(r"<li[^>]*>", course.marked(tree, "day4/flow"))
    assert [re.sub(r'<li class="x"|[">]| data-lesson=', "", item) for item in items] == [
        "day2.7", "day4.8", "day4.check", "", "day4.2",
    ]  # fmt: skip
    assert labs.find("day4.8").main is False
    assert course.marked(tree, "day4/flow").count("(deeper)") == 1
