"""What all commands share: an error is one line on the error stream, and a path has a name.

Interface: `Commands`, a group; `NamedPath`, the type of a path; `CLOUDS`, the option `--clouds-yaml`; `not_started`;
`checked(clouds_yaml)`; `reached(desk, clouds_yaml)`, the desk that a command works at;
`login(clouds_yaml, user)`, a session with the running cloud; `wrapped(text)`, prose for a terminal.
Invariants: what a user can cause ends in a line and a status that is not zero; a fault of ours is not hidden.
"""

from __future__ import annotations

import errno
import shutil
import socket
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from keystoneauth1.session import Session

    from oslearn.course.desk import Desk
    from oslearn.port.owner import Owner


class Commands(click.Group):
    """Commands that end in one line if a file, a folder or the machine is not as it must be."""

    def invoke(self, ctx: click.Context) -> object:
        """Raises ClickException."""
        from oslearn.port.folder import FolderError  # a command that touches no folder starts faster

        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise short(error) from None
        except (OSError, FolderError) as error:
            if getattr(error, "errno", None) == errno.EPIPE:
                raise
            raise click.ClickException(words(error)) from None
        except Exception as error:
            if not (told := told_by_database(error)):
                raise
            raise click.ClickException(told) from None

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Raises UsageError."""
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            raise short(error) from None


def short(error: click.UsageError) -> click.UsageError:
    """The same in a line; who typed no command at all gets the help."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())) or error.ctx is None:
        return error
    return click.UsageError(f"{words(error).removesuffix('.')}. See `{error.ctx.command_path} --help`.")


class NamedPath(click.Path):
    """A path that is not empty: that would be the folder in which the command was started."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(
        self, value: str | PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | PathLike[str]:
        """Raises BadParameter."""
        if not str(value).strip() or value == "":
            self.fail("it has no name", param, ctx)
        return super().convert(value, param, ctx)


CLOUDS = click.option(
    "--clouds-yaml",
    type=NamedPath(dir_okay=False),
    default=Path("clouds.yaml"),
    show_default=True,
    help="Where the client's settings are; the client looks in the folder it is started in.",
)


def not_started(clouds_yaml: Path) -> click.ClickException:
    """The error if there is no file of a running cloud."""
    return click.ClickException(f"{clouds_yaml} is not there: start `oslearn serve` first")


@contextmanager
def reached(desk: Desk | None, clouds_yaml: Path) -> Iterator[Desk | Owner]:
    """The learner's desk: the one that a caller of `main` gave as `obj`, or the running cloud's.

    What it says of a wrong name, or of a cloud that does not answer, ends the command. Raises ClickException.
    """
    from oslearn.port.owner import Owner, Unreachable

    try:
        yield desk or Owner(clouds_yaml)
    except FileNotFoundError as error:
        raise (not_started(clouds_yaml) if error.filename == str(clouds_yaml) else error) from None
    except (LookupError, Unreachable) as error:
        raise click.ClickException(" ".join(str(error.args[0]).split())) from None


def checked(clouds_yaml: Path) -> Path:
    """A file that the client can read, of a cloud that answers if it is oslearn's. Raises ClickException."""
    from yaml import YAMLError, safe_load

    try:
        found = safe_load(clouds_yaml.read_bytes())
    except (YAMLError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("clouds"), dict):
        raise click.ClickException(f"{clouds_yaml} is broken: the client finds no clouds in it")
    if "oslearn" in found and not answers(found["oslearn"]):
        raise click.ClickException(f"no cloud answers that {clouds_yaml} names: start `oslearn serve`")
    return clouds_yaml


def answers(cloud: Mapping[str, str]) -> bool:
    """Whether something listens where a cloud was."""
    try:
        place = urlsplit(cloud["url"])
        socket.create_connection((place.hostname or "", place.port or 80), timeout=10).close()
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def login(clouds_yaml: Path, user: str) -> Session:
    """A session with the running cloud. Raises FileNotFoundError, LookupError, ValueError."""
    from keystoneauth1.identity import v3
    from keystoneauth1.session import Session

    from oslearn.port import settings

    clouds = settings.read(clouds_yaml)["clouds"]
    if user not in clouds:
        raise LookupError(f"{clouds_yaml} has no cloud {user}")
    return Session(v3.Password(**clouds[user]["auth"]))


def wrapped(text: str, indent: int = 2) -> str:
    """Prose for a terminal."""
    margin = " " * indent
    width = min(shutil.get_terminal_size().columns, 100)
    return textwrap.fill(text, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)


def words(error: BaseException) -> str:
    """An error in a line."""
    if isinstance(error, click.ClickException):
        return " ".join(error.format_message().split())
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split())


def told_by_database(error: Exception) -> str:
    """What a database said, of an error that came from there."""
    known = sys.modules.get("sqlalchemy.exc")  # what was never imported has raised nothing
    return words(error.orig) if known and isinstance(error, known.DBAPIError) and error.orig else ""
