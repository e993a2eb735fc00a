"""The learner's commands: `oslearn lab`, `oslearn check`, `oslearn progress`.

Interface: `lab`, `check`, `progress`, the commands; `client`, what runs the learner's; `tell` a finding.
Invariants: what was done is remembered beside clouds.yaml.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from oslearn.cli.console import CLOUDS, checked, reached, wrapped
from oslearn.course import labs
from oslearn.course.labs import Exercise, Lesson, Runner, broken
from oslearn.course.labs.checks import CHECKS
from oslearn.course.labs.look import Ambiguous, Finding, Look

if TYPE_CHECKING:
    from oslearn.course.desk import Desk

CLOUDS_YAML = Path("clouds.yaml")
PROGRESS = Path("oslearn-progress.json")
"""Beside clouds.yaml: how often each check was asked, and which passed."""


class Tries(TypedDict):
    """How often an exercise was looked at in vain, and whether it was ever done."""

    tries: int
    done: bool


def client(desk: Desk | None, user: str, *, watching: bool = True) -> Runner:
    """Commands of a user whom the cloud lets in. Raises ClickException.

    What a tool that is `watching` does is not what the learner did: the trace's `last` is not it.
    """
    from oslearn.course.client import runner  # the client takes most of a second to import

    run = runner(desk.cloud if desk else None, watching=watching)
    if desk is None and CLOUDS_YAML.exists():
        checked(CLOUDS_YAML)
    if desk is None and (done := run(["token", "issue"], user)).status:
        said = (done.stderr or done.stdout).strip().splitlines() or ["the client said nothing"]
        raise click.ClickException(f"no cloud answers, is `oslearn serve` running, and is this its folder? {said[-1]}")
    return run


def named(id: str) -> Lesson:
    """The lesson of that id, or of a day its first. Raises ClickException."""
    try:
        return labs.find(id)
    except LookupError as error:
        raise click.ClickException(error.args[0]) from None


@click.group()
def lab() -> None:
    """Prepare the cloud as a lesson expects it."""


@lab.command()
@click.argument("id", metavar="LESSON")
@click.pass_obj
def start(desk: Desk | None, id: str) -> None:
    """Make what the lessons before LESSON (1.2, or day2 for a whole day) leave, where it is missing."""
    prepare(desk, named(id))


def prepare(desk: Desk | None, chosen: Lesson) -> None:
    """Say what is made and what is in the way. Raises ClickException."""
    try:
        ran = labs.start(chosen, client(desk, "demo"))
    except LookupError as error:
        rest = f"`oslearn lab start {chosen.id}` goes on then; `oslearn lab reset {chosen.id}` begins with a new cloud."
        raise click.ClickException(f"{error.args[0]}\n{rest}") from None
    except RuntimeError as error:
        raise click.ClickException(" ".join(str(error).split())) from None
    for command in ran:
        click.echo(f"openstack {command}")
    made = f"{len(ran)} made" if ran else "nothing was missing"
    click.echo(f"Ready for {chosen.id}, {chosen.title}: {made}.")


@lab.command()
@click.argument("id", metavar="[LESSON]", default="day1")
@click.option("--yes", is_flag=True, help="Do not ask.")
@CLOUDS
@click.pass_obj
def reset(desk: Desk | None, id: str, yes: bool, clouds_yaml: Path) -> None:
    """Throw the whole cloud away and prepare a new one for LESSON. Passwords stay."""
    chosen = named(id)
    with reached(desk, clouds_yaml) as place:
        if not yes:
            click.confirm("All that was made in this cloud is lost. Go on?", abort=True)
        place.reset()
    prepare(desk, chosen)


@lab.command("list")
def list_lessons() -> None:
    """Every lesson, with its minutes; + goes deeper than the hour of its day."""
    for known in labs.lessons():
        click.echo(f"{known.id:<8} {known.minutes:>3} min {' ' if known.main else '+'} {known.title}")


@click.command()
@click.argument("id", metavar="[LESSON]", required=False)
@CLOUDS
@click.pass_obj
def check(desk: Desk | None, id: str | None, clouds_yaml: Path) -> None:
    """Look at your cloud: are LESSON's exercises done? Each time one is not, the hint says more.

    LESSON is written 1.2; 1.2.1 is its first exercise. Without one, the break-fix lab is looked at that is open.
    """
    if id is None:
        from oslearn.cli import broken

        broken.check(desk, clouds_yaml)
        return
    lesson = named(id.rpartition(".")[0] if id.count(".") > 1 else id)
    try:
        asked = labs.exercises(id)
    except LookupError as error:
        raise click.ClickException(error.args[0]) from None
    if not asked:
        nearby = [one.id.removeprefix("day") for one in labs.lessons() if one.day == lesson.day and one.exercises]
        raise click.ClickException(
            f"{lesson.id} has no exercise that changes the cloud; of its day there are {', '.join(nearby)}"
        )
    remembered()  # a broken file is said before the work
    left = [number for number, exercise in asked if not look_at(desk, lesson, number, exercise)]
    if left:
        raise SystemExit(1)


def look_at(desk: Desk | None, lesson: Lesson, number: int, exercise: Exercise) -> bool:
    """Say what an exercise's check found; returns whether it is done."""
    several = len(lesson.exercises) > 1
    try:
        found = list(CHECKS[lesson.id, number](Look(client(desk, exercise.user), exercise.user)))
    except Ambiguous as error:
        found = [Finding(False, str(error.args[0]))]
    if several:  # said after the look: if no cloud answers, that is all there is to say
        click.echo(f"Exercise {number}:\n{wrapped(exercise.task)}")
    for finding in found:
        tell(finding)
    done = all(finding.right for finding in found)
    tries = note(f"{lesson.id}.{number}", done)
    if done:
        click.echo(f"{lesson.id}{f', exercise {number},' if several else ''} is done.")
    else:
        if remembered()[f"{lesson.id}.{number}"]["done"]:
            click.echo("It was done before, and counts as done: `oslearn progress`.")
        help_with(exercise, tries, [command for finding in found for command in finding.repair])
    return done


