"""The head of a page that says what one does."""

from __future__ import annotations

import re
from pathlib import Path

from test_day import HEAD
from test_diagram_ext import CONF, build

from oslearn.course import labs

SITE = CONF.replace('"diagrams"', '"head"')


def made(folder: Path, page: str, text: str) -> str:
    (folder / "pages" / page).parent.mkdir(parents=True)
    out, warnings, _ = build(folder, {"index": "One\n===\n", page: f":orphan:\n\n{text}"}, conf=SITE)
    assert warnings == ""
    return (out / f"{page}.html").read_text("utf-8")


def test_a_lessons_lead_is_a_sentence_and_a_dot_is_its_own(tmp_path: Path) -> None:
    text = made(tmp_path, "day1/network", f"A network\n=========\n\n{HEAD}")
    assert '<p class="os-do">Make it.</p>' in text
    assert '<div class="os-bar" data-lesson="day1.2">' in text
    assert re.findall(r'data-lesson="(\S+)"><a \S+ title="[^"]*" aria-current=page>', text) == ["day1.2"]


def test_what_goes_deeper_says_so_and_the_way_to_begin_here_is_one_of_the_facts(tmp_path: Path) -> None:
    note = "\n.. rst-class:: os-lab\n\nRun it.\n"
    text = made(tmp_path, "day4/token", f"A token\n=======\n\n{HEAD}{note}")
    number = next(lesson.id.removeprefix("day") for lesson in labs.lessons() if lesson.page == "day4/token")
    assert f"<span><b>{number}</b>, goes deeper</span>" in text
    assert "Run it." not in text
    assert f"oslearn lab start {number} makes what this page needs." in re.sub("<[^>]+>", "", text)


def test_a_page_that_is_no_lesson_has_lead_and_facts_and_no_bar(tmp_path: Path) -> None:
    text = made(tmp_path, "more/labs", f"Labs\n====\n\n{HEAD}")
    assert '<p class="os-do">Make it.</p>' in text
    assert "os-facts" in text
    assert "os-bar" not in text


def test_the_questions_say_after_which_lesson_they_come(tmp_path: Path) -> None:
    text = made(tmp_path, "day1/check", "Check yourself\n==============\n\nHow?\n")
    last = [lesson for lesson in labs.lessons() if lesson.day == "day1" and lesson.main][-1]
    number = last.id.removeprefix("day")
    assert f'<a href="index.html">Day 1</a><span>after lesson {number}</span>' in text
    assert "aria-current" not in text[text.index("os-bar") : text.index("<h1")]
