"""The `oslearn` command."""

from __future__ import annotations

import gc
import json
import os
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oslearn import __version__
from oslearn.config import Config
from oslearn.labs import cli as labs

if TYPE_CHECKING:  # each command imports what it needs: the client starts faster
    from oslearn.oslo.profiler import Event
    from oslearn.trace.lens import MatchedStep

POLL = 0.3
"""Seconds between two looks of `oslearn trace --follow`."""


@click.group()
@click.version_option(__version__, prog_name="oslearn")
def main() -> None:
    """An OpenStack whose boot you can read in a day."""


main.add_command(labs.lab)
main.add_command(labs.check)
main.add_command(labs.progress)

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
@click.option(
    "--flow", type=click.Choice(["current", "classic"]), default="current", show_default=True, help="How it boots."
)
@click.option("--empty", is_flag=True, help="No image, flavor or network: what a fresh installation has.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep everything in this folder.")
@click.option("--pace", type=click.IntRange(0, 3600), default=0, metavar="SECONDS", help="Let work take that long.")
@click.option("--admin-password", envvar="OSLEARN_ADMIN_PASSWORD", help="Generated if not given.")
@CLOUDS
def serve(
    port: int,
    hosts: int,
    flow: str,
    empty: bool,
    data: Path | None,
    pace: int,
    admin_password: str | None,
    clouds_yaml: Path,
) -> None:
    """Serve every API on one port of this machine, until Ctrl-C."""
    gc.disable()  # what a start makes stays: to look for garbage in it takes a tenth of its time
    from oslearn import serve as serving
    from oslearn import settings

    passwords = {"admin": admin_password} if admin_password else {}
    try:
        config = Config(hosts=hosts, flow=flow, flavors=not empty, pace=pace)
        server = serving.Server(port, config, empty=empty, data=data, passwords=passwords)
        settings.write(clouds_yaml, server.settings())
    except OSError as error:
        raise click.ClickException(str(error)) from None
    finally:
        gc.enable()
    gc.freeze()
    click.echo(f"The cloud answers at {server.url}. Stop it with Ctrl-C. In another terminal:\n")
    click.echo("  export OS_CLOUD=oslearn-demo\n  openstack image list\n  oslearn trace last")
    with suppress(KeyboardInterrupt):
        server.run()
    server.close()


@main.command()
@click.argument("user", default="demo")
@CLOUDS
def openrc(user: str, clouds_yaml: Path) -> None:
    """Print the shell lines that log a user in."""
    from oslearn import settings

    try:
        click.echo(settings.openrc(clouds_yaml, user))
    except FileNotFoundError:
        raise not_started(clouds_yaml) from None
    except (KeyError, ValueError):
        raise click.ClickException(f"{clouds_yaml} has no user {user}") from None


@main.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="The folder of a cloud that is not served."
)
@CLOUDS
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def openstack(data: Path | None, clouds_yaml: Path, words: tuple[str, ...]) -> None:
    """Run the real openstack client here: against the running cloud, or with --data against a folder's.

    Without OS_CLOUD or OS_AUTH_URL it is the user demo.
    """
    from oslearn import client

    environ = dict(os.environ)
    if data is not None:
        from oslearn.serve import folder_cloud

        cloud = folder_cloud(data, Config())
        user = environ.get("OS_CLOUD", "oslearn-demo").removeprefix("oslearn-")
        raise SystemExit(client.run(words, cloud, environ | client.credentials(cloud, user)))
    if clouds_yaml.exists():
        environ["OS_CLIENT_CONFIG_FILE"] = str(clouds_yaml.resolve())
    elif not environ.keys() & {"OS_CLOUD", "OS_AUTH_URL"}:
        raise not_started(clouds_yaml)
    if "OS_AUTH_URL" not in environ:
        environ.setdefault("OS_CLOUD", "oslearn-demo")
    raise SystemExit(client.run(words, environ=environ))


