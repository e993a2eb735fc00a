"""A page's cloud in the reader's browser: what the worker calls.

Interface: `begin(settings)` makes the page's cloud, or opens the one that lies there; `call(name, given)` does one of
`CALLS` with that page; `changes()` and `everything()` are what is to be kept of it, `clear()` makes place for another;
`packed(archive)` and `unpacked(archive)` carry it away and bring it. Arguments and results are JSON.
The tests' own shell (docs/_ext/console.py), labs and drawing do the work; nothing of them is written twice.
"""

from __future__ import annotations

import contextlib
import doctest
import json
import linecache
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import absent
import compare
import streams
import typed
from console import Command, Shell, commands, shown

if TYPE_CHECKING:
    from kept import Kept
    from machine import Machine
    from oslearn.cloud import Cloud
    from oslearn.course.drawing.map import Map

CALLS = {"run": "page", "edited": "typed", "typed": "typed", "complete": "typed", "happened": "seen", "inside": "seen",
         "map": "seen", "whatif": "asked", "whatif_inside": "asked", "holds": "mine"}  # fmt: skip
"""What the worker may call, by name: the module that has a function of that name, which takes the page first."""
CONNECT = "openstack.connect("
SHOWN = 300
"""Statements whose lines a traceback shows; older ones are forgotten."""


@dataclass
class Done:
    """A statement that ran: what it printed; whether the page shows the same, or None if it shows nothing."""

    source: str
    got: str
    same: bool | None
    ms: float
    want: str = ""

    def shown(self) -> dict[str, Any]:
        """As the page's script takes it."""
        parted = compare.apart(self.want, self.got) if self.same is False else []
        return {"source": self.source, "same": self.same, "ms": self.ms, "apart": parted,
                **compare.shown(self.source, self.got)}  # fmt: skip


@dataclass
class Page:
    """What a page has: a shell with its cloud, a cloud for its Python examples, and their names."""

    shell: Kept
    connected: Shell | None = None
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    last: Cloud | None = None
    before: int = 0
    numbered: int = 0
    born: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    drawn: int = 0
    maps: tuple[Map | None, Map | None] = (None, None)

    def mark(self, cloud: Cloud) -> None:
        """From here on, what happens in this cloud is asked for."""
        self.last = cloud
        self.before = cloud.trace[-1].n if len(cloud.trace) else 0

    def run(self, language: str, text: str) -> Iterator[Done]:
        """Run a block of a page, and compare with what the page shows."""
        self.shell.wakes()
        if language == "console":
            return self._console(text)
        return self._python(text) if language == "pycon" else self._code(text)

    def _console(self, text: str) -> Iterator[Done]:
        self.mark(self.shell.cloud)
        for command in commands(text, 0, len(text)):
            yield self._command(command.text, self.shell.run, command)

    def edited(self, text: str, own: str) -> Iterator[Done]:
        """Run what a reader made of a console block; what is still a command of the page is compared."""
        self.shell.wakes()
        self.mark(self.shell.cloud)
        known = {command.text: command for command in commands(text, 0, len(text))}
        for source in typed.each(own):
            yield self._command(source, partial(typed.line, self.shell), known.get(typed.joined(source)))

    def line(self, text: str) -> Done:
        """Run a line of the terminal, which may have several."""
        self.shell.wakes()
        self.mark(self.shell.cloud)
        return self._command(text, partial(typed.line, self.shell))

    def _command(self, source: str, run: Callable[[str], tuple[str, int]], page: Command | None = None) -> Done:
        start = time.perf_counter()
        output, code = run(source)
        got = shown(output, code)
        if page is None:
            return Done(source, got, None, _since(start))
        same = code == page.exit_code and compare.alike(page.want, got)
        return Done(source, got, same, _since(start), page.want)

    def _python(self, text: str) -> Iterator[Done]:
        if CONNECT in text and self.connected is None:
            self._connect()
        reached = self.connected or self.shell
        self.mark(reached.cloud)
        for example in doctest.DocTestParser().get_examples(text):
            start = time.perf_counter()
            with contextlib.chdir(reached.directory):
                got, raised = self._statement(example.source)
            if example.exc_msg is None:
                same = not raised and compare.alike(example.want, got)
            else:
                same = compare.alike(example.exc_msg, raised)
            yield Done(example.source, got, same, _since(start), example.want)
            if raised and not same:
                break

    def _code(self, text: str) -> Iterator[Done]:
        """Python that a reader wrote: nothing is there to compare."""
        try:
            examples = typed.prompted(text)
        except SyntaxError as error:
            self.mark((self.connected or self.shell).cloud)
            yield Done(text, "".join(traceback.format_exception_only(error)), None, 0)
            return
        for done in self._python(examples):
            done.same = None
            yield done

    def _connect(self) -> None:
        """The cloud that Python examples reach: as in the tests, another one, prepared for the same lesson.

        The reader's own is the same for both.
        """
        if self.shell.mine:
            self.connected = self.shell
        else:
            self.connected = Shell(self.shell.lab, self.shell.machine)
        absent.answer(self.connected.cloud, self.connected.clouds_yaml)

    def _statement(self, source: str) -> tuple[str, str]:
        """What a statement printed; if it raised, with the traceback, and the traceback's last lines."""
        self.numbered += 1
        name, out = f"<example {self.numbered}>", streams.Printed()
        linecache.cache.pop(f"<example {self.numbered - SHOWN}>", None)
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), streams.nobody():
            try:
                exec(compile(source, name, "single"), self.names)
            except BaseException as error:  # the reader's own code
                frames = error.__traceback__ and error.__traceback__.tb_next
                whole = "".join(traceback.format_exception(type(error), error, frames))
                return out.getvalue() + whole, "".join(traceback.format_exception_only(type(error), error))
        return out.getvalue(), ""


