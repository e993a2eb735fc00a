"""What a reader types in the page, compares, sees drawn: the same in this Python as in the page's."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from pathlib import Path

import pytest

import absent
import compare
import mine
import page as page_module
import seen
import typed
from kept import Kept
from page import Page, machine
from streams import MOST


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of a lesson with a server."""
    made = Page(Kept("day2.1", machine(lambda: made.shell), root=tmp_path_factory.mktemp("root")))
    made.mark(made.shell.cloud)
    said(made, "export OS_CLOUD=oslearn-demo")
    yield made
    for database in made.shell.cloud.databases.values():
        database.engine.dispose()


def said(page: Page, text: str, language: str = "console") -> str:
    """What is answered."""
    answer = typed.typed(page, language, text)
    assert isinstance(answer, dict)
    return "".join(done["got"] for done in answer["done"]).rstrip("\n")


@pytest.mark.parametrize(("line", "wanted"), [
    ("openstack server list -f value -c Name > names; cat names", "vm1"),
    ("ID=$(openstack server show vm1 -f value -c id); echo $ID | wc -c", "37"),
    ("echo $ID | grep -c 0", "1"),
    ("export A=b; echo $A", "b"),
    ("echo $A", "b"),
    ("OS_CLOUD=oslearn-admin openstack hypervisor list -f value -c State | sort -u", "up"),
    ("A=c echo $A", "b"),
    ("oslearn stop nova-api && oslearn processes | grep nova-api && oslearn start nova-api",
     "nova-api API controller stopped"),
    ("false_ || echo else", "else"),
    ("cd /nowhere", "cd: /nowhere: No such file or directory\n[exit 1]"),
    ("cd; pwd | grep -o home/you", "home/you"),
    ("head -n x names", "invalid literal for int() with base 10: 'x'\n[exit 2]"),
    ("grep", "not enough values to unpack (expected at least 1, got 0)\n[exit 2]"),
    ("cat nothing", "cat: nothing: No such file or directory\n[exit 1]"),
    ("echo a | openstack image create b", "reads nothing from a pipe here: give it a file by name\n[exit 1]"),
    ("python script.py", "python: only its prompt is here: type python alone, and then the lines\n[exit 1]"),
    ("echo a \\\n b", "a b"),
    ("echo 'a\nb'", "a\nb"),
    ("openstack server show nope", "No Server found for nope\n[exit 1]"),
    ("oslearn openstack server list -f value -c Name", "vm1"),
    ("oslearn serve --data cloud", "repository: make html, and then .venv/bin/oslearn serve\n[exit 1]"),
    ("oslearn trace --follow", "type oslearn trace last after it\n[exit 1]"),
    ("oslearn lab reset", "with --yes behind it the cloud begins anew\n[exit 1]"),
    ("oslearn trace --follow --help | grep -c Usage", "1"),
])  # fmt: skip
def test_a_line_of_the_terminal(page: Page, line: str, wanted: str) -> None:
    got = said(page, line)
    assert got.split() == wanted.split() or got.endswith(wanted)


def test_a_program_that_is_not_there_is_named(page: Page) -> None:
    assert said(page, "vim x").startswith("bash: vim: not among the programs of this page.")


@pytest.mark.parametrize(("language", "text", "more"), [
    ("console", "echo 'a", True), ("console", "echo 'a'", False), ("console", "echo $(echo", True),
    ("console", "echo a \\", True), ("console", "echo a |", True), ("console", "echo a &&", True),
    ("console", "echo a;", False), ("console", "| a", False),
    ("pycon", "for n in range(3):", True), ("pycon", "for n in range(3):\n  n", True),
    ("pycon", "for n in range(3):\n  n\n", False), ("pycon", "f(", True), ("pycon", "1 +", False),
])  # fmt: skip
def test_a_command_may_go_on_in_the_next_line(language: str, text: str, more: bool) -> None:
    assert typed.goes_on(language, text) is more


@pytest.mark.parametrize(("text", "end"), [
    ("x = 5", ""), ("x", "5"), ("for n in range(2):\n    print(n)\n", "0\n1"), ("1 +", "SyntaxError: invalid syntax"),
    ("input()", "EOFError: nobody can type here: give the value in the code"), ("import sys; sys.exit()", "SystemExit"),
    ("@print\ndef f():\n    pass\n\nf is None", "True"), ("1/0\nprint(2)", "ZeroDivisionError: division by zero"),
])  # fmt: skip
def test_python_at_its_prompt(page: Page, text: str, end: str) -> None:
    assert said(page, text, "pycon").endswith(end)


