"""A day's own page: its head, its lessons and what one does in each, its poster."""

from __future__ import annotations

import html
import json
import pickle
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dot_text import boxes
from test_diagram_ext import CONF, build

import day
from oslearn.course import labs
from oslearn.course.drawing import posters
from oslearn.course.drawing.posters import Bond, Poster, Thing
from oslearn.course.drawing.sequence import NARROW, WIDE
from oslearn.course.labs import broken

ROOT = Path(__file__).parents[2]
DAY = CONF.replace('"diagrams"', '"day"')
HEAD = "| **Do:** make it\n| **Learn:** what it is\n| **Need:** a cloud\n\n"
DAYS = [one.id for one in labs.days()]


def pages(
    folder: Path, body: str = ".. progress:: day3\n\nMore\n----\n\n.. progress:: day3\n   :deeper:\n"
) -> dict[str, str]:
    """A site with the pages of day 3, and of the others that a day's page leads to."""
    for name in DAYS:
        (folder / "pages" / name).mkdir(parents=True, exist_ok=True)
    found = [lesson for lesson in labs.lessons() if lesson.day == "day3"]
    made = {
        lesson.page: f":orphan:\n\n{lesson.title}\n{'=' * 50}\n\n| **Do:** do *{lesson.id}*,\n  and look\n"
        for lesson in found
    }
    made |= {f"{name}/index": f":orphan:\n\nDay {name[-1]}: A day\n============\n\n{HEAD}" for name in DAYS}
    made["day3/index"] += body
    return made | {"index": "One\n===\n", "day3/check": ":orphan:\n\nCheck\n=====\n"}


def test_a_day_begins_with_a_bar_a_button_and_its_facts(tmp_path: Path) -> None:
    out, warnings, _ = build(tmp_path, pages(tmp_path), conf=DAY)
    assert warnings == ""
    text = (out / "day3/index.html").read_text("utf-8")
    main = [lesson for lesson in labs.lessons() if lesson.day == "day3" and lesson.main]
    minutes = sum(lesson.minutes for lesson in main)
    bar = f"<b>Day 3 of 4</b><span>{len(main)} lessons</span>"
    assert f'<div class="os-bar">{bar}<span class="os-minutes">{minutes} minutes</span></div>' in text
    assert re.search(r'</div><h1>A day<a class="headerlink"', text)
    assert '<p class="os-do">Make it.</p>' in text
    assert '<a class="os-button" href="formats.html" data-after="../day4/index.html">Start with 3.1</a>' in text
    assert re.search(r"<strong>You learn</strong></p>\s*<p>What it is</p>", text)
    assert "line-block" not in text
    assert "data-after" not in (out / "day4/index.html").read_text("utf-8")


def test_each_lesson_stands_in_its_list_with_what_one_does(tmp_path: Path) -> None:
    out, warnings, _ = build(tmp_path, pages(tmp_path), conf=DAY)
    assert warnings == ""
    text = (out / "day3/index.html").read_text("utf-8")
    hour, deeper = text.split('id="more"')
    for part, main in ((hour, True), (deeper, False)):
        found = [lesson for lesson in labs.lessons() if lesson.day == "day3" and lesson.main is main]
        ids = [*(lesson.id for lesson in found), *["day3.check"] * main]
        assert re.findall(r'<li data-lesson="([^"]+)">', part) == ids
        for lesson in found:
            row = part.partition(f'data-lesson="{lesson.id}"')[2].partition("</li>")[0]
            assert f'<span class="os-number">{lesson.id.removeprefix("day")}</span>' in row
            assert f"</span>{lesson.minutes} min</span>" in row
            assert f"<p>Do <em>{lesson.id}</em>, and look.</p>" in row
    ids = [lesson.id for lesson in labs.lessons() if lesson.day == "day3" and lesson.main]
    assert f'<p class="os-meter" data-lessons="{html.escape(json.dumps(ids))}" hidden=""></p>' in hour
    assert '<span class="os-number">?</span>' in hour
    assert text.count('class="os-day"') == 1


def test_a_day_is_made_again_when_a_lesson_says_something_else(tmp_path: Path) -> None:
    made = pages(tmp_path)
    build(tmp_path, made, conf=DAY)
    _, _, read = build(tmp_path, made, conf=DAY)
    assert read == []
    made["day3/upload"] = made["day3/upload"].replace("and look", "and wait")
    out, _, read = build(tmp_path, made, conf=DAY)
    assert sorted(read) == ["day3/index", "day3/upload"]
    assert "and wait." in (out / "day3/index.html").read_text("utf-8")


