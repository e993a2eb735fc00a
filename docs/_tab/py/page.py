"""A page's cloud in the reader's browser: what the worker calls.

Interface: `prepare()` imports what a page needs; `begin(lab)` makes the page's cloud; `run(language, text)` runs a
block as the page has it, and compares; `inside(look)` is what that caused, drawn. `kept_for(lab)` is the folder of the
state that the lab begins with, `place()` where it lies, `make_kept()` makes all of them. Results are JSON.
The tests' own shell (docs/_ext/console.py), labs and drawing do the work; nothing of them is written twice.
"""

from __future__ import annotations

import contextlib
import doctest
import gc
import io
import json
import linecache
import logging
import pkgutil
import shutil
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import absent

if TYPE_CHECKING:
    from console import Shell
    from oslearn.cloud import Cloud

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
CONNECT = "openstack.connect("
GROUPS = ("cli", "cli.base", "cli.extension", "common", "compute.v2", "network.v2", "image.v2", "volume.v3",
          "identity.v3", "object_store.v1", "database.v1", "placement.v1")  # fmt: skip
"""The client's commands that this cloud answers."""

WHOLE = ("oslearn", "osc_placement", "troveclient.v1")
"""Packages of which every module is wanted; clients of two services load theirs by name."""
LATE = ("_strptime", "_suggestions", "encodings.ascii", "troveclient.client")
"""What is imported only when it is used."""
WARM = "day2.1"
"""A lab that many lessons begin with."""
LINES = (
    "export OS_CLOUD=oslearn-demo",
    "openstack network create warm",
    "openstack subnet create --network warm --subnet-range 10.9.0.0/24 warm -c cidr",
    "openstack router create warm",
    "openstack router add subnet warm warm",
    "openstack security group create warm -f value -c name",
    "openstack server create --image cirros --flavor m1.nano --network warm --wait warm",
    "openstack volume create --size 1 warm",
    "openstack server show warm -f json",
    "openstack server list",
    "oslearn trace warm | head -3",
)
NEEDS_A_PORT = ("oslearn.__main__", "oslearn.port.listen", "oslearn.port.server")


@dataclass
class Done:
    """A statement that ran: what it printed; whether the page shows the same, or None if it shows nothing."""

    source: str
    got: str
    same: bool | None
    ms: float


@dataclass
class Page:
    """What a page has: a shell with its cloud, a cloud for its Python examples, and their names."""

    shell: Shell
    connected: Shell | None = None
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    last: Cloud | None = None
    before: int = 0

    def mark(self, cloud: Cloud) -> None:
        """From here on, what happens in this cloud is asked for."""
        self.last = cloud
        self.before = cloud.trace[-1].n if len(cloud.trace) else 0


here: Page | None = None
numbered = 0


def prepare() -> None:
    """Import what pages use, so that a memory snapshot has it and no file of it is needed."""
    absent.fill_in()
    logging.getLogger("oslearn").addHandler(logging.NullHandler())  # a lesson breaks things on purpose
    warnings.simplefilter("ignore")
    from importlib.metadata import entry_points

    import console  # noqa: F401
    import happened  # noqa: F401
    import inline_svg  # noqa: F401
    from oslearn.port.prepared import made_by

    for name in LATE:
        import_module(name)
    for package in WHOLE:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if module.name not in NEEDS_A_PORT:
                with contextlib.suppress(ImportError):
                    import_module(module.name)
    from oslearn.course import client

    client._shell_class()
    for group in GROUPS:
        for entry in entry_points(group=f"openstack.{group}"):
            with contextlib.suppress(ImportError):
                entry.load()
    for kind in ("list", "show"):
        for entry in entry_points(group=f"cliff.formatter.{kind}"):
            entry.load()
    made_by()


def warm() -> None:
    """Run what pages run once: what is compiled and cached at its first use is in the memory, too."""
    global here
    begin(WARM)
    for line in LINES:
        run("console", f"$ {line}\n")
    inside("wide")
    run("pycon", ">>> import openstack\n>>> openstack.connect(cloud='oslearn-demo').list_servers()\n")
    here = None
    gc.collect()


# --- labs -------------------------------------------------------------------------------------------------------------


def place() -> str:
    """The folder below which the states lie that lessons begin with."""
    from console import KEPT
    from oslearn.port.prepared import Prepared

    return str(Prepared(KEPT).place)


def kept_for(lab: str) -> str:
    """The name of the state that a lab begins with."""
    from oslearn.course import labs

    before = [lesson for lesson in labs.before(labs.find(lab)) if lesson.leaves] if lab else []
    return before[-1].id if before else "empty"


