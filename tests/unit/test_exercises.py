"""What a reader does on a page: predictions and exercises as cards, sections that say what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_diagram_ext import build

DOCS = Path(__file__).parents[2] / "docs"
CONF = 'extensions = ["exercise"]\nhtml_theme = "basic"\n'
PAGE = """\
Page
====

.. predict::

   How many *requests*?

What goes wrong
---------------

It is in use.

When the login fails
--------------------

Look.

When you are lost
-----------------

Ask.

When what fails is you
----------------------

Rest.

On a real cloud
---------------

It takes longer.

Exercises
---------

.. exercise::

   Make a network.

.. exercise::

   *If you have time.* Delete it.

   .. code-block:: console

      $ openstack network delete blue
"""


def made(folder: Path, text: str = PAGE) -> tuple[str, str]:
    """The page, and the warnings."""
    out, warnings, _ = build(folder, {"index": text}, conf=CONF)
    return (out / "index.html").read_text("utf-8"), warnings


def test_a_prediction_says_what_it_is_before_it_asks(tmp_path: Path) -> None:
    text, warnings = made(tmp_path)
    assert warnings == ""
    pattern = (
        r'<div class="os-predict[^"]*">\s*<p class="os-tag">Predict first</p>\s*<p>How many <em>requests</em>\?</p>'
    )
    assert re.search(pattern, text)


def test_exercises_have_the_numbers_of_their_places_and_keep_what_stands_in_them(tmp_path: Path) -> None:
    first, second = made(tmp_path)[0].split('<div class="os-exercise')[1:]
    assert '<p><strong class="os-disc">1</strong> Make a network.</p>' in first
    assert '<p><strong class="os-disc">2</strong> <em>If you have time.</em> Delete it.</p>' in second
    assert "network" in second.split("</strong>")[1]
    assert "highlight-console" in second


def test_sections_about_trouble_and_about_real_clouds_have_their_class_and_no_other_has(tmp_path: Path) -> None:
    text = made(tmp_path)[0]
    found = re.findall(r'<section class="([\w-]+)" id="([\w-]+)"', text)
    assert found == [
        ("os-wrong", "what-goes-wrong"),
        ("os-wrong", "when-the-login-fails"),
        ("os-real", "on-a-real-cloud"),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (".. predict::\n", "Content block expected"),
        (".. exercise::\n", "Content block expected"),
        (".. exercise::\n\n   * a list\n", "an exercise begins with what is to do"),
    ],
)
def test_an_empty_card_is_told(tmp_path: Path, wrong: str, said: str) -> None:
    assert said in made(tmp_path, f"Page\n====\n\n{wrong}")[1]


@pytest.mark.parametrize("path", sorted(DOCS.glob("day?/*.rst")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_page_writes_a_card_by_hand(path: Path) -> None:
    """A number in bold is no exercise, and a prediction in a paragraph is read over."""
    text = path.read_text("utf-8")
    assert "Predict first" not in text
    _, _, after = text.partition("\nExercises\n-")
    assert re.findall(r"^ *\*\*\d+\.\*\*", after, re.MULTILINE) == []
    assert bool(after) is (".. exercise::" in text)
