"""What a reader types: a line of the page's terminal, Python at its prompt, the Tab key.

Interface: calls of page.py: `typed(page, language, text)` runs a line of the terminal, or of its Python;
`edited(page, text, own)` runs what a reader made of a block's text; `complete(page, text, at)` is for the Tab key.
`line(shell, text)` is what a shell prints; `prompted(code)` is Python as a page has it; `ours(shell)` are our two
commands as programs of a line; `each(text)` and `joined(command)` are for who reads commands in several lines.
"""

from __future__ import annotations

import ast
import codeop
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import complete as completion
import machine
from joints import is_open
from programs import Place, Program, ProgramError, Result

if TYPE_CHECKING:
    from pathlib import Path

    from console import Shell
    from page import Page

OWN = ("cd", "clear", "exit", "help", "history")
"""What the terminal or the page's shell does itself; all other programs are the machine's."""

NOT_HERE = (
    ("serve", "", "a page cannot listen on a port, and its cloud runs already. On your own machine, in a clone of the "
                  "repository: make html, and then .venv/bin/oslearn serve"),
    ("up", "", "a page has no processes of its own, and no RabbitMQ. On a machine with Linux: make html, and then "
               ".venv/bin/oslearn up"),
    ("node", "", "a page is no node, and has no RabbitMQ. On a machine with Linux: make html, and then "
                 ".venv/bin/oslearn up"),
    ("trace --follow", "", "a page shows what happened once a command has ended: type oslearn trace last after it"),
    ("lab reset", "--yes", "nobody can answer its question here: with --yes behind it the cloud begins anew"),
)  # fmt: skip
"""What of `oslearn` needs a port, processes, a second terminal or an answer; the word with which not; what to do."""

USER = "oslearn-demo"
"""Who the reader is in the terminal until they say otherwise."""


def typed(page: Page, language: str, text: str) -> object:
    """A line of the terminal, or of its Python; `more` if the command goes on in the next line."""
    if goes_on(language, text):
        return {"more": True}
    page.shell.variables.setdefault("OS_CLOUD", USER)
    done = [page.line(text)] if language == "console" else page.run("code", text)
    return {"more": False, "done": [one.shown() for one in done]}


def edited(page: Page, text: str, own: str) -> object:
    """A block of the page as the reader changed it."""
    return [done.shown() for done in page.edited(text, own)]


def each(text: str) -> Iterator[str]:
    """The commands of a text; one that is not whole goes on in the next line.

    >>> list(each("echo 'a\\nb'\\n\\necho c\\n"))
    ["echo 'a\\nb'", 'echo c']
    """
    begun = ""
    for line in text.splitlines():
        begun += line
        if goes_on("console", begun):
            begun += "\n"
            continue
        if begun.strip():
            yield begun
        begun = ""
    if begun.strip():
        yield begun


def joined(command: str) -> str:
    """A command as a page's is read: on one line, whatever its lines are.

    >>> joined("openstack server list \\\\\\n  -c Name")
    'openstack server list -c Name'
    """
    return " ".join(part.strip() for part in command.split("\\\n"))


def goes_on(language: str, text: str) -> bool:
    """Whether the command is not whole."""
    if language == "console":
        return is_open(text)
    try:
        return codeop.compile_command(text, symbol="single") is None
    except (SyntaxError, ValueError, OverflowError):
        return False  # who runs it is told


def line(shell: Shell, text: str) -> tuple[str, int]:
    """What a shell prints of a line, and how it ends; folder and variables stay for the next one."""
    place = Place(shell.directory, dict(shell.environment()))
    before = dict(place.variables)
    run = machine.Shell(place, programs(shell))
    output = run.run(text.replace("\\\n", " "))
    shell.variables.update((name, value) for name, value in place.variables.items() if before.get(name) != value)
    shell.directory = place.directory
    return output, run.status


def programs(shell: Shell) -> dict[str, Program]:
    """What a line may call."""
    home = shell.clouds_yaml.parent
    own: dict[str, Program] = {"cd": partial(cd, home), "python": python, "python3": python}
    return machine.Machine(ours(lambda: shell)).programs | own


def ours(shell: Callable[[], Shell]) -> dict[str, Program]:
    """Our two commands: they find the variables and the folder of the line so far."""

    def run(name: str, words: list[str], data: str | None, place: Place) -> Result:
        name, words = inside(name, words)
        if data and "create" in words:
            raise ProgramError("it reads nothing from a pipe here: give it a file by name")
        here = shell()
        before, here.variables, here.directory = here.variables, place.variables, place.directory
        try:
            printed = here.ours([name, *words])
        finally:
            here.variables = before
        return printed.output + printed.errors * bool(printed.code), printed.code

    return {name: partial(run, name) for name in ("openstack", "oslearn")}


def inside(name: str, words: list[str]) -> tuple[str, list[str]]:
    """The command as a page runs it. Raises ProgramError for one that it cannot run."""
    if name == "oslearn" and words[:1] == ["openstack"]:  # outside it is the client without a start of its own
        return words[0], words[1:]
    for command, unless, why in NOT_HERE if name == "oslearn" else ():
        first, *needs = command.split()
        if words[:1] == [first] and {*needs} <= {*words} and not {unless, "--help"} & {*words}:
            raise ProgramError(why)
    return name, words


def cd(home: Path, words: list[str], data: str | None, place: Place) -> Result:
    """To a folder, or home."""
    there = (place.directory / words[0] if words else home).resolve()
    if not there.is_dir():
        raise ProgramError(f"{words[0]}: No such file or directory")
    place.directory = there
    return "", 0


def python(words: list[str], data: str | None, place: Place) -> Result:
    """Its prompt is the terminal's."""
    raise ProgramError("only its prompt is here: type python alone, and then the lines")


def prompted(code: str) -> str:
    """Python as a page has it: each statement behind a prompt. Raises SyntaxError.

    >>> prompted("x = 1\\nfor n in (x,):\\n    print(n)").splitlines()
    ['>>> x = 1', '>>> for n in (x,):', '...     print(n)']
    """
    lines = code.split("\n")
    starts = [min([one.lineno, *(mark.lineno for mark in getattr(one, "decorator_list", []))]) - 1
              for one in ast.parse(code).body]  # fmt: skip
    made = ""
    for begin, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        made += "".join(f"{'...' if n else '>>>'} {text}\n" for n, text in enumerate(_rest(lines[begin:end])))
    return made


def _rest(lines: list[str]) -> list[str]:
    """Without empty lines at the end."""
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def complete(page: Page, text: str, at: int) -> object:
    """What may stand at the cursor."""
    return completion.complete(page.shell, {*programs(page.shell), *OWN}, text, at)._asdict()
