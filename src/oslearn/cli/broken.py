"""The learner's break-fix labs: `oslearn lab break`, `hint` and `end`, and what `oslearn check` says meanwhile.

Interface: `break_`, `hint`, `end`, the commands; `check(desk, clouds_yaml)` looks at the lab that is open.
Invariants: the learner's own cloud is laid aside and comes back; what is wrong is not told before it is mended.
"""

from __future__ import annotations

import json
import os
import shlex
import textwrap
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from oslearn.cli.console import CLOUDS, login, reached, wrapped
from oslearn.cli.lessons import client, note, tell

if TYPE_CHECKING:
    from keystoneauth1.session import Session

    from oslearn.cloud import Cloud
    from oslearn.course.desk import Desk
    from oslearn.course.labs import Outcome, Runner
    from oslearn.course.labs.broken import Lab
    from oslearn.course.labs.causes import Scene
    from oslearn.course.processes import Process

OPEN = Path("oslearn-lab.json")
"""Beside clouds.yaml: the lab that is open."""
STARS = "*"
OUTSIDE = "198.51.100.1"
"""Where packets come from that a check sends."""


class Opened(TypedDict):
    """A lab that is open: when it began, how many hints were asked for, what the trace has of the cause."""

    lab: int
    begun: float
    hints: int
    evidence: list[str]


@click.command("break")
@click.argument("number", required=False)
@CLOUDS
@click.pass_obj
def break_(desk: Desk | None, number: str | None, clouds_yaml: Path) -> None:
    """Lay your cloud aside for one in which something is wrong. Without a NUMBER, list what there is."""
    from oslearn.course.labs import broken

    if number is None:
        click.echo("lab  difficulty  explained in  what a user sees")
        for known in broken.labs():
            click.echo(f"{known.number:>3}  {STARS * known.level:<10}  {known.teaches:<12}  {known.title}")
        return
    with reached(desk, clouds_yaml) as place:
        lab = broken.find(number)
        client(desk, "demo")  # a cloud that does not answer is said before anything is laid aside
        tidy()
        try:
            evidence = broken.build(lab, place, lambda: client(desk, "demo", watching=False))
        except BaseException as error:  # whatever hinders it, also Ctrl-C: the learner has their own cloud again
            place.back()
            if not isinstance(error, RuntimeError | LookupError):
                raise
            raise click.ClickException(f"the lab cannot be made here: {' '.join(str(error).split())}") from None
    write(Opened(lab=lab.number, begun=time.time(), hints=0, evidence=evidence))
    output = client(desk, "demo")(shlex.split(lab.shown), "demo").stdout.rstrip()
    click.echo(f"Lab {lab.number}: {lab.title}\n\nA user of the project demo writes:\n{wrapped(lab.symptom)}\n")
    click.echo(textwrap.indent(f"$ openstack {lab.shown}\n{output}\n", "  "))
    click.echo("Find the cause and mend it, then type `oslearn check`. `oslearn lab hint` helps.")
    click.echo("Your own cloud waits: `oslearn lab end` brings it back.")


@click.command()
def hint() -> None:
    """Say more about the lab that is open, three times."""
    opened = read()
    lab = lab_of(opened)
    n = opened["hints"] = min(opened["hints"] + 1, len(lab.hints))
    write(opened)
    click.echo(f"Hint {n} of {len(lab.hints)}:\n{wrapped(lab.hints[n - 1])}")


@click.command()
@CLOUDS
@click.pass_obj
def end(desk: Desk | None, clouds_yaml: Path) -> None:
    """Have your own cloud back; the broken one is gone."""
    with reached(desk, clouds_yaml) as place:
        if not place.is_aside:
            raise click.ClickException("your own cloud is there: no lab is open")
        place.back()
    tidy()
    click.echo("Your own cloud is back.")


def tidy() -> None:
    """Take away what the lab that is open has written where the learner is."""
    if OPEN.is_file():
        with suppress(click.ClickException):
            if file := lab_of(read()).file:
                Path(file).unlink(missing_ok=True)
        OPEN.unlink()


def check(desk: Desk | None, clouds_yaml: Path) -> None:
    """Look at the cause; who has mended it is shown the way of a good diagnosis. Raises SystemExit, ClickException."""
    from oslearn.course.labs.causes import CAUSES

    opened = read()
    lab, run = lab_of(opened), client(desk, "demo")
    with reached(desk, clouds_yaml) as place:
        if not place.is_aside:
            raise click.ClickException("your own cloud is there again: `oslearn lab break NUMBER` opens a lab")
        session = desk.cloud.connect("demo").session if desk else login(clouds_yaml, "oslearn-demo")
        found = list(CAUSES[lab.number](scene(run, session, desk.cloud if desk else None, place.processes())))
    for finding in found:
        tell(finding)
    if not all(finding.right for finding in found):
        click.echo("Not mended yet. `oslearn lab hint` helps.")
        raise SystemExit(1)
    note(f"break{lab.number}", True)
    told(lab, opened)


def scene(run: Runner, session: Session, cloud: Cloud | None, processes: Sequence[Process]) -> Scene:
    """What a check looks at, of an embedded cloud or of the running one."""
    from oslearn.course import reach
    from oslearn.course.client import capture
    from oslearn.course.labs.causes import Packet, Scene
    from oslearn.course.labs.look import Look

    def reaches(packet: Packet) -> bool:
        return bool(reach.ask(session, OUTSIDE, *packet)["reaches"])

    def elsewhere(words: list[str], environ: Mapping[str, str]) -> Outcome:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        return capture(words, cloud, {**mine, **environ}, watching=True)

    return Scene(Look(run, "demo"), Look(run, "admin"), processes, reaches, elsewhere)


def told(lab: Lab, opened: Opened) -> None:
    """What it was, how long it took, and how one finds it."""
    minutes, hints = int(time.time() - opened["begun"]) // 60, opened["hints"]
    lasted = f"{minutes} minute{'s' * (minutes != 1)}" if minutes else "less than a minute"
    click.echo(f"\nMended, after {lasted} and {hints} hint{'s' * (hints != 1)}. The cause:\n{wrapped(lab.cause)}")
    click.echo("\nA short way to it:")
    for step in lab.path:
        click.echo(f"  $ {step.run}\n{wrapped(step.says, 6)}")
    if opened["evidence"]:
        click.echo("\nIn the trace of what went wrong:")
        for line in opened["evidence"]:
            click.echo(f"  {line}")
    click.echo("\n`oslearn lab end` brings your own cloud back.")


def lab_of(opened: Opened) -> Lab:
    """The lab that is open."""
    from oslearn.course.labs import broken

    return broken.find(str(opened["lab"]))


def write(opened: Opened) -> None:
    """Remember the lab that is open."""
    OPEN.write_text(json.dumps(opened, indent=2) + "\n", "utf-8")


def read() -> Opened:
    """The lab that is open. Raises ClickException."""
    if not OPEN.exists():
        raise click.ClickException("no lab is open: name a lesson, as 1.2, or open a lab with `oslearn lab break`")
    try:
        opened: Opened = json.loads(OPEN.read_text("utf-8"))
        lab_of(opened)
        if not (isinstance(opened["hints"], int) and opened["hints"] >= 0 and isinstance(opened["begun"], float)):
            raise TypeError(opened)
        "".join(opened["evidence"])
    except (ValueError, LookupError, TypeError, RecursionError):
        raise click.ClickException(f"{OPEN} is broken: remove it, and begin the lab anew") from None
    return opened
