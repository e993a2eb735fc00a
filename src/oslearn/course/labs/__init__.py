"""The labs: what each lesson starts from, what it leaves behind, and what its exercise asks for.

Interface: `days()`; `lessons()`, in the order of the course; `find(id)`; `before(lesson)`; `start(lesson, run)` makes
what it needs, `make(lesson, run)` what it leaves; `words(command, run, user)`; a `Runner` runs a command of the client
as a user, and gives its `Outcome`.
Invariants: a lesson is data in `dayN.toml`; starting twice makes nothing twice.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from oslearn.core.oslo.context import Body

INNER = re.compile(r"\$\(openstack ([^)]*)\)")
"""A command within a command."""
DAYS = ("day1", "day2", "day3", "day4")


class Outcome(NamedTuple):
    """What an `openstack` command printed, and how it ended."""

    status: int
    stdout: str
    stderr: str


Runner = Callable[[list[str], str], Outcome]
"""Runs `openstack` with these words as this user (`admin` or `demo`)."""


class Day(NamedTuple):
    """A day: `id` as in `day1`, its title, what the reader has at its end."""

    id: str
    title: str
    result: str


@dataclass(frozen=True)
class Preparation:
    """Something that later lessons need: `do` makes it; `have` succeeds, and says `shows`, if it is there.

    Both are `openstack` words.
    """

    have: str
    do: str
    shows: str = ""
    user: str = "demo"


@dataclass(frozen=True)
class Exercise:
    """What the reader has to do. `hints` go from a nudge to nearly the answer; `solution` and `wrong` are commands."""

    task: str
    hints: list[str]
    solution: list[str]
    wrong: list[str]
    user: str = "demo"


@dataclass(frozen=True)
class Lesson:
    """A lesson: `id` as in `day1.2`, its page, its minutes, what it leaves, its exercise."""

    id: str
    title: str
    page: str
    minutes: int
    leaves: list[Preparation] = field(default_factory=list)
    exercise: Exercise | None = None

    @property
    def day(self) -> str:
        """`day1` of `day1.2`."""
        return self.id.partition(".")[0]


@cache
def _written() -> dict[str, Body]:
    """What the files say, by day."""
    return {day: tomllib.loads((files(__name__) / f"{day}.toml").read_text("utf-8")) for day in DAYS}


def days() -> list[Day]:
    """The four days."""
    return [Day(day, **written["day"]) for day, written in _written().items()]


@cache
def lessons() -> list[Lesson]:
    """Every lesson that there is."""
    return [_lesson(entry) for written in _written().values() for entry in written["lesson"]]


def find(id: str) -> Lesson:
    """The lesson of that id; of a day its first. Raises KeyError."""
    for lesson in lessons():
        if id in (lesson.id, lesson.day):
            return lesson
    raise KeyError(id)


def before(lesson: Lesson) -> list[Lesson]:
    """The lessons before this one."""
    known = lessons()
    return known[: [one.id for one in known].index(lesson.id)]


def start(lesson: Lesson, run: Runner) -> list[str]:
    """Make what the lessons before this one leave, where it is missing; returns the commands that ran.

    Raises RuntimeError if a command failed.
    """
    missing = (step for earlier in before(lesson) for step in earlier.leaves if not is_there(step, run))
    return [do(step, run) for step in missing]


def make(lesson: Lesson, run: Runner) -> None:
    """Make what the lesson leaves in a cloud that has nothing of it. Raises RuntimeError if a command failed."""
    for step in lesson.leaves:
        do(step, run)


def is_there(step: Preparation, run: Runner) -> bool:
    """Whether what it makes is there already."""
    found = run(words(step.have, run, step.user), step.user)
    return found.status == 0 and step.shows in found.stdout


def do(step: Preparation, run: Runner) -> str:
    """Make it; returns the command. Raises RuntimeError."""
    done = run(words(step.do, run, step.user), step.user)
    if done.status:
        raise RuntimeError(f"openstack {step.do}: {done.stderr or done.stdout}")
    return step.do


def words(command: str, run: Runner, user: str) -> list[str]:
    """A command's words; `$(openstack ...)` in it is what that command prints, as in a shell."""
    return shlex.split(INNER.sub(lambda found: run(shlex.split(found[1]), user).stdout.strip(), command))


def _lesson(entry: Body) -> Lesson:
    steps = [Preparation(**step) for step in entry.pop("leaves", [])]
    exercise = entry.pop("exercise", None)
    return Lesson(**entry, leaves=steps, exercise=Exercise(**exercise) if exercise else None)