def not_started(clouds_yaml: Path) -> click.ClickException:
    """The error if there is no file of a running cloud."""
    return click.ClickException(f"{clouds_yaml} is not there: start `oslearn serve` first")


@main.command()
@click.argument("destination", metavar="ADDRESS|SERVER")
@click.option("--from", "source", metavar="ADDRESS|SERVER", default="198.51.100.1", show_default="an address outside")
@click.option("--port", type=click.IntRange(1, 65535), default=22, show_default=True)
@click.option("--protocol", default="tcp", show_default=True, help="icmp has no port.")
@CLOUDS
@click.pass_obj
def reach(cloud: Any, destination: str, source: str, port: int, protocol: str, clouds_yaml: Path) -> None:
    """Say whether a packet gets there, hop by hop, and what to repair if it does not.

    You see what your project has. Without OS_CLOUD it is the user demo's.
    """
    from keystoneauth1.exceptions import ClientException

    from oslearn import reach as way

    user = os.environ.get("OS_CLOUD", "oslearn-demo")
    try:
        session = cloud.connect(user.removeprefix("oslearn-")).session if cloud else way.login(clouds_yaml, user)
        found = way.ask(session, source, destination, None if protocol == "icmp" else port, protocol)
    except FileNotFoundError:
        raise not_started(clouds_yaml) from None
    except (ClientException, LookupError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(way.text(found))
    raise SystemExit(int(not found["reaches"]))


class TraceGroup(click.Group):
    """A group in which any other word is what to show of the running cloud's trace."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """`oslearn trace vm1` is `oslearn trace show vm1`."""
        if args and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


@main.group(cls=TraceGroup, invoke_without_command=True)
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
        from oslearn.reference import compare_runs
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
def show(cloud: Any, what: str, no_db: bool, as_json: bool, clouds_yaml: Path) -> None:
    """Show the events of `last`, of a request id or of a server's boot, each below what caused it."""
    from oslearn.oslo.profiler import Event
    from oslearn.trace import text

    events = embedded(cloud, what) if cloud else [Event.of(**fields) for fields in ask(clouds_yaml, of=what)]
    found = [event for event in events if not (no_db and event.kind == "db")]
    if as_json:
        click.echo(json.dumps([event.fields() for event in found], indent=2))
    else:
        click.echo(text.tree(found))


def embedded(cloud: Any, what: str) -> list[Event]:
    """The same of a cloud in this process, which a caller of `main` gave as `obj`."""
    from oslearn.trace.select import select

    try:
        return select(cloud.trace, what)
    except KeyError:
        raise click.ClickException("the trace does not have it") from None


def follow_events(clouds_yaml: Path) -> None:
    """Print events as they come, until interrupted."""
    from oslearn.oslo.profiler import Event

    events = ask(clouds_yaml, after="0")
    last = events[-1]["n"] if events else 0
    while True:
        for fields in ask(clouds_yaml, after=str(last)):
            click.echo(str(Event.of(**fields)))
            last = fields["n"]
        time.sleep(POLL)


def ask(clouds_yaml: Path, **query: str) -> list[dict[str, Any]]:
    """Events of the running cloud's trace. Raises ClickException."""
    import requests

    from oslearn import settings
    from oslearn.serve import TRACE_KEY, TRACE_PATH

    try:
        cloud = settings.read(clouds_yaml)["oslearn"]
        headers = {TRACE_KEY: cloud["trace_key"]}
        reply = requests.get(cloud["url"] + TRACE_PATH, params=query, headers=headers, timeout=60)
    except FileNotFoundError:
        raise not_started(clouds_yaml) from None
    except (requests.ConnectionError, KeyError, ValueError):
        raise click.ClickException(f"no cloud answers that {clouds_yaml} names: start `oslearn serve`") from None
    if reply.status_code != requests.codes.ok:
        raise click.ClickException(reply.text)
    return list(reply.json()["events"])


def show_flow(name: str, events: bool, as_json: bool, step: int | None, seed: int) -> None:
    """Boot a server in a fresh cloud with that flow and print its steps."""
    from oslearn.reference import run
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
