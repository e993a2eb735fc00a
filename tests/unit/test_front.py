"""The front page's drawing and cards, the site's icon and card, what a page says of itself elsewhere."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from xml.etree import ElementTree as ET

from fake_flow import classic
from test_diagram_ext import CONF, build

import front
import identity
from oslearn.course import labs
from oslearn.course.drawing.palette import COLOURS
from style import sheet

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "docs" / "_static"
FRONT = CONF.replace('"diagrams"', '"front", "identity"')
PAGE = "Front\n=====\n\nWhat it is.\n\n.. score:: classic\n   :page: all\n\n.. fold:: Long\n\n   inside\n"


def test_a_score_has_a_stroke_for_each_step_and_a_line_for_each_process() -> None:
    flow = classic()
    text = front.drawn(flow, 736, 24, 13)
    ET.fromstring(text)
    assert text.count('class="tip"') == len(flow.steps) == 28
    named = {end for m in flow.steps for end in (m.step.source, m.step.target)}
    assert set(re.findall(r'text-anchor="end">([^<]+)<', text)) == named


def test_the_score_is_one_link_and_a_fold_is_closed(tmp_path: Path) -> None:
    pages = {"index": PAGE + "\n.. toctree::\n\n   all\n", "all": "All\n===\n\nIt is all here.\n"}
    out, warnings, _ = build(tmp_path, pages, conf=FRONT)
    assert warnings == ""
    text = (out / "index.html").read_text("utf-8")
    assert re.search(r'<figure class="os-score[^>]*><a href="all\.html" aria-label="28 messages', text)
    assert re.search(r'<details class="os-inside os-fold"><summary>(<span>)?Long', text)
    assert '<meta name="description" content="What it is.">' in text
    assert '<meta property="og:image" content="_static/card.png">' in text


def test_a_page_for_wrong_addresses_finds_the_site_from_any_depth() -> None:
    assert identity.rooted("https://example.org/course/") == '<base href="https://example.org/course/">'
    pattern = re.search(r"replace\(/(.+?)/, '/'\)", identity.rooted(""))
    assert pattern is not None
    known = pattern[1].replace("\\/", "/")
    for path in ("/course/day4/none/deep.html", "/course/reference/none", "/course/day1/"):
        assert re.sub(known, "/", path) == "/course/"


def test_the_title_of_a_day_is_that_of_its_page() -> None:
    for day in labs.days():
        page = (ROOT / "docs" / day.id / "index.rst").read_text("utf-8")
        assert page.startswith(f"Day {day.id[-1]}: {day.title}\n")
        assert day.result.endswith(".")


def luminance(colour: str) -> float:
    """How light a colour is, as WCAG says."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_each_service_has_one_colour_that_can_be_read_in_both_schemes() -> None:
    style = sheet()
    for name, colour in COLOURS.items():
        ((light, dark),) = re.findall(rf"--os-{name}: light-dark\((#\w{{6}}), (#\w{{6}})\);", style)
        assert light == colour
        for shade, papers in ((light, ("#ffffff", "#f1f5f9")), (dark, ("#15181f", "#1e2532"))):
            assert min(contrast(shade, paper) for paper in papers) >= 4.5, (name, shade)


def test_icon_and_card_are_what_the_code_draws() -> None:
    assert (STATIC / "icon.svg").read_text("utf-8") == identity.icon()
    for name, size in (("icon", (180, 180)), ("card", (1200, 630))):
        data = (STATIC / f"{name}.png").read_bytes()
        assert (data[:8], struct.unpack(">II", data[16:24])) == (b"\x89PNG\r\n\x1a\n", size)
