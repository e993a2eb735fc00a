"""The index of troubles: its messages come from the lessons' runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_diagram_ext import build

CONF = """
extensions = ["indexes", "troubles"]
html_theme = "basic"
"""
LESSON = """\
Lesson
======

.. code-block:: console

   $ oslearn lab start day9
   before the label
   [exit 1]

.. _trouble-1:

**It fails.**

.. code-block:: console

   $ oslearn lab start day9
   Error: there is no lesson day9; there are day1.1 and more
   [exit 1]

.. _trouble-2:

In the server
-------------

>>> print("Binding failed for port")
Binding failed for port

.. unexecuted:: it runs in the server.

   $ ssh cirros@203.0.113.134
   Permission denied (publickey).

.. _trouble-3:

Elsewhere
---------

Nothing is printed.
"""
TABLE = """\
Troubles
========

.. filter:: Search

.. troubles::

   .. trouble:: 1
      :message: there is no lesson … there are

      Another name.

   .. trouble:: 2
      :message: Binding failed
                Permission denied

      The *key*.

   .. trouble:: 3
      :symptom: Nothing, and ``BUILD``.

      Nobody said.
"""


def site(folder: Path, table: str = TABLE) -> tuple[str, str]:
    """The page of the index and the build's warnings."""
    pages = {"index": "Index\n=====\n\n.. toctree::\n\n   troubles\n   lesson\n", "lesson": LESSON, "troubles": table}
    out, warnings, _ = build(folder, pages, conf=CONF)
    return (out / "troubles.html").read_text("utf-8"), warnings


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A good index, built once."""
    return site(tmp_path_factory.mktemp("site"))


def test_a_message_is_the_line_that_was_printed_below_the_label(good: tuple[str, str]) -> None:
    page, warnings = good
    assert warnings == ""
    assert "before the label" not in page
    code = re.findall(r"<code.*?</code>", page, re.DOTALL)
    lines = [re.sub(r"<[^>]*>", "", found) for found in code]
    assert lines == [
        "Error: there is no lesson day9; there are day1.1 and more",
        "Binding failed for port",
        "Permission denied (publickey).",
        "BUILD",
    ]
    strong = re.sub(r"</?span[^>]*>", "", page)
    assert "<strong>there is no lesson day9; there are</strong> day1.1" in strong


def test_a_trouble_leads_to_its_place(good: tuple[str, str]) -> None:
    places = re.findall(r'href="lesson\.html#([\w-]+)">([^<]*)</a>', good[0])
    assert [place for place in places if place[0].startswith("trouble")] == [
        ("trouble-1", "Lesson"),
        ("trouble-2", "In the server"),
        ("trouble-3", "Elsewhere"),
    ]


def test_without_a_script_the_table_is_whole_and_the_field_is_not_there(good: tuple[str, str]) -> None:
    page = good[0]
    assert len(re.findall(r'<tr[^>]* id="about-trouble-\d"', page)) == 3
    assert '<div class="os-filter" data-label="Search" hidden=""></div>' in page
    assert "reference.js" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (TABLE.replace("there is no lesson", "there was no lesson"), "printed 'there was no lesson … there are'"),
        (TABLE.replace("trouble:: 3", "trouble:: 30"), "no page has the label trouble-30"),
        (TABLE.replace("      :symptom: Nothing, and ``BUILD``.\n", ""), "a trouble has a :message: or a :symptom:"),
        (TABLE + "\n   And more.\n", "`troubles` holds `trouble` entries and nothing else"),
    ],
)
def test_what_is_not_so_is_reported(tmp_path: Path, wrong: str, said: str) -> None:
    assert said in site(tmp_path, wrong)[1]