def tell(finding: Finding) -> None:
    """A line, and the way from what is there to what is right."""
    click.echo(f"{'right  ' if finding.right else 'missing' if not finding.found else 'wrong  '}  {finding.words}")
    if finding.found:
        click.echo(f"         found: {finding.found}")


def help_with(exercise: Exercise, tries: int, repair: list[str]) -> None:
    """A hint, a fuller hint, then the solution: from what is there, if the check knows the way."""
    if tries <= len(exercise.hints):
        click.echo(f"Hint:\n{wrapped(exercise.hints[tries - 1])}")
        return
    click.echo("Solution, from where you are:" if repair else "Solution:")
    for command in repair or exercise.solution:
        click.echo(f"  openstack {command}")


@click.command()
@click.option("--line", is_flag=True, help="Print a line that the pages in your browser take.")
@click.option("--add", metavar="LINE", help="Take over the line that a page shows.")
def progress(line: bool, add: str | None) -> None:
    """Which lessons and exercises are done."""
    kept = remembered()
    if add is not None:
        kept = merged(kept, add)
        PROGRESS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    if line:
        click.echo(" ".join(["done", *(id for id in known_ids() if id in kept and kept[id].get("done"))]))
        return
    for known in labs.lessons():
        states = [state_of(kept, f"{known.id}.{n}") for n in range(1, len(known.exercises) + 1)]
        state = ", ".join(filter(None, [state_of(kept, known.id), *states]))
        if states or state:
            click.echo(f"{known.id:<8} {known.title:<40} {state}".rstrip())
    for mended in broken.labs():
        if f"break{mended.number}" in kept:
            click.echo(f"{f'lab {mended.number}':<8} {mended.title:<40} mended")


def known_ids() -> list[str]:
    """What can be done: each lesson, and after it its exercises."""
    return [id for one in labs.lessons() for id in (one.id, *(f"{one.id}.{n + 1}" for n in range(len(one.exercises))))]


def state_of(kept: dict[str, Tries], id: str) -> str:
    """In a word or two, of an exercise with its number."""
    entry, number = kept.get(id), id.partition(".")[2].partition(".")[2]
    if entry is None:
        return ""
    state = "done" if entry.get("done") else f"tries: {entry['tries']}"
    return f"exercise {number} {state}" if number else "read"


def merged(kept: dict[str, Tries], line: str) -> dict[str, Tries]:
    """With what the line says is done. Raises ClickException."""
    word, *ids = line.split()[:1000] or [""]
    if word != "done" or not set(ids) <= set(known_ids()):
        raise click.ClickException("that is no line of progress: it begins with `done`, and lessons follow: day1.1")
    return kept | {id: Tries(tries=kept[id]["tries"] if id in kept else 0, done=True) for id in ids}


def remembered() -> dict[str, Tries]:
    """What the progress file holds. Raises ClickException if it is broken."""
    try:
        kept: dict[str, Tries] = json.loads(PROGRESS.read_text("utf-8")) if PROGRESS.exists() else {}
        if not all(isinstance(entry["tries"], int) for entry in kept.values()):
            raise TypeError(kept)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise click.ClickException(f"{PROGRESS} is broken: mend it, or remove it to begin anew") from None
    return kept


def note(id: str, done: bool) -> int:
    """Count a look at an exercise; returns how often it was not done since it was last done."""
    kept = remembered()
    before = kept.get(id, Tries(tries=0, done=False))
    tries = 0 if done else before["tries"] + 1
    kept[id] = {"tries": tries, "done": done or before.get("done", False)}
    PROGRESS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return tries
