"""The front page's drawing and cards, the site's icon and card, what a page says of itself elsewhere."""

from __future__ import annotations

import html
import json
import pickle
import re
import struct
from pathlib import Path
from xml.etree import ElementTree as ET

from fake_flow import classic
from test_diagram_ext import CONF, build

import front
import identity
import score
from oslearn.course import labs
from oslearn.course.drawing import registry
from oslearn.course.drawing.palette import COLOURS
from oslearn.trace.lens import Lens
from style import sheet

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "docs" / "_static"
FRONT = CONF.replace('"diagrams"', '"front", "identity"')
PAGE = "Front\n=====\n\nWhat it is.\n\n.. score:: classic\n   :page: all\n\n.. fold:: Long\n\n   inside\n"


def test_a_score_has_a_stroke_for_each_step_and_a_line_for_each_process() -> None:
    flow = classic()
    text = score.drawn(flow, 736, 24, 13)
    ET.fromstring(text)
    assert text.count('class="tip"') == len(flow.steps) == 28
    for y, back, end in re.findall(r'd="M[\d.]+ ([\d.]+)V([\d.]+)".*?class="tip" d="M[\d.]+ ([\d.]+)l', text):
        low, high = sorted((float(y), float(end)))
        assert low <= float(back) <= high  # the head stands at the line's end
    assert re.findall(r'text-anchor="end">([^<]+)<', score.drawn(flow, 358, 19, 11.5, short=True))[:2] == ["CLI", "KEY"]
    bands = [float(wide) for wide in re.findall(r'<rect class="part p[01]" x="[\d.]+" y="0" width="([\d.]+)"', text)]
    assert [round(28 * wide / sum(bands)) for wide in bands] == [2, 5, 5, 6, 9, 1]
    named = {end for m in flow.steps for end in (m.step.source, m.step.target)}
    assert set(re.findall(r'text-anchor="end">([^<]+)<', text)) == named


def test_the_score_is_one_link_and_a_fold_is_closed(tmp_path: Path) -> None:
    pages = {"index": PAGE + "\n.. toctree::\n\n   all\n", "all": "All\n===\n\nIt is all here.\n"}
    out, warnings, _ = build(tmp_path, pages, conf=FRONT)
    assert warnings == ""
    text = (out / "index.html").read_text("utf-8")
    assert re.search(r'<a class="os-score-picture" href="all\.html"><span class="visually-hidden">28 messages', text)
    assert re.search(r'<details class="os-inside"><summary>(<span>)?Long', text)
    assert '<meta name="description" content="What it is.">' in text
    assert '<meta property="og:image" content="_static/card.png">' in text
    assert "score.js" not in text
    assert "os-now" not in text


def test_a_score_that_plays_has_its_parts_and_only_its_page_loads_the_script(tmp_path: Path) -> None:
    playing = ".. score:: classic\n   :page: deep/all\n   :plays:\n\n   These are **28**.\n"
    pages = {"index": f"Front\n=====\n\n{playing}\n.. toctree::\n\n   other\n   token\n", "other": "Other\n=====\n",
             "token": ":orphan:\n\nToken\n=====\n"}  # fmt: skip
    pages["index"] = pages["index"].replace("deep/all", "other")
    out, warnings, _ = build(tmp_path, pages, conf=FRONT)
    assert warnings == ""
    text = (out / "index.html").read_text("utf-8")
    assert re.search(r'<figcaption class="os-score-head">These are <strong>28</strong>', text)
    assert re.findall(r'<li data-last="(\d+)">', text) == ["2", "7", "12", "18", "27", "28"]
    assert '<p class="os-part"><a href="token.html">Get a token</a></p><p>You log in.' in text
    assert re.search(r'role="group" aria-label="Play the messages" hidden>', text)
    names = {"Play", "One step back", "One step on"}
    assert set(re.findall(r'<button type="button" data-do="\w+" aria-label="([^"]+)"', text)) == names
    assert "score.js" in text
    assert "score.js" not in (out / "other.html").read_text("utf-8")


def test_in_a_book_the_score_is_a_picture_with_its_parts(tmp_path: Path) -> None:
    page = "Front\n=====\n\n.. score:: classic\n   :page: index\n   :plays:\n"
    out, _, _ = build(tmp_path, {"index": page}, builder="singlehtml", conf=FRONT)
    text = (out / "index.html").read_text("utf-8")
    assert text.count('class="tip"') == 28
    assert text.count('class="os-part"') == 6
    assert not {"os-now", "os-ink", "os-narrow", "score.js"} & set(re.findall(r"[\w.-]+", text))


