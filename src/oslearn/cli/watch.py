"""`oslearn trace`: what happened in the running cloud, or in a reference run, as a command.

Interface: `trace`, the group of commands.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oslearn.cli.console import CLOUDS, reached

if TYPE_CHECKING:  # each command imports what it needs: the client starts faster
    from oslearn.course.desk import Desk
    from oslearn.trace.lens import MatchedStep

POLL = 0.3
"""Seconds between two looks of `oslearn trace --follow`."""


class TraceGroup(click.Group):
    """A group in which any other word is what to show of the running cloud's trace."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`oslearn trace vm1` is `oslearn trace show vm1`."""
        if args and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=TraceGroup, invoke_without_command=True)
@click.option("--follow", is_flag=True, help="Print what happens in the running cloud until Ctrl-C.")
@click.option("--compare", is_flag=True, help="Set a boot of 2013 and a boot of today side by side.")
@CLOUDS
@click.pass_context
def trace(ctx: click.Context, follow: bool, compare: bool, clouds_yaml: Path) -> None:
    """Show what happens inside: of the last command, of a request, of a server's boot, or of a reference run.

    `oslearn trace last`, `oslearn trace vm1` and `oslearn trace req-...` ask the running cloud.
    """
    if follow:
        with suppress(KeyboardInterrupt):
            follow_events(clouds_yaml)
    elif compare:
        from oslearn.course.reference import compare_runs
        from oslearn.trace.compare import table

        click.echo(table(compare_runs()))
    elif ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@trace.command()
@click.argument("what")
@click.option("--no-db", is_flag=True, help="Leave the databases out.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, with payloads.")
@CLOUDS
@click.pass_obj
def show(desk: Desk | None, what: str, no_db: bool, as_json: bool, clouds_yaml: Path) -> None:
    """Show the events of `last`, of a request id or of a server's boot, each below what caused it."""
    from oslearn.trace import text

    with reached(desk, clouds_yaml) as place:
        found = [event for event in place.events(what) if not (no_db and event.kind == "db")]
    if as_json:
        click.echo(json.dumps([event.fields() for event in found], indent=2))
    else:
        click.echo(text.tree(found))


def follow_events(clouds_yaml: Path) -> None:
    """Print events as they come, until interrupted."""
    from oslearn.port.owner import Owner

    with reached(None, clouds_yaml) as owner:
        assert isinstance(owner, Owner)
        events = owner.since(0)
        last = events[-1].n if events else 0
        while True:
            for event in owner.since(last):
                click.echo(str(event))
                last = event.n
            time.sleep(POLL)


def show_flow(name: str, events: bool, as_json: bool, step: int | None, seed: int) -> None:
    """Boot a server in a fresh cloud with that flow and print its steps."""
    from oslearn.course.reference import run
    from oslearn.trace import text

    flow = run(name, seed)
    if step is not None and step > len(flow.steps):
        raise click.BadParameter(f"the flow {name} has {len(flow.steps)} steps", param_hint="--step")
    if step:
        click.echo(json.dumps(_fields(flow[step]), indent=2) if as_json else text.one(flow[step]))
    elif as_json:
        click.echo(json.dumps([_fields(m) for m in flow.steps], indent=2))
    else:
        click.echo(text.every_event(flow) if events else text.steps_table(flow))


def flow_command(name: str, about: str) -> click.Command:
    """`oslearn trace NAME`."""
    return click.Command(
        name,
        callback=partial(show_flow, name),
        help=about,
        params=[
            click.Option(["--events"], is_flag=True, help="Show every event, and why it is no step."),
            click.Option(["--json", "as_json"], is_flag=True, help="Write JSON."),
            click.Option(["--step"], type=click.IntRange(1), metavar="N", help="Show one step with its payload."),
            click.Option(["--seed"], default=7, show_default=True, help="Another seed gives other ids."),
        ],
    )


trace.add_command(flow_command("classic", "Boot a server as in 2013 in a fresh cloud and print the 28 steps."))
trace.add_command(flow_command("current", "Boot a server as today in a fresh cloud and print the steps."))


def _fields(matched: MatchedStep) -> dict[str, object]:
    return {"step": matched.step.n, "part": matched.step.part, "text": matched.step.text} | matched.event.fields()
