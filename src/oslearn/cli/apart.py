"""`oslearn up`, `oslearn node`: the cloud as processes on nodes, on RabbitMQ and a database server."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
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


@click.command()
@click.option("--nodes", "computes", type=click.IntRange(1, 50), default=3, show_default=True, help="Compute nodes.")
@click.option("--bus", metavar="URL", help="A RabbitMQ that is there: amqp://USER:PASSWORD@HOST/. Else one is started.")
@click.option(
    "--database", metavar="URL", default="postgresql", show_default=True,
    help="postgresql or mariadb starts one; a URL with {database} in it names one that is there.",
)  # fmt: skip
@DATA
@CLOUDS
def up(computes: int, bus: str | None, database: str, data: Path, clouds_yaml: Path) -> None:
    """Start the cloud apart: each process on its node, until Ctrl-C."""
    installed()
    from oslearn.apart import up as apart
    from oslearn.apart.servers import NotInstalledError, StartError

    with ExitStack() as stack:
        try:
            began = time.monotonic()
            cloud = apart.Up(data, computes, bus, database, clouds_yaml, stack)
            cloud.start(click.echo)
        except (NotInstalledError, StartError, ChildProcessError, TimeoutError, OSError, ValueError) as error:
            raise click.ClickException(str(error)) from None
        click.echo(cloud.table())
        click.echo(f"Ready after {time.monotonic() - began:.1f} s. Stop it with Ctrl-C. In another terminal:\n")
        click.echo("  export OS_CLOUD=oslearn-demo\n  openstack image list\n  oslearn processes")
        with suppress(KeyboardInterrupt):
            cloud.run()


@click.command()
@click.argument("node")
@click.argument("process")
@DATA
def node(node: str, process: str, data: Path) -> None:
    """Start one process of a cloud apart on a node: what `oslearn up` does for each.

    The folder has the file cloud.json, which `oslearn up` has written.
    """
    installed()
    from oslearn.apart.part import run
    from oslearn.apart.settings import read
    from oslearn.deploy.processes import on

    try:
        programs = {program.name: program for program in on(node)}
        if process not in programs:
            raise LookupError(f"{node} has no {process}: it has {', '.join(programs)}")
        run(read(data / SETTINGS), programs[process], node)
    except (LookupError, ValueError, OSError) as error:
        raise click.ClickException(str(error.args[0] if isinstance(error, LookupError) else error)) from None
