"""The style sheet and the headings' font."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from fontTools.ttLib import TTFont
from test_diagram_ext import build

import live
import style
from oslearn.trace.lens import Lens

EPOCH = 2_082_844_800
"""Seconds from the start of 1904, with which a font counts, to that of 1970."""


def test_each_room_is_read_once() -> None:
    assert sorted(style.ROOMS) == sorted(path.stem for path in style.FOLDER.glob("*.css"))
    assert set(style.FOLDER.glob("*.css")) <= set(live.seen())  # the site follows who changes one


def test_a_site_and_a_book_have_the_sheet(tmp_path: Path) -> None:
    conf = 'extensions = ["style"]\nhtml_theme = "basic"\nhtml_css_files = ["oslearn.css"]\n'
    for builder, both in (("html", True), ("epub", False)):
        (tmp_path / builder).mkdir()
        out, _, _ = build(tmp_path / builder, {"index": "One\n===\n"}, builder, conf)
        text = (out / "_static" / "oslearn.css").read_text("utf-8")
        assert ("light-dark(" in text, "@font-face" in text, ".os-bar" in text) == (both, both, True)


def test_a_book_has_one_scheme() -> None:
    both, one = style.sheet(), style.sheet(book=True)
    assert "light-dark(" in both
    assert "light-dark(" not in one
    assert re.findall(r"--os-nova: ([^;]+);", one) == ["#1d4ed8"]
    assert one.count("{") == one.count("}") == both.count("{")
    assert "@media print" not in one
    assert one.count("(") == one.count(")")


def test_each_step_of_each_flow_is_lit_up_and_no_other() -> None:
    text = style.sheet()
    named = set(re.findall(r"#step-(\w+):target\) \.s(\w+)", text))
    longest = max(len(Lens.load(flow).steps) for flow in ("classic", "current"))
    assert named == {(str(n), str(n)) for n in range(1, longest + 1)}


def test_a_page_asks_for_one_sheet_and_each_is_a_room() -> None:
    assert not [*(style.FOLDER.parent / "_static").glob("*.css")]


def test_no_variable_is_used_that_nobody_sets() -> None:
    text = style.sheet()
    used, known = set(re.findall(r"var\((--[\w-]+)", text)), set(re.findall(r"(--[\w-]+):", text))
    theirs = re.compile(r"--(color|font|sidebar|toc|header)-")
    assert {name for name in used - known if not theirs.match(name)} <= {
        "--c",
        "--in",
        "--part",
        "--os-dock-high",
    }  # these a page's script sets


def test_the_font_has_the_letters_and_is_the_same_each_time(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert style.font(tmp_path / name)
        made.append((tmp_path / name / "head.woff2").read_bytes())
    assert made[0] == made[1]
    assert len(made[0]) < 16_000
    face = TTFont(tmp_path / "a" / "head.woff2")
    assert set(style.LETTERS) <= set(face.getBestCmap())
    assert face["head"].modified < time.time() + EPOCH - 86400  # when its letters were drawn, not when it was made
    os.utime(tmp_path / "a" / "head.woff2", (0, 0))  # older than what says which letters
    assert style.font(tmp_path / "a")
    assert (tmp_path / "a" / "head.woff2").stat().st_mtime > 0
    assert "SIL OPEN FONT LICENSE" in (tmp_path / "a" / "head.OFL.txt").read_text("utf-8")
