"""Tables that become cards on a phone: each cell carries its column's heading."""

from __future__ import annotations

import re
from pathlib import Path

from test_diagram_ext import CONF, build

SITE = CONF.replace('"diagrams"', '"diagrams", "labelled"')
TABLE = """
Page
====

.. list-table::
   :header-rows: {head}
{named}
   * - Then
     - Now
     - Since & when?
   * - a
     - b
     - c
"""


def made(folder: Path, head: int = 1, named: str = "") -> str:
    folder.mkdir(exist_ok=True)
    out, warnings, _ = build(folder, {"index": TABLE.format(head=head, named=named)}, conf=SITE)
    assert not warnings
    return (out / "index.html").read_text("utf-8")


def test_each_cell_but_the_first_says_its_heading(tmp_path: Path) -> None:
    page = made(tmp_path)
    assert "os-cards" in page
    assert re.findall(r'data-label="([^"]*)"', page) == ["Now:", "Since &amp; when?"]


def test_two_columns_stay_a_table(tmp_path: Path) -> None:
    two = re.sub(r"     - (Since.*|c)\n", "", TABLE)
    out, warnings, _ = build(tmp_path, {"index": two.format(head=1, named="")}, conf=SITE)
    assert not warnings
    assert "os-cards" not in (out / "index.html").read_text("utf-8")


def test_a_table_without_headings_or_with_a_form_of_its_own_stays_one(tmp_path: Path) -> None:
    assert "data-label" not in made(tmp_path / "a", head=0)
    assert "data-label" not in made(tmp_path / "b", named="   :class: core-map\n")