here: Page | None = None


def run(page: Page, language: str, text: str) -> object:
    """Run a block of the page."""
    return [done.shown() for done in page.run(language, text)]


# --- for the worker ---------------------------------------------------------------------------------------------------


def begin(settings: str) -> None:
    """A cloud as the page's lesson expects it, or the one whose files lie there."""
    global here
    from oslearn.extensions.oslo.database import OtherVersionError
    from oslearn.port.folder import FolderError

    try:
        here = open_page(**json.loads(settings))
    except (FolderError, OtherVersionError) as error:
        words = str(error).replace("/var/lib/oslearn/", "").rpartition(": ")[0]
        raise RuntimeError(f"Your cloud does not open here: {words}. Take it as a file, and start afresh.") from None


def open_page(lab: str, **kept: Any) -> Page:
    """The page of a lab."""
    from kept import Kept

    page = Page(Kept(lab, machine(lambda: page.shell), **kept))
    page.mark(page.shell.cloud)
    return page


def machine(shell: Callable[[], Shell]) -> Machine:
    """What stands for bash: a line that bash would run finds our two commands, too."""
    from machine import Machine

    return Machine(typed.ours(shell))


def call(name: str, given: str) -> str:
    """Do what the page asks for. Raises LookupError for what there is not."""
    assert here is not None, "no page is open"
    if name not in CALLS:
        raise LookupError(f"there is no call {name}")
    return json.dumps(getattr(import_module(CALLS[name]), name)(here, *json.loads(given)))


def changes() -> str:
    """What is to be kept since this was last asked."""
    assert here is not None, "no page is open"
    return json.dumps(here.shell.changes())


def everything() -> str:
    """All that is to be kept."""
    assert here is not None, "no page is open"
    return json.dumps(here.shell.everything())


def packed(archive: str) -> None:
    """Write the page's cloud into an archive."""
    from kept import DATA
    from transfer import packed

    if here is not None:
        here.shell.changes()
    elif not Path("/", DATA).exists():  # a cloud that does not open is packed, too
        raise RuntimeError("Nothing of your cloud can be read, so there is no file to take: start afresh.")
    Path(archive).write_bytes(packed(here.shell.variables if here else {}))


def unpacked(archive: str) -> str:
    """Put the cloud of an archive where the page's lies; what is in no file. Raises TransferError."""
    from transfer import unpacked

    return json.dumps(unpacked(Path(archive).read_bytes()))


def clear() -> None:
    """Nothing of a page is left."""
    global here
    from kept import HERE

    if here is not None:
        for database in here.shell.cloud.databases.values():
            database.engine.dispose()
    here = None
    absent.answer_no_more()
    for folder in HERE:
        shutil.rmtree(f"/{folder}", ignore_errors=True)


def lay(lab: str) -> None:
    """Put the files of a lesson's cloud where the reader's lie, before what became other is put over them."""
    from kept import lay

    lay(lab)


def _since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)
