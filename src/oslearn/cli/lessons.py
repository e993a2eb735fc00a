"""The learner's commands: `oslearn lab`, `oslearn check`, `oslearn progress`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from oslearn.cli.console import checked
from oslearn.course import labs
from oslearn.course.labs import Lesson, Runner
from oslearn.course.labs.checks import CHECKS
from oslearn.course.labs.look import Look

if TYPE_CHECKING:
    from oslearn.cloud import Cloud
    from oslearn.course.desk import Desk

CLOUDS_YAML = Path("clouds.yaml")
PROGRESS = Path("oslearn-progress.json")
"""Beside clouds.yaml: how often each check was asked, and which passed."""


class Tries(TypedDict):
    """How often an exercise was looked at in vain, and whether it was ever done."""

    tries: int
    done: bool


def reached(cloud: Cloud | None, user: str) -> Runner:
    """Commands of a user whom the cloud lets in. Raises ClickException."""
    from oslearn.course.client import runner  # the client takes most of a second to import

    run = runner(cloud)
    if cloud is None and CLOUDS_YAML.exists():
        checked(CLOUDS_YAML)
    if cloud is None and (done := run(["token", "issue"], user)).status:
        said = (done.stderr or done.stdout).strip().splitlines() or ["the client said nothing"]
        raise click.ClickException(f"no cloud answers, is `oslearn serve` running? {said[-1]}")
    return run


def lesson(id: str) -> Lesson:
    """The lesson of that id, or of a day its first. Raises ClickException."""
    try:
        return labs.find(id)
    except KeyError:
        known = ", ".join(known.id for known in labs.lessons())
        raise click.ClickException(f"there is no lesson {id}; there are {known}") from None


@click.group()
def lab() -> None:
    """Prepare the cloud as a lesson expects it."""


@lab.command()
@click.argument("id", metavar="LESSON")
@click.pass_obj
def start(desk: Desk | None, id: str) -> None:
    """Make what the lessons before LESSON (day1.2, or day2 for a whole day) leave, where it is missing."""
    chosen = lesson(id)
    try:
        ran = labs.start(chosen, reached(desk.cloud if desk else None, "demo"))
    except RuntimeError as error:
        raise click.ClickException(" ".join(str(error).split())) from None
    for command in ran:
        click.echo(f"openstack {command}")
    click.echo(f"Ready for {chosen.id}, {chosen.title}.")


@lab.command("list")
def list_lessons() -> None:
    """Every lesson, with its minutes."""
    for known in labs.lessons():
        click.echo(f"{known.id:<8} {known.minutes:>3} min  {known.title}")


@click.command()
@click.argument("id", metavar="LESSON")
@click.pass_obj
def check(desk: Desk | None, id: str) -> None:
    """Look at your cloud: is LESSON's exercise done? Each time it is not, the hint says more."""
    chosen = lesson(id)
    if chosen.exercise is None or chosen.id not in CHECKS:
        raise click.ClickException(f"{chosen.id} has no exercise to check")
    remembered()  # a broken file is said before the work
    found = list(
        CHECKS[chosen.id](Look(reached(desk.cloud if desk else None, chosen.exercise.user), chosen.exercise.user))
    )
    for finding in found:
        click.echo(f"{'right  ' if finding.right else 'missing'}  {finding.words}")
    done = all(finding.right for finding in found)
    tries = note(chosen.id, done)
    if done:
        click.echo(f"{chosen.id} is done.")
        return
    help_with(chosen, tries)
    raise SystemExit(1)


def help_with(chosen: Lesson, tries: int) -> None:
    """A hint, a fuller hint, then the solution."""
    exercise = chosen.exercise
    assert exercise is not None
    if tries <= len(exercise.hints):
        click.echo(f"Hint: {exercise.hints[tries - 1]}")
        return
    click.echo("Solution:")
    for command in exercise.solution:
        click.echo(f"  openstack {command}")


@click.command()
def progress() -> None:
    """Which exercises are done."""
    kept = remembered()
    rows: Iterable[Lesson] = (known for known in labs.lessons() if known.exercise)
    for known in rows:
        entry = kept.get(known.id)
        state = "" if entry is None else "done" if entry.get("done") else f"tries: {entry['tries']}"
        click.echo(f"{known.id:<8} {known.title:<40} {state}".rstrip())


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
