"""The `oslearn` command."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from oslearn import __version__
from oslearn.config import Config
from oslearn.oslo.profiler import Event
from oslearn.reference import SEED, classic_run
from oslearn.trace.lens import Flow, MatchedStep

WIDTH = 80


@click.group()
@click.version_option(__version__, prog_name="oslearn")
def main() -> None:
    """An OpenStack small enough to read in a day."""


CLOUDS = click.option(
    "--clouds-yaml",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("clouds.yaml"),
    show_default=True,
    help="Where the client's settings are; the client looks in the folder it is started in.",
)


@main.command()
@click.option("--port", default=8774, show_default=True, help="0 takes a free one.")
@click.option("--hosts", default=3, show_default=True, help="Compute hosts.")
@click.option("--empty", is_flag=True, help="No image and no network: what a fresh installation has.")
@click.option("--admin-password", envvar="OSLEARN_ADMIN_PASSWORD", help="Generated if not given.")
@CLOUDS
def serve(port: int, hosts: int, empty: bool, admin_password: str | None, clouds_yaml: Path) -> None:
    """Serve every API on one port of this machine, until Ctrl-C."""
    from oslearn import serve as serving

    passwords = {"admin": admin_password} if admin_password else {}
    try:
        server = serving.Server(port, Config(hosts=hosts), empty=empty, passwords=passwords)
        serving.write_clouds(server, clouds_yaml)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The cloud answers at {server.url}. Stop it with Ctrl-C. In another terminal:\n")
    click.echo("  export OS_CLOUD=oslearn-demo\n  openstack image list")
    with suppress(KeyboardInterrupt):
        server.run()
    server.close()


@main.command()
@click.argument("user", default="demo")
@CLOUDS
def openrc(user: str, clouds_yaml: Path) -> None:
    """Print the shell lines that log a user in."""
    from oslearn import serve as serving

    try:
        click.echo(serving.openrc(clouds_yaml, user))
    except FileNotFoundError:
        raise click.ClickException(f"{clouds_yaml} is not there: start `oslearn serve` first") from None
    except (KeyError, ValueError):
        raise click.ClickException(f"{clouds_yaml} has no user {user}") from None


@main.group()
def trace() -> None:
    """Show what happens inside when a server boots."""


@trace.command()
@click.option("--events", is_flag=True, help="Show every event, and why it is no step.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.option("--step", type=click.IntRange(1, 28), metavar="N", help="Show one step with its payload.")
@click.option("--seed", default=SEED, show_default=True, help="Another seed gives other ids.")
def classic(events: bool, as_json: bool, step: int | None, seed: int) -> None:
    """Boot a server in a fresh cloud and print the 28 steps."""
    flow = classic_run(seed)
    if step:
        click.echo(_json(flow[step]) if as_json else _one(flow[step]))
    elif as_json:
        click.echo(json.dumps([_fields(m) for m in flow.steps], indent=2))
    elif events:
        click.echo(_events(flow))
    else:
        click.echo(steps_table(flow))


def steps_table(flow: Flow) -> str:
    """The steps by part, at most 80 columns wide."""
    rows = []
    for part in flow.lens.parts:
        rows += ["", part.title]
        for matched in flow.part(part.key):
            step, kind = matched.step, f"{matched.event.kind} {matched.event.phase}"
            rows.append(f"{step.n:>3}  {step.source:<15} {step.target:<15} {kind:<13} {_short(step.label)}".rstrip())
    return "\n".join([f"  #  {'from':<15} {'to':<15} {'kind':<13} what", *rows])


def _short(text: str, width: int = WIDTH - 51) -> str:
    return textwrap.shorten(text, width, placeholder="...")


def _events(flow: Flow) -> str:
    """Every event: a step's number, or the rule that leaves it out."""
    notes = {m.event.n: f"step {m.step.n}" for m in flow.steps} | {e.n: f"({r.name})" for e, r in flow.left_out}
    everything: Sequence[Event] = sorted(
        [m.event for m in flow.steps] + [e for e, _ in flow.left_out], key=lambda e: e.n
    )
    return "\n".join(f"{event}  {notes[event.n]}" for event in everything)


def _one(matched: MatchedStep) -> str:
    step, event = matched.step, matched.event
    payload = json.dumps(event.payload, indent=2)
    return "\n".join(
        [
            f"Step {step.n}: {step.source} -> {step.target}, {event.kind} {event.phase} {event.operation}",
            *textwrap.wrap(step.text.replace("``", ""), WIDTH),
            f"code: {event.code}",
            f"request: {event.request_id}",
            payload,
        ]
    )


def _fields(matched: MatchedStep) -> dict[str, object]:
    return {"step": matched.step.n, "part": matched.step.part, "text": matched.step.text} | asdict(matched.event)


def _json(matched: MatchedStep) -> str:
    return json.dumps(_fields(matched), indent=2)