def test_a_lesson_that_does_not_say_what_one_does_is_an_error(tmp_path: Path) -> None:
    made = pages(tmp_path)
    made["day3/upload"] = ":orphan:\n\nUpload\n======\n"
    _, warnings, _ = build(tmp_path, made, conf=DAY)
    assert "upload.rst does not say what one does" in warnings
    _, warnings, _ = build(tmp_path, pages(tmp_path, ".. progress:: day9\n"), conf=DAY)
    assert "no lessons in 'day9'" in warnings


def test_a_day_ends_with_its_own_labs(tmp_path: Path) -> None:
    known = [lab.number for lab in broken.labs() if lab.day == 3]
    for argument, wanted in (("day3", known), ("", [lab.number for lab in broken.labs()])):
        out, _, _ = build(tmp_path, pages(tmp_path, f"\n.. broken-labs:: {argument}\n"), conf=DAY)
        text = re.sub("<[^>]+>", "", (out / "day3/index.html").read_text("utf-8"))
        assert [int(number) for number in re.findall(r"oslearn lab break (\d+)", text)] == wanted
    _, warnings, _ = build(tmp_path, pages(tmp_path, "\n.. broken-labs:: day9\n"), conf=DAY)
    assert "no labs in 'day9'" in warnings


def test_on_paper_the_block_stays_and_in_text_the_list_is_a_list(tmp_path: Path) -> None:
    made = pages(tmp_path)
    made["index"] += "\n.. toctree::\n\n   day3/index\n"
    out, _, _ = build(tmp_path, made, builder="singlehtml", conf=DAY)
    text = (out / "index.html").read_text("utf-8")
    assert ("line-block" in text, "os-button" in text, "os-lessons" in text) == (True, False, True)
    _, warnings, _ = build(tmp_path, made, builder="epub", conf=DAY.replace('"day"', '"day", "diagrams"'))
    assert "is no XML" not in warnings
    out, _, _ = build(tmp_path, made, builder="text", conf=DAY)
    assert re.search(r"\* 3\.1 .+, 9 min\n\n  Do \*day3\.1\*, and look\.", (out / "day3/index.txt").read_text("utf-8"))


def test_every_day_of_the_course_shows_each_of_its_lessons_once() -> None:
    for one in labs.days():
        text = (ROOT / "docs" / one.id / "index.rst").read_text("utf-8")
        deeper = any(not lesson.main for lesson in labs.lessons() if lesson.day == one.id)
        assert text.count(f".. progress:: {one.id}\n\n") == 1
        assert text.count(f".. progress:: {one.id}\n   :deeper:\n") == deeper


def test_every_lesson_says_what_one_does() -> None:
    for lesson in labs.lessons():
        assert re.fullmatch(r"[A-Z`].+[^.]\.", day.does(ROOT / "docs" / f"{lesson.page}.rst"))


STORED = {
    "/volumes/detail": {"volumes": [
        {"id": "v", "name": "data", "size": 2, "attachments": [{"server_id": "s", "device": "/dev/vdb"}],
         "snapshot_id": None, "volume_image_metadata": {"image_name": "cirros"}},
        {"id": "w", "name": "restored", "size": 3, "attachments": [], "snapshot_id": "n"},
    ]},
    "/snapshots": {"snapshots": [{"id": "n", "name": "monday", "volume_id": "v"}]},
    "/backups/detail": {"backups": [{"name": "sunday", "volume_id": "v", "container": "volumebackups"}]},
    "/servers": {"servers": [{"id": "s", "name": "vm1"}]},
}  # fmt: skip


