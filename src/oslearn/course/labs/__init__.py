"""The labs: what each lesson starts from, what it leaves behind, and what its exercises ask for.

Interface: `days()`; `lessons()`, in the order of the course, of which a day has those of its `hour(day)` and those that
go `deeper(day)`; `find(id)`; `before(lesson)`; `survey(lesson, run)` looks at what is there and says what is missing
and what is in the way; `start(lesson, run)` makes what is missing, `make(lesson, run)` what a lesson leaves;
`words(command, run, user)`; a `Runner` runs a command of the client as a user, and gives its `Outcome`.
Invariants: a lesson is data in `dayN.toml`; nothing is made twice, and nothing beside what is there and differs.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from oslearn.core.oslo.context import Body
from oslearn.course.nearest import nearest

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
    """A day: `id` as in `day1`, its title, what the reader has at its end, the services that one meets."""

    id: str
    title: str
    result: str
    meets: list[str]


@dataclass(frozen=True)
class Preparation:
    """Something that later lessons need: `do` makes it; `have` shows it, if it is there.

    All are `openstack` words. Of what is there, the fields in `shows` have these words in them, or `do` is still to be
    done; those in `right` have them, too, or something else is there under the name: `undo` takes it away.
    """

    have: str
    do: str
    shows: Mapping[str, str] = field(default_factory=dict)
    right: Mapping[str, str] = field(default_factory=dict)
    undo: str = ""
    user: str = "demo"


@dataclass(frozen=True)
class Exercise:
    """What the reader has to do. `hints` go from a nudge to nearly the answer; `solution` and `wrong` are commands.

    A check tells the answers of `also_wrong` from right ones, too, and does not refuse those of `also_right`.
    `files` are those that the page has the reader make before: how each begins, by its name; all have 1 MiB.
    """

    task: str
    hints: list[str]
    solution: list[str]
    wrong: list[str]
    also_wrong: list[list[str]] = field(default_factory=list)
    also_right: list[list[str]] = field(default_factory=list)
    user: str = "demo"
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A lesson: `id` as in `day1.2`, its page, its minutes, what it leaves, its exercises that a check looks at.

    `main` lessons are the way of one hour a day; the others go deeper.
    """

    id: str
    title: str
    page: str
    minutes: int
    main: bool = True
    leaves: list[Preparation] = field(default_factory=list)
    exercises: list[Exercise] = field(default_factory=list)

    @property
    def day(self) -> str:
        """`day1` of `day1.2`."""
        return self.id.partition(".")[0]


@dataclass
class Survey:
    """What a cloud has of what the lessons leave: `missing` in their order, and what is in the way, in words."""

    missing: list[Preparation] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


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


def hour(day: str) -> list[Lesson]:
    """The lessons of a day's hour."""
    return [lesson for lesson in lessons() if lesson.day == day and lesson.main]


def deeper(day: str) -> list[Lesson]:
    """The lessons of a day that go deeper."""
    return [lesson for lesson in lessons() if lesson.day == day and not lesson.main]


def find(id: str) -> Lesson:
    """The lesson `day1.2`, also written `1.2`; of a day its first. Raises LookupError, which tells the nearest ids."""
    wanted = "day" + id.lower().removeprefix("day")
    for lesson in lessons():
        if wanted in (lesson.id, lesson.day):
            return lesson
    known = [lesson.id for lesson in lessons() if lesson.day == wanted.partition(".")[0]]
    raise LookupError(f"there is no lesson {id}{nearest(wanted, known or list(DAYS))}")


def exercises(id: str) -> list[tuple[int, Exercise]]:
    """Those of a lesson with their numbers, from 1; `1.2.3` is the third of 1.2. Raises LookupError."""
    lesson, number = id, ""
    if id.count(".") > 1:
        lesson, _, number = id.rpartition(".")
    found = list(enumerate(find(lesson).exercises, 1))
    if number and number not in map(str, range(1, len(found) + 1)):
        raise LookupError(f"{find(lesson).id} has {len(found)} exercises to check")
    return [(n, exercise) for n, exercise in found if number in ("", str(n))]


def before(lesson: Lesson) -> list[Lesson]:
    """The lessons before this one."""
    known = lessons()
    return known[: [one.id for one in known].index(lesson.id)]


def survey(lesson: Lesson, run: Runner) -> Survey:
    """Look at what the lessons before this one leave."""
    found = Survey()
    for earlier in before(lesson):
        for step in earlier.leaves:
            _look_at(step, run, found)
    return found


def start(lesson: Lesson, run: Runner) -> list[str]:
    """Make what the lessons before this one leave, where it is missing; returns the commands that ran.

    Raises LookupError, with nothing made, if something else is in the way; RuntimeError if a command failed.
    """
    found = survey(lesson, run)
    if found.conflicts:
        raise LookupError("\n".join(found.conflicts))
    return [do(step, run) for step in found.missing]


def make(lesson: Lesson, run: Runner) -> None:
    """Make what the lesson leaves in a cloud that has nothing of it. Raises RuntimeError if a command failed."""
    for step in lesson.leaves:
        do(step, run)


def _look_at(step: Preparation, run: Runner, survey: Survey) -> None:
    done = run([*words(step.have, run, step.user), "-f", "json"], step.user)
    what, _, thing = step.have.partition(" show ")
    if "More than one" in done.stderr:
        survey.conflicts.append(twice(what, thing, run, step.user))
        return
    shown = json.loads(done.stdout) if done.status == 0 else {}
    if not shown or any(text not in str(shown.get(name)) for name, text in step.shows.items()):
        survey.missing.append(step)
        return
    for name, text in step.right.items():
        if text not in (is_there := str(shown.get(name))):
            way = f" To begin anew with it: openstack {step.undo}" if step.undo else ""
            survey.conflicts.append(f"The {what} {thing} has the {name} {is_there}; the lessons need {text}.{way}")


def twice(what: str, name: str, run: Runner, user: str) -> str:
    """What to do about a name that several things have."""
    listed = run([*shlex.split(what), "list", "-f", "json"], user)
    ids = [row["ID"] for row in json.loads(listed.stdout or "[]") if row["Name"] == name]
    return f"There are {len(ids)} of {what} {name}; keep one. To delete one: openstack {what} delete {ids[-1]}"


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
    entry = dict(entry)
    steps = [Preparation(**step) for step in entry.pop("leaves", [])]
    exercises = [Exercise(**exercise) for exercise in entry.pop("exercise", [])]
    return Lesson(**entry, leaves=steps, exercises=exercises)
