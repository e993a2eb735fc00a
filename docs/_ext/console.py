"""Run the commands of a page's ``console`` blocks.

A line that starts with ``$ `` at the indentation of the block is a command; a backslash at its end continues it. The
lines after it, up to the next command, are its output. A command that should fail ends its output with ``[exit 2]``.
One page has one `Shell`: its directory, its exported variables, its cloud. ``oslearn`` and ``openstack`` run in this
process, about a thousand times faster than in a new one, and reach the page's own cloud, which begins as the page's
lesson expects it (``.. lab:: day1.2``). The others run in bash, or in what stands for it where there is none: a
`Machine`. As in a shell, a pipe and ``$(...)`` take what a command prints and not its errors: those pass by, unless
``2>&1`` stands before the pipe. Needs neither Sphinx nor Sybil.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from oslearn.cloud import Cloud
    from oslearn.course.desk import Desk

KEPT = Path(__file__).parents[2] / "build" / "prepared"
"""Clouds as lessons find them."""
ADDRESS = "http://127.0.0.1:8774"
"""Where a page's cloud seems to be served."""
PROMPT = "$ "
LAB = re.compile(r"^\.\. lab:: *(\S+)", re.MULTILINE)
OURS = re.compile(r"([A-Z_]+=\S* )*(openstack|oslearn|python3? -m oslearn)\b")
INNER = re.compile(r"\$\(([^()]*)\)")
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
NEEDS_A_SHELL = re.compile(r"[|><;&$`*~(#]")
BOTH = "2>&1"
"""Before a pipe: what is printed and the errors, together."""
EXIT = re.compile(r"^\[exit (\d+)\]$", re.MULTILINE)
TIMEOUT = 120


class Printed(NamedTuple):
    """What a line printed, the errors that it wrote beside that, and its exit code."""

    output: str = ""
    errors: str = ""
    code: int = 0


@dataclass(frozen=True)
class Command:
    """A command of a page, the output that the page shows, and where both stand in the page's text."""

    text: str
    want: str
    indent: str
    start: int
    output_start: int
    end: int

    @property
    def exit_code(self) -> int:
        stated = EXIT.findall(self.want)
        return int(stated[-1]) if stated else 0


def commands(text: str, start: int, end: int) -> Iterator[Command]:
    """Yield the commands in ``text[start:end]``, the inside of a console block."""
    lines = list(_lines(text, start, end))
    prompts = _prompts(lines)
    for at, following in pairwise([*prompts, len(lines)]):
        last = at
        while last + 1 < following and lines[last][1].rstrip().endswith("\\"):
            last += 1
        output = lines[last + 1 : following]
        while output and not output[-1][1].strip():
            output.pop()
        position, line = lines[at]
        indent = line[: len(line) - len(line.lstrip())]
        output_start = lines[last][0] + len(lines[last][1])
        stop = output[-1][0] + len(output[-1][1]) if output else output_start
        yield Command(
            text=_join(body for _, body in lines[at : last + 1]),
            want="".join(body.removeprefix(indent) if body.strip() else "\n" for _, body in output),
            indent=indent,
            start=position + len(indent),
            output_start=output_start,
            end=stop,
        )


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for line in text[start:end].splitlines(keepends=True):
        yield start, line
        start += len(line)


def _prompts(lines: list[tuple[int, str]]) -> list[int]:
    found = [number for number, (_, line) in enumerate(lines) if line.lstrip().startswith(PROMPT)]
    if not found:
        return []
    first = lines[found[0]][1]
    margin = first[: len(first) - len(first.lstrip())] + PROMPT
    return [number for number in found if lines[number][1].startswith(margin)]


def _join(lines: Iterator[str]) -> str:
    """One command line of a prompt and its continuation lines."""
    words = [line.strip().removeprefix(PROMPT).removeprefix("> ").removesuffix("\\").strip() for line in lines]
    return " ".join(words)


Machine = Callable[[str, str | None, Path, Mapping[str, str]], tuple[str, int]]
"""Runs a line of a shell in a folder and an environment: what it reads may be nothing. Output and exit code."""


def bash(line: str, given: str | None, directory: Path, environment: Mapping[str, str]) -> tuple[str, int]:
    """The machine's own."""
    import subprocess  # a browser has no processes

    source: dict[str, Any] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=directory,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
        **source,
    )
    return done.stdout, done.returncode