class Answers:
    """An API that answers from a list."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.known = known

    def get(self, path: str) -> Any:
        return SimpleNamespace(json=lambda: self.known[path])


def test_storage_shows_what_hangs_on_what() -> None:
    user: Any = SimpleNamespace(volume=Answers(STORED), compute=Answers(STORED))
    poster = posters.storage(user)
    assert [thing.key for thing in poster.things if thing.kind != "volume"] == [
        "image cirros", "snapshot monday", "backup sunday", "container volumebackups", "server vm1",
    ]  # fmt: skip
    assert set(poster.bonds) == {
        Bond("server vm1", "volume data", "/dev/vdb"), Bond("image cirros", "volume data", made=True),
        Bond("volume data", "snapshot monday", made=True), Bond("snapshot monday", "volume restored", made=True),
        Bond("volume data", "backup sunday", made=True), Bond("backup sunday", "container volumebackups", made=True),
    }  # fmt: skip
    assert "server vm1 and volume data (/dev/vdb)" in poster.words()


ROLES = {
    "/role_assignments?scope.project.id=p&include_names=true": {"role_assignments": [
        {"scope": {"project": {"name": "demo"}}, "user": {"name": "mia"}, "role": {"name": "manager"}}]},
    "/images?owner=p": {"images": [{"id": "i", "name": "myimage", "disk_format": "qcow2"}]},
    "/servers?image=i": {"servers": [{"name": "large"}]},
    "/AUTH_p?format=json": [{"name": "photos"}],
    "/AUTH_p/photos?format=json": [{"name": "beach.txt"}],
}  # fmt: skip


def test_access_shows_roles_and_what_is_the_projects() -> None:
    answers = Answers(ROLES)
    user: Any = SimpleNamespace(project_id="p", image=answers, compute=answers, object_store=answers, identity=answers)
    poster = posters.access(user, user)
    assert set(poster.bonds) == {
        Bond("user mia", "project demo", "manager"), Bond("project demo", "image myimage"),
        Bond("project demo", "server large"), Bond("image myimage", "server large", made=True),
        Bond("project demo", "container photos"), Bond("container photos", "object beach.txt"),
    }  # fmt: skip
    assert [thing.note for thing in poster.things] == [
        "project", "user", "image, qcow2", "server", "container", "object",
    ]  # fmt: skip
    ends = [box.place()[0] for box in boxes(poster.dot(WIDE)) if re.fullmatch("user mia-project demo-[01]", box.name)]
    assert ends == [ends[0]] * 2  # upright, though the project's middle is elsewhere


@pytest.mark.parametrize("look", [WIDE, NARROW], ids=lambda look: look.name)
def test_a_poster_has_a_box_for_each_thing_and_says_what_has_no_place(look: Any) -> None:
    user: Any = SimpleNamespace(volume=Answers(STORED), compute=Answers(STORED))
    text = posters.storage(user).dot(look)
    assert text.count('class="service cinder"') == 4
    assert text.count("dir=none") == 1
    assert min(float(size) for size in re.findall(r'fontsize="?([\d.]+)', text)) >= 12
    roles = Poster([Thing("user", "mia"), Thing("project", "demo")], [Bond("user mia", "project demo", "manager")]).dot(
        look
    )
    (x, width) = re.findall(r'"user mia-project demo-words" \[.*pos="([\d.]+),.*width="?([\d.]+)', roles)[0]
    assert (float(x) + float(width) / 2) * 72 <= look.width
    with pytest.raises(KeyError, match="volume other"):
        Poster([Thing("volume", "other")], []).dot(look)


def test_a_poster_is_drawn_from_a_run_and_says_which_command_failed(tmp_path: Path) -> None:
    conf = CONF.replace('"diagrams"', '"poster"')
    begun = (
        "One\n===\n\n.. poster:: {}\n   :lab: day1.3\n   :title: What is there\n\n   export OS_CLOUD=oslearn-demo\n{}"
    )
    out, warnings, _ = build(
        tmp_path, {"index": begun.format("networks", "   openstack network create blue\n")}, conf=conf
    )
    assert warnings == ""
    text = (out / "index.html").read_text("utf-8")
    assert re.search(
        r'<div class="os-poster os-full[^"]*">\s*<figure class="os-diagram" id="diagram-poster-networks">', text
    )
    assert {"network blue", "network selfservice"} <= set(re.findall(r"network \w+", text))
    env = pickle.loads((tmp_path / "doctrees" / "environment.pickle").read_bytes())
    assert {"posters.py", "day1.toml"} <= {Path(path).name for path in env.dependencies["index"]}
    for kind, command, said in (
        ("stars", "", "no poster 'stars': networks, storage, access"),
        ("networks", "   openstack network show none\n", "poster: openstack network show none: exit code 1"),
        ("storage", "   openstack volume create --size 1 odd\n", "poster: 'volume odd'"),
        ("networks", "", ":title: is missing"),
    ):
        text = begun.format(kind, command)
        text = text.replace("   :title: What is there\n", "") if "title" in said else text
        _, warnings, _ = build(tmp_path, {"index": text}, conf=conf)
        assert said in warnings