def make_kept() -> str:
    """Make the states of all lessons, one from the other; which lab has which."""
    from console import KEPT
    from oslearn.course import labs
    from oslearn.port.prepared import Prepared

    prepared = Prepared(KEPT)
    for lesson in labs.lessons():
        prepared.kept(labs.before(lesson))
    return json.dumps({lesson.id: kept_for(lesson.id) for lesson in labs.lessons()})


def pack_kept(name: str, archive: str) -> None:
    """Write a state into an archive."""
    shutil.make_archive(archive.removesuffix(".zip"), "zip", f"{place()}/{name}")


# --- running ----------------------------------------------------------------------------------------------------------


def begin(lab: str) -> None:
    """A new cloud, as the page's lesson expects it."""
    global here
    here = Page(shell(lab))
    here.mark(here.shell.cloud)


def shell(lab: str) -> Shell:
    """The tests' shell of a page; a line that bash would run finds our two commands, too."""
    from console import Shell
    from machine import Machine
    from programs import Place, Result

    def command(name: str, words: list[str], data: str | None, place: Place) -> Result:
        printed = made.ours([name, *words])
        return printed.output + (printed.errors if printed.code else ""), printed.code

    made = Shell(lab or None, Machine({name: partial(command, name) for name in ("openstack", "oslearn")}))
    return made


def run(language: str, text: str) -> str:
    """Run a block of a page, and compare with what the page shows."""
    assert here is not None, "no page is open"
    found = _console(here, text) if language == "console" else _python(here, text)
    return json.dumps([vars(done) for done in found])


def _console(page: Page, text: str) -> Iterator[Done]:
    from console import commands, shown

    page.mark(page.shell.cloud)
    for command in commands(text, 0, len(text)):
        start = time.perf_counter()
        output, code = page.shell.run(command.text)
        got = shown(output, code)
        yield Done(command.text, got, code == command.exit_code and _alike(command.want, got), _since(start))


def _python(page: Page, text: str) -> Iterator[Done]:
    if CONNECT in text and page.connected is None:
        _connect(page)
    page.mark((page.connected or page.shell).cloud)
    directory = (page.connected or page.shell).directory
    for example in doctest.DocTestParser().get_examples(text):
        start = time.perf_counter()
        with contextlib.chdir(directory):
            got, raised = _statement(page, example.source)
        if example.exc_msg is None:
            same = not raised and _alike(example.want, got)
        else:
            same = _alike(example.exc_msg, raised)
        yield Done(example.source, got, same, _since(start))
        if raised and not same:
            break


def _connect(page: Page) -> None:
    """The cloud that Python examples reach: as in the tests, another one, prepared for the same lesson."""
    page.connected = shell(page.shell.lab or "")
    absent.answer(page.connected.cloud, page.connected.clouds_yaml)


def _statement(page: Page, source: str) -> tuple[str, str]:
    """What a statement printed; if it raised, with the traceback, and the traceback's last lines."""
    global numbered
    numbered += 1
    name, out = f"<example {numbered}>", io.StringIO()
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            exec(compile(source, name, "single"), page.names)
        except BaseException as error:  # the reader's own code
            frames = error.__traceback__ and error.__traceback__.tb_next
            whole = "".join(traceback.format_exception(type(error), error, frames))
            return out.getvalue() + whole, "".join(traceback.format_exception_only(type(error), error))
    return out.getvalue(), ""


def _alike(want: str, got: str) -> bool:
    return doctest.OutputChecker().check_output(want, got, FLAGS)


def _since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)


# --- drawing ----------------------------------------------------------------------------------------------------------


def inside(look: str) -> str:
    """What the last block caused: a title, a caption, the drawings; nothing if nothing happened."""
    assert here is not None, "no page is open"
    assert here.last is not None
    from happened import LOOKS, PLACES, happened
    from inline_svg import inline, render

    found = happened(event for event in here.last.trace if event.n > here.before)
    if found is None:
        return "null"
    svgs = [
        inline(render(dot, "wasm"), f"live-{place}", found.title, found.words, lambda href: None)
        for place, dot in zip(PLACES, found.dots(LOOKS[look]), strict=True)
    ]
    return json.dumps({"title": found.title, "caption": found.caption, "svgs": svgs})


def late(archive: str) -> None:
    """Put the modules that the memory does not have where the others would be."""
    shutil.unpack_archive(archive, Path(absent.__file__).parent)
    invalidate_caches()