class Shell:
    """What the console blocks of one page share: a scratch directory and exported variables."""

    def __init__(
        self, lab: str | None = None, machine: Machine = bash, columns: int = 80, home: Path | None = None
    ) -> None:
        """`lab` is the lesson that the page's cloud is prepared for; `columns` is how wide its terminal is.

        `home` is its directory, if it is to outlive the shell.
        """
        self.lab, self.machine, self.columns = lab, machine, columns
        if home is None:
            home = Path(tempfile.mkdtemp(prefix="page-"))
            self._cleanup = weakref.finalize(self, shutil.rmtree, home, ignore_errors=True)
        self.clouds_yaml = home / "clouds.yaml"
        self.directory = home
        self.variables: dict[str, str] = {}

    @property
    def cloud(self) -> Cloud:
        """The cloud that lies on the page's desk."""
        return self.desk.cloud

    @cached_property
    def desk(self) -> Desk:
        """The page's cloud, as `oslearn serve` makes it, after the lessons before this one; its clouds.yaml too."""
        from oslearn.course.desk import Desk
        from oslearn.port import settings

        desk = Desk(self.own, self.other)
        config = desk.cloud.config
        content = settings.content(config.base_url, config.region, desk.cloud.passwords, "")
        settings.write(self.clouds_yaml, content)
        return desk

    def own(self, anew: bool) -> Cloud:
        """The cloud that the page's lesson finds, or the one that a course begins with."""
        from oslearn.core.config import Config
        from oslearn.course import labs
        from oslearn.port.prepared import Prepared

        first = labs.lessons()[0]
        lesson = first if anew else labs.find(self.lab or first.id)
        folder = Path(tempfile.mkdtemp(dir=self.clouds_yaml.parent))
        return Prepared(KEPT).cloud(lesson, folder, Config(base_url=ADDRESS))

    def other(self) -> Cloud:
        """One to lay in its place for a while."""
        return self.own(True)

    def run(self, command: str) -> tuple[str, int]:
        """Return the output, standard error after it, and the exit code."""
        output, errors, code = self._line(command)
        return output + errors, code

    def _line(self, command: str) -> Printed:
        """What a line prints, and the errors that passed by its pipe and its inner commands."""
        if OURS.match(command):
            return self._ours_first(command)
        if NEEDS_A_SHELL.search(command):
            return self._bash(command)
        words = shlex.split(command)
        if words[0] == "export":
            self.variables.update((word.split("=", 1)[0], word.partition("=")[2]) for word in words[1:])
            return Printed()
        if words[0] == "cd":
            self.directory = (self.directory / words[1]).resolve(strict=True)
            return Printed()
        return self._bash(command)

    def _ours_first(self, command: str) -> Printed:
        """A line that begins with a command of ours; what follows a pipe is the machine's."""
        first, pipe, rest = command.partition(" | ")
        passed: list[str] = []

        def inner(found: re.Match[str]) -> str:
            printed = self._line(found[1])
            passed.append(printed.errors)
            return printed.output.strip()

        words = shlex.split(INNER.sub(inner, first))
        both = words[-1] == BOTH
        output, errors, code = self.ours(words[:-1] if both else words)
        if both:
            output, errors = output + errors, ""
        if pipe:
            output, told, code = self._bash(rest, output)
            errors += told
        return Printed(output, "".join(passed) + errors, code)

    def ours(self, words: list[str]) -> Printed:
        """Run `openstack` or `oslearn`, with the variables that stand before it."""
        given = {}
        while ASSIGNMENT.fullmatch(words[0]):
            name, _, given[name] = words.pop(0).partition("=")
        if words[0] == "openstack":
            return self._openstack(words[1:], given)
        return self._oslearn(words[1:] if words[0] == "oslearn" else words[3:])

    @property
    def uses_cloud(self) -> bool:
        """Whether the page has a cloud: it names a lesson, or a command asked for one."""
        return self.lab is not None or "desk" in self.__dict__

    def environment(self) -> dict[str, str]:
        """A terminal without colour, in which this Python comes first."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        fixed = {
            "PATH": path,
            "COLUMNS": str(self.columns),
            "LINES": "50",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
        }
        # The client notes the folder in which it was imported, so the file is named here.
        named = {"OS_CLIENT_CONFIG_FILE": str(self.clouds_yaml)} if self.uses_cloud else {}
        return os.environ | fixed | named | self.variables

    def _bash(self, command: str, given: str | None = None) -> Printed:
        """A command of the machine's, which reads `given`; its errors stand where it wrote them."""
        output, code = self.machine(command, given, self.directory, self.environment())
        return Printed(output, "", code)

    def _openstack(self, arguments: list[str], given: dict[str, str]) -> Printed:
        from oslearn.course import client

        cloud = self.cloud
        done = client.capture(arguments, cloud, self.environment() | given, cwd=self.directory)
        return Printed(done.stdout, done.stderr, done.status)

    def _oslearn(self, arguments: list[str]) -> Printed:
        from oslearn.cli import main

        output, errors, code = io.StringIO(), io.StringIO(), 0
        with (
            self._variables(),
            contextlib.chdir(self.directory),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            try:
                main(arguments, prog_name="oslearn", standalone_mode=True, obj=self.desk if self.uses_cloud else None)
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        return Printed(output.getvalue(), errors.getvalue(), code)

    @contextlib.contextmanager
    def _variables(self) -> Iterator[None]:
        before = dict(os.environ)
        os.environ.update(self.environment())
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def lab_of(text: str) -> str | None:
    """The lesson that a page names."""
    found = LAB.search(text)
    return found[1] if found else None


def shown(output: str, code: int) -> str:
    """The text that a page shows for a run: its output, and its exit code unless that is 0."""
    text = "".join(line.rstrip() + "\n" for line in output.splitlines()).strip("\n")
    text = f"{text}\n" if text else ""
    return f"{text}[exit {code}]\n" if code else text