def test_who_writes_no_pictures_tells_the_score(tmp_path: Path) -> None:
    out, warnings, _ = build(tmp_path, {"index": PAGE, "all": ":orphan:\n\nAll\n===\n"}, builder="text", conf=FRONT)
    assert warnings == ""
    assert "28 messages in the order of time; get a\ntoken: 2" in (out / "index.txt").read_text("utf-8")


def test_a_score_without_its_page_is_told(tmp_path: Path) -> None:
    _, warnings, _ = build(tmp_path, {"index": "One\n===\n\n.. score:: classic\n"}, conf=FRONT)
    assert "index.rst:4: ERROR: :page: is missing" in warnings


def test_every_part_of_the_flow_says_in_a_sentence_what_happens() -> None:
    for part in Lens.load("classic").parts:
        assert re.fullmatch(r"[A-Z][^.]+\.( [A-Z][^.]+\.)?", part.say), part.key


def test_the_numbers_on_the_front_page_are_those_of_the_flow() -> None:
    text = (ROOT / "docs" / "index.rst").read_text("utf-8")
    flow = classic()
    assert {int(n) for n in re.findall(r"(\d+) (?:messages|steps)", text)} == {len(flow.steps)}
    assert (len(score.lines(flow)), "between twelve programs" in text) == (12, True)


def test_numbers_in_the_prose_are_counted_when_every_page_is_read(tmp_path: Path) -> None:
    block = ".. code-block:: console\n\n   $ true\n   $ echo 1\n   1\n\n"
    ran = f"Two\n===\n\n{block}>>> 1 + 1\n2\n\n.. unexecuted:: it ends.\n\n   $ false\n"
    told = ", ".join(f":counted:`{what}`" for what in ("commands", "examples", "not run", "drawings", "lessons"))
    pages = {"index": f"One\n===\n\n{told}.\n\n.. toctree::\n\n   two\n", "two": ran}
    conf = FRONT.replace('"front"', '"front", "indexes"')
    out, warnings, _ = build(tmp_path, pages, conf=conf)
    assert warnings == ""
    way = len([lesson for lesson in labs.lessons() if lesson.main])
    assert f"<p>2, 1, 1, 0, {way}.</p>" in (out / "index.html").read_text("utf-8")
    out, _, read = build(tmp_path, {**pages, "two": ran.replace("$ true", "$ true\n   $ true")}, conf=conf)
    assert read == ["two"]
    assert f"<p>3, 1, 1, 0, {way}.</p>" in (out / "index.html").read_text("utf-8")
    _, warnings, _ = build(tmp_path, {**pages, "index": "One\n===\n\n:counted:`stars`\n"}, conf=conf)
    assert "nobody counts 'stars': commands" in warnings


def test_the_line_over_a_title_is_above_it_in_a_browser_and_drawings_are_counted(tmp_path: Path) -> None:
    page = (
        "One\n===\n\n.. rst-class:: os-over\n\nA course\n\n.. score:: classic\n   :page: index\n\n"
        ".. ecosystem::\n\n:counted:`drawings` drawings\n"
    )
    out, _, _ = build(tmp_path, {"index": page}, conf=FRONT)
    text = (out / "index.html").read_text("utf-8")
    assert text.index('<p class="os-over">A course') < text.index("<h1>")
    assert "2 drawings" in text
    out, _, _ = build(tmp_path, {"index": page}, "text", FRONT)
    text = (out / "index.txt").read_text("utf-8")
    assert text.index("A course") > text.index("One")


def test_what_is_counted_in_the_course_follows_it(tmp_path: Path) -> None:
    build(tmp_path, {"index": "One\n===\n\n:counted:`labs`\n"}, conf=FRONT)
    env = pickle.loads((tmp_path / "doctrees" / "environment.pickle").read_bytes())
    assert {"day1.toml", "current.toml"} <= {Path(path).name for path in env.dependencies["index"]}


def test_minutes_to_the_first_server_are_those_of_the_lessons_up_to_it() -> None:
    first = [lesson for lesson in labs.lessons() if lesson.id in ("day1.1", "day1.2", "day1.3", "day1.4")]
    assert front.until(front.FIRST_SERVER) == sum(lesson.minutes for lesson in first)


