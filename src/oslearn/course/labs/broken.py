"""Break-fix labs: a cloud in which something is wrong, for a learner to find out what.

Interface: `labs()`, in the order of the list of troubles; `find(number)`; `build(lab, place, runner)` makes the cloud
and returns what the trace has of the cause; `do(line, place, run)` does a line of a lab; `Place` is where that happens.
Invariants: a lab is data in `broken.toml`; what is wrong was made by real operations or by stopping processes; the
trace of that is forgotten.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from oslearn.course import labs as course
from oslearn.course.labs import Runner
from oslearn.course.nearest import nearest

if TYPE_CHECKING:
    from oslearn.trace.profiler import Event

USERS = ("admin", "demo")


class Place(Protocol):
    """Where a lab is made: a desk whose cloud is laid aside for it."""

    def aside(self) -> None:
        """A new cloud in the place of the learner's."""

    def stop(self, name: str) -> None:
        """Stop a process. Raises LookupError."""

    def start(self, name: str) -> None:
        """Start a process. Raises LookupError."""

    def forget(self) -> None:
        """Empty the trace."""

    def events(self, of: str) -> Sequence[Event]:
        """What the trace has. Raises LookupError."""


@dataclass(frozen=True)
class Step:
    """One command of a good diagnosis, and what it tells."""

    run: str
    says: str


@dataclass(frozen=True)
class Lab:
    """Something that is wrong. Its lines are `demo: server create ...`, `admin: ...`, `stop PROCESS`, `start PROCESS`,
    `edit FILE /this/that/`; one that begins with `-` may fail.

    `teaches` is the lesson that has what is needed, and the cloud begins as `lesson` finds it; `setup` is what somebody
    did before it broke, `sabotage` what broke it; `symptom` is what a user says, `shown` the command that they ran.
    `hints` go from a nudge to nearly the cause. `repairs` are ways that mend the cause, `wrong` one that only seems to.
    `path` leads from the symptom to the cause; `caused` runs once more what went wrong, and `evidence` are words of
    those events of its trace that show why. `file` is written with `content` where the learner is; `AUTH_URL` in it is
    the cloud's. `day` ends with the lab.
    """

    number: int
    title: str
    level: int
    teaches: str
    lesson: str
    symptom: str
    shown: str
    hints: list[str]
    repairs: list[list[str]]
    wrong: list[str]
    path: list[Step]
    cause: str
    sabotage: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    caused: str = ""
    evidence: list[str] = field(default_factory=list)
    file: str = ""
    content: str = ""
    day: int = 0


@cache
def labs() -> list[Lab]:
    """Every lab that there is."""
    written = tomllib.loads(files(__package__).joinpath("broken.toml").read_text("utf-8"))["lab"]
    return [Lab(**{**entry, "path": [Step(**step) for step in entry["path"]]}) for entry in written]


def find(number: str) -> Lab:
    """The lab of that number. Raises LookupError, which tells the numbers."""
    known = {str(lab.number): lab for lab in labs()}
    if number not in known:
        raise LookupError(f"there is no lab {number}{nearest(number, list(known))}")
    return known[number]


def build(lab: Lab, place: Place, runner: Callable[[], Runner]) -> list[str]:
    """Lay the learner's cloud aside and make the broken one; returns the events that show the cause, as lines.

    `runner()` is asked once the new cloud lies there. Raises RuntimeError if it cannot be made.
    """
    from oslearn.trace.text import tree  # a list of the labs needs no trace

    if lab.file and Path(lab.file).exists():
        raise RuntimeError(f"{lab.file} is here already, and the lab writes one of its own: move it away")
    place.aside()
    run = runner()
    course.start(course.find(lab.lesson), run)
    for line in (*lab.setup, *lab.sabotage):
        do(line, place, run)
    if lab.file:
        with os.fdopen(os.open(lab.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(lab.content.lstrip().replace("AUTH_URL", auth_url(run)))
    place.forget()
    if lab.caused:
        do(lab.caused, place, run)
    lines = tree(place.events("last")).splitlines() if lab.evidence else []
    place.forget()
    return [line for line in lines if any(word in line for word in lab.evidence)]


def auth_url(run: Runner) -> str:
    """Where the cloud's Keystone answers."""
    endpoints = run(["endpoint", "list", "--service", "identity", "-f", "value", "-c", "URL"], "admin").stdout.split()
    return f"{endpoints[0].rstrip('/').removesuffix('/v3')}/v3"


def do(line: str, place: Place, run: Runner) -> None:
    """Do a line of a lab. Raises RuntimeError if it failed and does not begin with `-`."""
    verb, _, rest = line.removeprefix("-").partition(" ")
    if verb in ("stop", "start"):
        (name,) = course.words(rest, run, "admin")
        getattr(place, verb)(name)
        return
    if verb == "edit":
        name, _, change = rest.partition(" ")
        _, this, that, _ = (part.replace("AUTH_URL", auth_url(run)) for part in change.split("/"))
        Path(name).write_text(Path(name).read_text("utf-8").replace(this, that), "utf-8")
        return
    user = verb.removesuffix(":")
    assert user in USERS, line
    done = run(course.words(rest, run, user), user)
    if done.status and not line.startswith("-"):
        raise RuntimeError(f"{line}: {done.stderr or done.stdout}")
