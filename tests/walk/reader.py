"""A reader who types the whole course on one cloud that is kept, with a night between two days.

Interface: `days(tab)`, what somebody types on each day who opens that tab everywhere; `Reader(folder)` types it.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sybil import Document

from console import Command, Printed, Shell, commands
from oslearn.cli import main
from oslearn.course import client, labs
from oslearn.port import settings
from oslearn.port.server import Server
from pages import ROOT, blocks, not_executed

TABS = re.compile(r"^( *)\.\. tabs::$", re.MULTILINE)
TAB = re.compile(r"^ *\.\. group-tab:: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Typed:
    """Something that a reader types: a command, or a Python block; and where it stands."""

    page: str
    line: int
    what: Command | str

    def __str__(self) -> str:
        words = self.what.text if isinstance(self.what, Command) else self.what.strip().splitlines()[-1]
        return f"docs/{self.page}.rst:{self.line}: {words}"


def days(tab: str) -> dict[str, list[Typed]]:
    """What there is to type on each day, from its first lesson to its last."""
    found: dict[str, list[Typed]] = {day.id: [] for day in labs.days()}
    for lesson in labs.lessons():
        found[lesson.day] += page(lesson.page, tab)
    return found


def page(name: str, tab: str) -> Iterator[Typed]:
    """What a page has for who opens that tab; where the page has not this tab, the command line's."""
    path = ROOT / "docs" / f"{name}.rst"
    document = Document(path.read_text("utf-8"), str(path))
    sets = list(tab_sets(document.text))
    for block in blocks(document):
        tabs = next((tabs for tabs in sets if any(block.start in place for place in tabs.values())), {})
        own = next((title for title, place in tabs.items() if block.start in place), "")
        if block.key in not_executed() or own != (tab if tab in tabs else "CLI" if "CLI" in tabs else own):
            continue
        line = document.text.count("\n", 0, block.start) + 1
        if block.language == "console":
            for command in commands(document.text, block.inside, block.end):
                yield Typed(name, line, command)
        elif own == "Python":
            yield Typed(name, line, str(block.source))


def tab_sets(text: str) -> Iterator[dict[str, range]]:
    """Each set of tabs: where each tab stands, by its title."""
    for begin in TABS.finditer(text):
        after = re.compile(rf"^ {{0,{len(begin[1])}}}\S", re.MULTILINE).search(text, begin.end())
        end = after.start() if after else len(text)
        tabs = list(TAB.finditer(text, begin.end(), end))
        stops = [*(tab.start() for tab in tabs[1:]), end][: len(tabs)]
        yield {tab[1]: range(tab.end(), stop) for tab, stop in zip(tabs, stops, strict=True)}


class Reader(Shell):
    """Somebody at a terminal, whose cloud `oslearn serve --data` serves."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.names: dict[str, Any] = {}
        self.morning()

    def morning(self) -> None:
        """Start the cloud again, and a new terminal."""
        self.server = Server(data=self.folder)
        threading.Thread(target=self.server.run, daemon=True).start()
        settings.write(self.clouds_yaml, self.server.settings())
        self.variables, self.names, self.directory = {}, {}, self.clouds_yaml.parent

    def night(self) -> None:
        """End the cloud."""
        self.server.close()
        self.server._clouds._folder.close()  # type: ignore[union-attr]  # as the end of the process does

    @property
    def uses_cloud(self) -> bool:
        """Always."""
        return True

    def types(self, typed: Typed) -> str:
        """Type it; what went otherwise than on the page, or nothing."""
        if isinstance(typed.what, Command):
            output, code = self.run(typed.what.text)
            if code == typed.what.exit_code:
                return ""
            return f"{typed}\n   exit {code}, and the page has {typed.what.exit_code}: {output.strip()[-300:]}"
        return self._python(typed)

    def _python(self, typed: Typed) -> str:
        """The examples of a block; errors count, and outputs are the page's own test."""
        with (
            self._variables(),
            contextlib.chdir(self.directory),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            for example in doctest.DocTestParser().get_examples(str(typed.what)):
                try:
                    exec(compile(example.source, str(typed), "single"), self.names)
                except Exception as error:
                    if example.exc_msg is None:
                        return f"{typed}\n   {type(error).__name__}: {error}"
        return ""

    def _openstack(self, arguments: list[str], given: dict[str, str]) -> Printed:
        done = client.capture(arguments, None, self.environment() | given, cwd=self.directory)
        return Printed(done.stdout, done.stderr, done.status)

    def _oslearn(self, arguments: list[str]) -> Printed:
        output, errors, code = io.StringIO(), io.StringIO(), 0
        with (
            self._variables(),
            contextlib.chdir(self.clouds_yaml.parent),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            try:
                main(arguments, prog_name="oslearn", standalone_mode=True)
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        return Printed(output.getvalue(), errors.getvalue(), code)