def test_a_card_says_what_one_has_whom_one_meets_and_how_long_it_takes(tmp_path: Path) -> None:
    days = "".join(f"   {day.id}/index\n" for day in labs.days())
    pages = {"index": f"One\n===\n\n.. days::\n\n.. toctree::\n\n{days}"}
    for day in labs.days():
        (tmp_path / "pages" / day.id).mkdir(parents=True)
        pages[f"{day.id}/index"] = f"{day.title}\n{'=' * len(day.title)}\n"
    out, warnings, _ = build(tmp_path, pages, conf=FRONT)
    assert warnings == ""
    card = (out / "index.html").read_text("utf-8").partition('<li class="day2">')[2].partition("</li>")[0]
    found = [lesson for lesson in labs.lessons() if lesson.day == "day2" and lesson.main]
    assert '<a class="reference internal" href="day2/index.html">' in card
    assert "<strong>After it you have</strong> a volume" in card
    assert re.findall(r'<span class="os-chip (\w+)">(\w+)</span>', card) == [("cinder", "Cinder"), ("nova", "Nova")]
    assert f"{len(found)} lessons, {sum(lesson.minutes for lesson in found)} minutes" in card
    assert f'data-lessons="{html.escape(json.dumps([lesson.id for lesson in found]))}" hidden' in card
    _, warnings, _ = build(tmp_path, pages, builder="epub", conf=FRONT)
    assert "is no XML" not in warnings


def test_whom_one_meets_on_a_day_is_named_on_its_pages() -> None:
    names = {service.key: service.name for service in registry.load()}
    for day in labs.days():
        text = "".join(path.read_text("utf-8") for path in (ROOT / "docs" / day.id).glob("*.rst"))
        assert [key for key in day.meets if names[key] not in text] == []
        assert {f".os-chip.{key}::before" for key in day.meets} <= set(re.findall(r"\.os-chip\.\w+::before", sheet()))


def test_a_page_for_wrong_addresses_finds_the_site_from_any_depth() -> None:
    assert identity.rooted("https://example.org/course/") == '<base href="https://example.org/course/">'
    pattern = re.search(r"replace\(/(.+?)/, '/'\)", identity.rooted(""))
    assert pattern is not None
    known = pattern[1].replace("\\/", "/")
    for path in ("/course/day4/none/deep.html", "/course/reference/none", "/course/day1/"):
        assert re.sub(known, "/", path) == "/course/"


def test_the_address_of_the_code_stands_in_one_place() -> None:
    pages = {path: path.read_text("utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.rst")]}
    own = re.compile(r"git clone \S*[:/]|https?://[^\s`<>]+\.git\b")
    assert [path for path, text in pages.items() if own.search(text)] == []
    assert {path.name for path, text in pages.items() if "|clone|" in text} == {"index.rst", "start.rst"}
    assert "its address is `Repository` in `pyproject.toml`" in " ".join(pages[ROOT / "README.md"].split())


def test_pages_say_it(tmp_path: Path) -> None:
    out, warnings, _ = build(tmp_path, {"index": "Front\n=====\n\nGet it with |clone|.\n"}, conf=FRONT)
    assert warnings == ""
    address = identity.repository()
    assert (f"git clone {address}" in re.sub("<[^>]+>", "", (out / "index.html").read_text("utf-8"))) == (
        "example.org" not in address
    )


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


def test_a_message_that_has_not_played_can_be_seen_and_its_names_can_be_read() -> None:
    style = sheet()
    (message,) = re.findall(r"\.message:not\(\.is, \.was\) { color: (#\w{6}); }", style)
    (name,) = re.findall(r"\.playing \.process:not\(\.is\) { color: (#\w{6}); }", style)
    grounds = re.search(r"--ink-0: light-dark\((#\w{6}), (#\w{6})\); --ink-1: (#\w{6});", style)
    assert grounds is not None
    for ground in grounds.groups():
        assert contrast(message, ground) >= 3, ground
        assert contrast(name, ground) >= 4.5, ground


def test_icon_and_card_are_what_the_code_draws() -> None:
    assert (STATIC / "icon.svg").read_text("utf-8") == identity.icon()
    for name, size in (("icon", (180, 180)), ("card", (1200, 630))):
        data = (STATIC / f"{name}.png").read_bytes()
        assert (data[:8], struct.unpack(">II", data[16:24])) == (b"\x89PNG\r\n\x1a\n", size)
