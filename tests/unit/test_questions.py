"""The quiz: a question on a screen, in a book, and what is refused; and the questions that the days have."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from test_diagram_ext import build

from oslearn.course import labs

DOCS = Path(__file__).parents[2] / "docs"
CONF = 'extensions = ["question"]\nhtml_theme = "basic"\n'
PORT = """
.. question:: A network has no subnet. What does a *port* on it not get?
   :answer: b
   :lesson: day1.2

   a. A name

      You ``give`` it.

   b. An address

   c. A network

      It is on one.

   The subnet has them.
"""
KEY = (
    PORT.replace("A network has no", "There is no")
    .replace(":answer: b", ":answer: c")
    .replace("b. An", "b. A key\n\n      No.\n\n   c. An")
)
KEY = KEY.replace("   c. A network\n\n      It is on one.\n\n", "")
TOP = "Check\n=====\n"


def page(folder: Path, text: str, builder: str = "html") -> tuple[str, str]:
    """The page that is made of it, and the warnings other than that its lesson is not there."""
    out, warnings, _ = build(folder, {"index": TOP + text}, builder, CONF)
    end = {"epub": "xhtml", "text": "txt"}.get(builder, "html")
    missing = re.compile(r".*unknown document.*\n|.*(toctree|mimetype|EPUB3).*\n")
    return (out / f"index.{end}").read_text("utf-8"), missing.sub("", warnings)


def test_a_screen_has_choices_and_behind_a_fold_the_answer_with_a_reason_for_each_wrong_one(tmp_path: Path) -> None:
    text, warnings = page(tmp_path, PORT + KEY)
    assert warnings == ""
    first, second = re.findall(r"<fieldset.*?</fieldset>", text, re.DOTALL)
    assert re.findall(r'<input type="radio" name="([^"]+)" value="(\w)"', first) == [("question-1", c) for c in "abc"]
    assert "Question 1 of 2</span>" in first
    assert "Question 2 of 2</span>" in second
    before, fold = first.split("<details>")
    assert "The subnet has them." not in before
    assert "It is on one." not in before
    assert 'role="status"' in before
    assert re.search(r'<dd class="os-not-a"><p>You <code.*?give', fold, re.DOTALL)
    assert re.search(r'<dd class="os-not-c"><p>It is on one.', fold)
    assert "os-not-b" not in fold
    assert "Told in lesson 1.2" in fold


def test_what_was_chosen_is_kept_below_a_name_that_changes_with_the_question(tmp_path: Path) -> None:
    keys = re.findall(r'data-key="(\w+)"', page(tmp_path, PORT + KEY)[0])
    again = re.findall(r'data-key="(\w+)"', page(tmp_path, KEY + PORT.replace("It is on one", "It has one"))[0])
    assert len({*keys, *again}) == 3
    assert again[0] == keys[1]


@pytest.mark.parametrize("builder", ["epub", "singlehtml"])
def test_a_book_has_the_answers_below_the_last_question(tmp_path: Path, builder: str) -> None:
    text, warnings = page(tmp_path, PORT + KEY, builder)
    assert warnings == ""
    asked, answered = re.split(r'<p class="rubric">Answers</p>', text)
    assert "<input" not in text
    assert "<fieldset" not in text
    assert re.search(r"<strong>2. There is no subnet", asked)
    assert "The subnet has them." not in asked
    places = [answered.index(words) for words in ("<strong>1. </strong>", "You ", "<strong>2. </strong>")]
    assert places == sorted(places)


def test_in_plain_text_are_choices_and_answers_too(tmp_path: Path) -> None:
    text, warnings = page(tmp_path, PORT, "text")
    assert warnings == ""
    asked, answered = text.split("Answers")
    assert "2. An address" in asked
    assert "The subnet has them." in answered


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      It is on one.\n", "", "each wrong choice has a reason"),
        ("   b. An address\n", "   b. An address\n\n      Because.\n", "the right one has none"),
        (":answer: b", ":answer: d", ":answer: is one of a, b, c"),
        ("   The subnet has them.\n", "", "explains the answer"),
        ("day1.2", "day1.99", "there is no lesson day1.99"),
        ("   a. A name\n\n      You ``give`` it.\n\n", "   Name\n\n", "begins with one list"),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in PORT
    assert said in page(tmp_path, PORT.replace(old, new))[1]


def questions(day: str) -> list[tuple[str, str]]:
    """The right letter and the lesson of each question of a day."""
    text = (DOCS / day / "check.rst").read_text("utf-8")
    return re.findall(r":answer: (\w)\n   :lesson: ([\w.]+)\n", text)


@pytest.mark.parametrize("day", labs.DAYS)
def test_a_day_asks_six_to_eight_questions_and_about_each_lesson_of_its_hour(day: str) -> None:
    asked = questions(day)
    assert 6 <= len(asked) <= 8
    assert {lesson.id for lesson in labs.lessons() if lesson.day == day and lesson.main} <= {id for _, id in asked}


@pytest.mark.parametrize("day", labs.DAYS)
def test_no_letter_is_a_good_guess(day: str) -> None:
    letters = [letter for letter, _ in questions(day)]
    assert set(letters) == set("abc")
    assert max(Counter(letters).values()) <= len(letters) / 2
    assert not any(len(set(letters[n : n + 3])) == 1 for n in range(len(letters) - 2))
