"""The indexes of the reference, in a small site whose commands really run."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_diagram_ext import build

from gather import Page, gathered, merge, name_of, note_index, outdated, purge
from indexes import MANY
from oslearn.course import labs

CONF = """
extensions = ["sphinx_tabs.tabs", "indexes"]
html_theme = "basic"
"""
LESSON = """\
Lesson
======

.. code-block:: console

   $ export OS_CLOUD=oslearn-demo
   $ openstack image list -f value -c Name
   cirros

Once more
---------

.. tabs::

   .. group-tab:: CLI

      .. code-block:: console

         $ OS_CLOUD=oslearn-admin openstack --os-image-api-version 2 image list -f value -c Name | head -1
         cirros
         $ openstack image show nothing
         No Image found for nothing
         [exit 1]

>>> 1 + 1
2

.. unexecuted:: it runs in the server.

   $ lsblk
   vda
   $ df
"""
PAGES = {
    "index": "Index\n=====\n\n.. toctree::\n\n   lesson\n   lists\n",
    "lesson": LESSON,
    "lists": "Lists\n=====\n\n.. command-index:: openstack\n\n.. message-index::\n\n.. api-index:: image\n\n"
    ".. api-index:: networking\n\n.. api-index:: volume\n\n.. unexecuted-index::\n\n.. left-out-index::\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the site is built."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def lists(folder: Path) -> str:
    """The page of the indexes."""
    out, warnings, _ = build(folder, PAGES, conf=CONF)
    assert warnings == ""
    return (out / "lists.html").read_text("utf-8")


def rows(page: str, table: str) -> list[list[str]]:
    """The cells of a table as text."""
    inside = re.search(rf'<table class="[^"]*\b{table}\b.*?</table>', page, re.DOTALL)
    assert inside
    cells = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in inside[0].split("<tr")[2:]]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in cells]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("openstack server create --flavor m1.tiny vm1", "openstack server create"),
        ("openstack server list", "openstack server list"),
        ("OS_CLOUD= openstack --os-password wrong network list -c Name", "openstack network list"),
        ("openstack server add floating ip vm1 $(openstack floating ip list)", "openstack server add floating ip"),
        ("oslearn lab start day2", "oslearn lab start"),
        ("oslearn --help", "oslearn"),
        ("ls -l openstack", None),
        ("export OS_CLOUD=oslearn-demo", None),
    ],
)
def test_a_command_is_named_as_its_program_names_it(text: str, name: str | None) -> None:
    assert name_of(text) == name


def test_a_command_that_no_program_has_is_no_command() -> None:
    with pytest.raises(LookupError, match="openstack sever list"):
        name_of("openstack sever list")


def test_a_command_stands_in_the_index_with_each_section_where_it_runs(lists: str) -> None:
    assert rows(lists, "command-index") == [
        ["openstack image list", "Lesson, Once more"],
        ["openstack image show", "Once more"],
    ]
    assert 'href="lesson.html#once-more">Once more</a>' in lists


def test_of_many_places_the_first_are_named_and_then_the_lessons(tmp_path: Path) -> None:
    ran = ".. code-block:: console\n\n   $ OS_CLOUD=oslearn-demo openstack image list -f value -c Name\n   cirros\n"
    block = f"Here\n----\n\n{ran}\n"
    found = labs.lessons()[: MANY + 2]
    pages = {one.page: f"Lesson\n======\n\n{block}{block.replace('Here', 'Once') if n > MANY else ''}"
             for n, one in enumerate(found)}  # fmt: skip
    names = "".join(f"   {page}\n" for page in pages)
    for page in pages:
        (tmp_path / "pages" / page).parent.mkdir(parents=True, exist_ok=True)
    index = f"Index\n=====\n\n.. command-index:: openstack\n\n.. toctree::\n\n{names}"
    out, warnings, _ = build(tmp_path, {"index": index, **pages}, conf=CONF)
    assert warnings == ""
    numbers = [one.id.removeprefix("day") for one in found]
    said = f"{', '.join(f'{n} Here' for n in numbers[:MANY])}; also in {', '.join(numbers[MANY:])}"
    assert rows((out / "index.html").read_text("utf-8"), "command-index") == [["openstack image list", said]]


def test_what_a_failing_command_says_is_listed(lists: str) -> None:
    assert rows(lists, "message-index") == [["No Image found for nothing", "openstack image show", "Once more"]]


def test_every_route_is_listed_with_its_handler_and_the_commands_that_cause_it(lists: str) -> None:
    calls = {call: (handler, commands) for call, handler, commands in rows(lists, "api-index")}
    handler, commands = calls["GET /v2/images"]
    assert handler.startswith("catalogue.index The images")
    assert commands == "image list, image show"
    assert calls["DELETE /v2/images/{image_id}"][1] == ""
    assert re.search(
        r'href="source/(?:core|extensions)/glance/\w+\.html#L-\d+"><code[^>]*><span class="pre">catalogue.index<', lists
    )


def test_handlers_that_several_routes_share_are_named_with_what_they_serve(lists: str) -> None:
    assert "networks.create" in re.sub(r"<[^>]*>", "", lists)
    assert re.search(r'href="source/(?:core|extensions)/cinder/api/volumes\.html#L-\d+', lists)


def test_what_does_not_run_is_counted_and_says_why(lists: str, folder: Path) -> None:
    assert "4 commands and 1 Python examples run." in re.sub(r"<[^>]*>", "", lists)
    first, *readme = rows(lists, "unexecuted-index")
    assert first == ["Once more", "2", "it runs in the server."]
    assert {row[0] for row in readme} == {"README.md"}
    assert "Not executed: it runs in the server." in (folder / "html" / "lesson.html").read_text("utf-8")


def test_an_index_follows_its_pages(lists: str, folder: Path) -> None:
    changed = {**PAGES, "lesson": "Lesson\n======\n\n.. code-block:: console\n\n   $ openstack flavor list\n"}
    out, _, read = build(folder, changed, conf=CONF)
    assert read == ["lesson"]
    assert rows((out / "lists.html").read_text("utf-8"), "command-index") == [["openstack flavor list", "Lesson"]]


def test_what_parallel_readers_find_is_joined_and_a_page_takes_its_part_with_it() -> None:
    here = SimpleNamespace(collect_relations=dict)
    there = SimpleNamespace(current_document=SimpleNamespace(docname="index"))
    gathered(here)["old"] = Page()
    gathered(there).update(lesson=Page(commands=3), stale=Page())
    note_index(there, "commands")
    merge(None, here, {"lesson", "index"}, there)
    assert list(gathered(here)) == ["old", "lesson"]
    assert gathered(here)["lesson"].commands == 3
    purge(None, here, "lesson")
    assert list(gathered(here)) == ["old"]
    assert (outdated(None, here), outdated(None, here)) == (["index"], [])


def test_an_index_is_written_again_only_if_what_it_shows_changed() -> None:
    env = SimpleNamespace(collect_relations=dict, current_document=SimpleNamespace(docname="index"))
    note_index(env, "commands")
    gathered(env)["lesson"] = Page(commands=3)
    assert outdated(None, env) == ["index"]
    for commands, old in ((3, []), (4, ["index"]), (4, [])):
        purge(None, env, "lesson")
        gathered(env)["lesson"] = Page(commands=commands)
        assert outdated(None, env) == old
    env.collect_relations = lambda: {"lesson": [], "new": []}
    assert outdated(None, env) == ["index"]


def test_a_command_that_there_is_not_is_reported(tmp_path: Path) -> None:
    page = "Index\n=====\n\n.. code-block:: console\n\n   $ openstack sever list\n   [exit 2]\n"
    _, warnings, _ = build(tmp_path, {"index": page}, conf=CONF)
    assert "index.rst:4: WARNING: no such command: openstack sever list" in warnings


def test_what_is_left_out_stands_beside_the_module_that_says_so(lists: str) -> None:
    (row,) = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*swift/refused\.py.*?</tr>", lists, re.DOTALL)
    assert "versions of objects" in row
    assert '<span class="pre">X-Symlink-Target</span>' in row