def test_the_clients_own_prompt_says_that_it_is_not_here() -> None:
    with pytest.raises(SystemExit, match="type a command behind openstack"):
        absent.Cmd("tab", stdin=None)


def test_of_old_statements_the_lines_are_forgotten(page: Page) -> None:
    said(page, "\n".join(["1"] * 2 * page_module.SHOWN), "pycon")
    assert "1/0" in said(page, "1/0", "pycon")
    assert len([name for name in linecache.cache if name.startswith("<example ")]) <= page_module.SHOWN


def test_what_a_cloud_holds_is_counted_if_every_service_says_it(page: Page) -> None:
    held = mine.holds(page)
    assert isinstance(held, dict)
    assert (held["servers"], held["networks"] > 1, held["volumes"], held["bytes"] > 100_000) == (1, True, 0, True)
    said(page, "oslearn stop nova-api")
    with pytest.raises(RuntimeError, match="nova-api does not answer"):
        mine.holds(page)
    said(page, "oslearn start nova-api")


def test_a_huge_output_is_cut(page: Page) -> None:
    answer = typed.typed(page, "pycon", "while True: print('x' * 99)\n")
    assert isinstance(answer, dict)
    (done,) = answer["done"]
    assert done["lines"] > MOST / 101
    assert len(done["got"].splitlines()) == len(done["kinds"]) == compare.LINES
    assert "stopped here: that was more than 1,000,000 characters" in said(page, "print('x' * 2_000_000)", "pycon")


def test_what_differs_is_shown_with_the_pages_lines(page: Page) -> None:
    text = "$ openstack server list -c Name -f value\nvm2\n$ openstack network list -f value -c Name\nprovider\n...\n"
    own = """openstack server list \\\n  -c Name -f value\n\nopenstack network list -f value -c Name\necho 'a\nb'\n"""
    first, second, third = typed.edited(page, text, own)  # type: ignore[misc]
    assert (third["got"], third["same"]) == ("a\nb\n", None)
    assert (first["same"], first["apart"]) == (False, [{"page": ["vm2"], "yours": ["vm1"]}])
    assert (second["same"], second["apart"]) == (True, [])
    assert compare.apart("", "\n".join(map(str, range(50))))[0]["yours"][-1] == "… 38 lines more"


def test_what_happened_is_drawn_with_its_causes_until_its_cloud_is_gone(page: Page) -> None:
    said(page, "openstack network list")
    found = seen.happened(page)
    assert isinstance(found, dict)
    said(page, "openstack image list")
    drawn = seen.inside(page, "narrow", *found["mark"])
    assert isinstance(drawn, dict)
    assert drawn["title"] == f"What happened inside: {found['counted']}"
    assert [step["n"] for step in drawn["steps"]] == list(range(1, len(drawn["steps"]) + 1))
    assert {step["cause"] for step in drawn["steps"] if step["from"] == "client"} == {None}
    assert all(step["cause"] < step["n"] for step in drawn["steps"] if step["cause"])
    assert 'id="player-live-' in drawn["player"]
    born, *rest = found["mark"]
    assert seen.inside(page, "narrow", born + 1, *rest) is None
    assert seen.happened(page) != found
    said(page, "echo nothing")
    assert seen.happened(page) is None


def test_the_map_marks_what_changed_last(page: Page) -> None:
    seen.map(page, 400)
    said(page, "openstack network create blue")
    first = seen.map(page, 400)
    assert isinstance(first, dict)
    assert first["news"] == ["new: network blue"]
    assert "new: blue" in first["svg"]
    assert seen.map(page, 900) != first
    said(page, "openstack network delete blue")
    gone = seen.map(page, 900)
    assert isinstance(gone, dict)
    assert gone["news"] == ["gone: network blue"]


def test_names_of_programs_are_offered(page: Page) -> None:
    offered = typed.complete(page, "", 0)
    assert isinstance(offered, dict)
    assert {"cd", "clear", "help", "history", "openstack", "oslearn", "python", "cat"} <= {*offered["words"]}


def test_a_file_stays_where_the_commands_are(page: Page) -> None:
    said(page, "echo one > here.txt")
    assert Path(page.shell.directory, "here.txt").read_text() == "one\n"
