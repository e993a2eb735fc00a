"""`oslearn processes`, `oslearn stop`, `oslearn start`: what runs in the cloud, and what happens without it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oslearn.cli.console import CLOUDS, reached
from oslearn.course.processes import text

if TYPE_CHECKING:
    from oslearn.course.desk import Desk


@click.command()
@click.option("--stopped", is_flag=True, help="Show only what is stopped.")
@CLOUDS
@click.pass_obj
def processes(desk: Desk | None, stopped: bool, clouds_yaml: Path) -> None:
    """Show what runs in the cloud: APIs, who serves the queue, databases, the queue."""
    with reached(desk, clouds_yaml) as place:
        found = [process for process in place.processes() if not (stopped and process.up)]
    click.echo(text(found) if found else "Everything is up.")


@click.command()
@click.argument("names", metavar="PROCESS...", nargs=-1, required=True)
@CLOUDS
@click.pass_obj
def stop(desk: Desk | None, names: tuple[str, ...], clouds_yaml: Path) -> None:
    """Stop processes of the cloud, as `systemctl stop` does on their machines: `nova-compute@compute2`, `queue`.

    They stay stopped, also over a restart of a cloud that is kept, until `oslearn start`.
    """
    with reached(desk, clouds_yaml) as place:
        for name in names:
            place.stop(name)


@click.command()
@click.argument("names", metavar="PROCESS...", nargs=-1, required=True)
@CLOUDS
@click.pass_obj
def start(desk: Desk | None, names: tuple[str, ...], clouds_yaml: Path) -> None:
    """Start processes that were stopped; what waited for them goes on."""
    with reached(desk, clouds_yaml) as place:
        for name in names:
            place.start(name)
