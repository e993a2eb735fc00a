"""The `oslearn` command."""

from __future__ import annotations

import gc
import os
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from oslearn import __version__
from oslearn.cli import apart, broken, running
from oslearn.cli import lessons as labs
from oslearn.cli.console import CLOUDS, Commands, NamedPath, checked, login, not_started
from oslearn.cli.watch import trace
from oslearn.cli.whatif import whatif
from oslearn.core.config import Config

if TYPE_CHECKING:
    from oslearn.course.desk import Desk


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="oslearn")
def main() -> None:
    """An OpenStack whose boot you can read in an afternoon."""


main.add_command(labs.lab)
labs.lab.add_command(broken.break_)
labs.lab.add_command(broken.hint)
labs.lab.add_command(broken.end)
main.add_command(labs.check)
main.add_command(labs.progress)
main.add_command(trace)
main.add_command(whatif)
main.add_command(running.processes)
main.add_command(running.stop)
main.add_command(running.start)
main.add_command(apart.up)
main.add_command(apart.node)


class Seconds(click.FloatRange):
    """A time. What is no number lies outside of no range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises BadParameter."""
        found = float(super().convert(value, param, ctx))
        return found if found == found else self.fail("nan is no time", param, ctx)


SECONDS = Seconds(0, 3600)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8774, show_default=True, help="0 takes a free one.")
@click.option("--hosts", type=click.IntRange(0, 10_000), default=3, show_default=True, help="Compute hosts.")
@click.option(
    "--flow", type=click.Choice(["current", "classic"]), default="current", show_default=True, help="How it boots."
)
@click.option("--empty", is_flag=True, help="No image, flavor or network: what a fresh installation has.")
@click.option("--data", type=NamedPath(file_okay=False), help="Keep everything in this folder, which is for you alone.")
@click.option("--pace", type=SECONDS, default=0.0, metavar="SECONDS", help="Let work take that long.")
@click.option(
    "--admin-password-file",
    type=click.File(encoding="utf-8"),
    help="Its first line is the admin's password, - reads it from the input; or set OSLEARN_ADMIN_PASSWORD. "
    "Everybody on the machine can read a command line. Generated if not given.",
)
@click.option(
    "--allowed-host", "allowed", multiple=True, metavar="NAME", help="A name of this machine besides localhost."
)
@click.option("--verbose", is_flag=True, help="Print a line for each request.")
@CLOUDS
def serve(
    port: int,
    hosts: int,
    flow: str,
    empty: bool,
    data: Path | None,
    pace: float,
    admin_password_file: TextIO | None,
    allowed: tuple[str, ...],
    verbose: bool,
    clouds_yaml: Path,
) -> None:
    """Serve every API on one port of this machine, until Ctrl-C."""
    gc.disable()  # what a start makes stays: to look for garbage in it takes a tenth of its time
    from oslearn.port import server as serving
    from oslearn.port import settings

    try:
        settings.writable(clouds_yaml)
        config = Config(hosts=hosts, flow=flow, flavors=not empty, pace=pace)
        passwords = admin_password(admin_password_file)
        server = serving.Server(
            port, config, empty=empty, data=data, passwords=passwords, hosts=allowed, verbose=verbose
        )
    finally:
        gc.enable()
    gc.freeze()
    gc.set_threshold(20_000)  # a boot makes thousands of objects and few that refer to each other
    with closing(server), suppress(KeyboardInterrupt):
        settings.write(clouds_yaml, server.settings())
        click.echo(f"The cloud answers at {server.url}. Stop it with Ctrl-C. In another terminal:\n")
        click.echo("  export OS_CLOUD=oslearn-demo\n  openstack image list\n  oslearn trace last")
        server.run()


def admin_password(file: TextIO | None) -> dict[str, str]:
    """The admin's password, if somebody chose it. Raises ClickException."""
    if file is None:
        chosen = os.environ.get("OSLEARN_ADMIN_PASSWORD", "")
        return {"admin": chosen} if chosen else {}
    try:
        chosen = file.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        chosen = ""
    if not chosen:
        raise click.ClickException(f"{file.name} has no password in its first line")
    return {"admin": chosen}


@main.command()
@click.argument("user", default="demo")
@CLOUDS
def openrc(user: str, clouds_yaml: Path) -> None:
    """Print the shell lines that log a user in."""
    from oslearn.port import settings

    try:
        click.echo(settings.openrc(clouds_yaml, user))
    except FileNotFoundError:
        raise not_started(clouds_yaml) from None
    except (LookupError, ValueError) as error:
        raise click.ClickException(str(error.args[0])) from None


@main.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.option("--data", type=NamedPath(file_okay=False), help="The folder of a cloud that is not served.")
@CLOUDS
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def openstack(data: Path | None, clouds_yaml: Path, words: tuple[str, ...]) -> None:
    """Run the real openstack client here: against the running cloud, or with --data against a folder's.

    Without OS_CLOUD or OS_AUTH_URL it is the user demo.
    """
    from oslearn.course import client

    if find_spec("openstackclient") is None:
        raise click.ClickException("the client is not installed: pip install 'oslearn[clients]'")
    environ = dict(os.environ)
    if data is not None:
        from oslearn.port.clouds import folder_cloud

        cloud = folder_cloud(data, Config())
        user = environ.get("OS_CLOUD", "oslearn-demo").removeprefix("oslearn-")
        if user not in cloud.passwords:
            raise click.ClickException(f"{data} has no user {user}")
        raise SystemExit(client.run(words, cloud, environ | client.credentials(cloud, user)))
    if clouds_yaml.exists():
        environ["OS_CLIENT_CONFIG_FILE"] = str(checked(clouds_yaml).resolve())
    elif not environ.keys() & {"OS_CLOUD", "OS_AUTH_URL"}:
        raise not_started(clouds_yaml)
    if "OS_AUTH_URL" not in environ:
        environ.setdefault("OS_CLOUD", "oslearn-demo")
    raise SystemExit(client.run(words, environ=environ))


@main.command()
@click.argument("destination", metavar="ADDRESS|SERVER")
@click.option("--from", "source", metavar="ADDRESS|SERVER", default="198.51.100.1", show_default="an address outside")
@click.option("--port", type=click.IntRange(1, 65535), default=22, show_default=True)
@click.option("--protocol", default="tcp", show_default=True, help="icmp has no port.")
@CLOUDS
@click.pass_obj
def reach(desk: Desk | None, destination: str, source: str, port: int, protocol: str, clouds_yaml: Path) -> None:
    """Say whether a packet gets there, hop by hop, and what to repair if it does not.

    You see what your project has. Without OS_CLOUD it is the user demo's.
    """
    from keystoneauth1.exceptions import ClientException

    from oslearn.course import reach as way

    user = os.environ.get("OS_CLOUD", "oslearn-demo")
    try:
        session = desk.cloud.connect(user.removeprefix("oslearn-")).session if desk else login(clouds_yaml, user)
        found = way.ask(session, source, destination, None if protocol == "icmp" else port, protocol)
    except FileNotFoundError:
        raise not_started(clouds_yaml) from None
    except (ClientException, LookupError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(way.text(found))
    raise SystemExit(int(not found["reaches"]))
