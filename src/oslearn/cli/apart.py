"""`oslearn up`, `oslearn node`: the cloud as processes on nodes, on RabbitMQ and a database server."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack, closing, suppress
from importlib.util import find_spec
from pathlib import Path

import click

from oslearn.cli.console import CLOUDS, NamedPath

DEFAULT = Path("oslearn-apart")
SETTINGS = "cloud.json"
DATA = click.option(
    "--data",
    type=NamedPath(file_okay=False),
    default=DEFAULT,
    show_default=True,
    help="The cloud's folder, for you alone.",
)


def installed() -> None:
    """Raises ClickException if what only a cloud apart needs is missing."""
    if missing := [name for name in ("pika", "psycopg", "pymysql") if find_spec(name) is None]:
        raise click.ClickException(f"{', '.join(missing)} is not installed: pip install 'oslearn[apart]'")


def ends_alike() -> None:
    """A terminal that is closed, or `kill`, ends everything as Ctrl-C does."""
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        signal.signal(getattr(signal, name), signal.default_int_handler)


def address(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`NODE=ADDRESS`, several times. Raises BadParameter."""
    pairs = [one.partition("=") for one in given]
    if any(not (node and place) for node, _, place in pairs):
        raise click.BadParameter("write NODE=ADDRESS, such as controller=192.168.10.12")
    return {node: place for node, _, place in pairs}


@click.command()
@click.option("--nodes", "computes", type=click.IntRange(1, 50), default=3, show_default=True, help="Compute nodes.")
@click.option("--bus", metavar="URL", default="", help="A RabbitMQ that is there: amqp://USER:PASSWORD@HOST/.")
@click.option(
    "--database", metavar="KIND|URL", default="postgresql", show_default=True,
    help="postgresql or mariadb starts one; a URL with {database} in it names one that is there.",
)  # fmt: skip
@click.option("--address", "addresses", multiple=True, metavar="NODE=ADDRESS", callback=address,
              help="A node on another machine: its APIs listen there, without TLS.")  # fmt: skip
@click.option("--prepare", is_flag=True, help="Start no process: write cloud.json and make the tables, for `node`.")
@DATA
@CLOUDS
def up(
    computes: int, bus: str, database: str, addresses: dict[str, str], prepare: bool, data: Path, clouds_yaml: Path
) -> None:
    """Start the cloud apart: each process on its node, until Ctrl-C.

    Without --bus and --database it starts a RabbitMQ and a PostgreSQL of its own in the folder.
    """
    installed()
    from sqlalchemy.exc import SQLAlchemyError

    from oslearn.apart import up as apart
    from oslearn.apart.link import BrokerGoneError
    from oslearn.apart.servers import NotInstalledError, StartError
    from oslearn.port.folder import FolderError

    wrong = (FolderError, NotInstalledError, StartError, ChildProcessError, TimeoutError, BrokerGoneError,
             SQLAlchemyError, OSError, ValueError)  # fmt: skip
    if prepare and (not bus or database in apart.OWN):
        raise click.UsageError("--prepare needs --bus and --database with URLs of servers that stay")
    ends_alike()
    began = time.monotonic()
    with ExitStack() as stack:
        try:
            cloud = apart.Up(data, apart.Wanted(computes, bus, database, addresses), clouds_yaml, stack)
            cloud.prepare(click.echo)
            if prepare:
                click.echo(f"Wrote {data / SETTINGS} and {clouds_yaml}. On each node: oslearn node NODE")
                return
            cloud.start(click.echo)
        except wrong as error:
            raise click.ClickException(str(error)) from None
        click.echo(cloud.fleet.table())
        click.echo(f"Ready after {time.monotonic() - began:.1f} s. Stop it with Ctrl-C. In another terminal:\n")
        click.echo("  export OS_CLOUD=oslearn-demo\n  openstack image list\n  oslearn processes")
        with suppress(KeyboardInterrupt):
            cloud.run()


@click.command()
@click.argument("node")
@click.argument("processes", metavar="PROCESS...", nargs=-1)
@DATA
def node(node: str, processes: tuple[str, ...], data: Path) -> None:
    """Start the processes of one node of a cloud apart, or some of them, until Ctrl-C.

    The folder has the file cloud.json, which `oslearn up --prepare` has written on one of the nodes.
    """
    installed()
    from oslearn.apart.fleet import Fleet
    from oslearn.apart.link import BrokerGoneError
    from oslearn.apart.part import run
    from oslearn.apart.settings import read
    from oslearn.deploy.processes import on

    try:
        programs = {program.name: program for program in on(node)}
        if unknown := [name for name in processes if name not in programs]:
            raise LookupError(f"{node} has no {', '.join(unknown)}: it has {', '.join(programs)}")
        settings = read(data / SETTINGS)
        if len(processes) == 1:
            run(settings, programs[processes[0]], node)
        ends_alike()
        fleet = Fleet(data.resolve(), settings, [(programs[name], node) for name in processes or programs])
        with closing(fleet), suppress(KeyboardInterrupt):
            fleet.start_all()
            click.echo(fleet.table())
            threading.Event().wait()
    except (LookupError, ValueError, OSError, BrokerGoneError) as error:
        raise click.ClickException(str(error.args[0] if isinstance(error, LookupError) else error)) from None
