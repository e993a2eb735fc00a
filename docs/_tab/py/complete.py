"""What may stand where the cursor is: a program, a command of `openstack` or `oslearn`, an option, a name in the cloud.

Interface: `complete(shell, programs, line, at)` is where the word begins, and every word that begins as it does.
Commands and options are asked of the client's own parsers, and names of the cloud: what an option calls `<network>` is
what `openstack network list` lists. Nobody sees that in the trace.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import click
    from cliff.commandmanager import CommandManager

    from console import Shell

ENDS = ("|", "&&", "||", ";", "$(", "(")
"""After these a new command begins."""
LISTED = {"key-name": "keypair", "ext-network": "network", "project-domain": "domain", "user-domain": "domain",
          "group-domain": "domain", "new-size": "", "image-name": "image", "volume-type": "volume type",
          "security-group": "security group", "server-group": "server group", "floating-ip": "floating ip",
          "subnet-pool": "subnet pool", "qos-policy": "network qos policy", "snapshot": "volume snapshot",
          "backup": "volume backup", "availability-zone": "availability zone", "hypervisor": "hypervisor",
          "instance": "database instance", "datastore": "datastore", "ip-address": "floating ip"}  # fmt: skip
"""What `openstack ... list` calls a thing that options call otherwise."""
NAMES = ("Name", "Floating IP Address", "Hypervisor Hostname", "Zone Name", "ID")
"""The columns that have what one would type, the best first."""
FILES = ("file", "filename", "public-key", "private-key")


class Completion(NamedTuple):
    """Where the word begins in the line, and the words that may stand there."""

    start: int
    words: list[str]


def complete(shell: Shell, programs: Iterable[str], line: str, at: int) -> Completion:
    """What may stand at the cursor."""
    before = line[:at]
    begun = max((before.rfind(end) + len(end) for end in ENDS if end in before), default=0)
    words = before[begun:].split()
    if not words or before[-1].isspace():
        words.append("")
    *done, word = words
    found = sorted({one for one in offered(shell, programs, done, word) if one.startswith(word)})
    return Completion(at - len(word), [quoted(one) for one in found])


def quoted(word: str) -> str:
    """The word as a shell takes it.

    >>> quoted("vm1"), quoted("my net")
    ('vm1', "'my net'")
    """
    return word if re.fullmatch(r"[\w@%+=:,./-]*", word) else "'" + word.replace("'", "'\\''") + "'"


def offered(shell: Shell, programs: Iterable[str], done: list[str], word: str) -> Iterator[str]:
    """What may follow the words of a command, whatever it begins with."""
    while done and re.fullmatch(r"[A-Za-z_]\w*=.*", done[0]):
        done = done[1:]  # variables stand before it
    if not done:
        yield from programs
    elif done[-1] in (">", ">>", "<"):
        yield from files(shell)
    elif done[0] == "openstack":
        yield from of_openstack(shell, done[1:], word)
    elif done[0] == "oslearn":
        yield from of_oslearn(shell, done[1:], word)
    else:
        yield from files(shell)


def files(shell: Shell) -> Iterator[str]:
    """The files of the folder."""
    yield from (path.name + "/" * path.is_dir() for path in shell.directory.glob("[!.]*"))


# --- openstack --------------------------------------------------------------------------------------------------------


@cache
def manager() -> CommandManager:
    """What knows the client's commands."""
    from oslearn.course import client
    from start import GROUPS

    client._shell_class()
    first, *others = (f"openstack.{group}" for group in GROUPS if not group.startswith("cli"))
    made = client._manager_class()(first)
    for group in others:
        made.load_commands(group)
    return made


APP: Any = SimpleNamespace(
    NAME="openstack",
    stdout=None,
    client_manager=SimpleNamespace(
        is_network_endpoint_enabled=lambda: True,
        is_volume_endpoint_enabled=lambda version=None: True,
        region_name="",
    ),
)
"""All that a parser asks of the client."""


@cache
def parser(name: str) -> argparse.ArgumentParser:
    """The parser of a command."""
    APP.command_manager = manager()
    factory, _, _ = manager().find_command(name.split())
    made: argparse.ArgumentParser = factory(APP, None, cmd_name=name).get_parser(name)
    return made


def of_openstack(shell: Shell, done: list[str], word: str) -> Iterator[str]:
    """A word of a command's name, an option, or what an option or the command wants."""
    name, rest = command(done)
    longer = [one.split() for one in manager().commands if one.startswith(f"{name} " if name else "")]
    known = name in manager().commands
    if not rest:
        yield from {words[len(name.split())] for words in longer}
    if known:
        yield from wanted(shell, parser(name), rest, word)


def command(done: list[str]) -> tuple[str, list[str]]:
    """The longest beginning that names a command or a part of one, and the words behind it."""
    names = manager().commands
    for size in range(len(done), 0, -1):
        name = " ".join(done[:size])
        if name in names or (size == len(done) and any(one.startswith(f"{name} ") for one in names)):
            return name, done[size:]
    return "", done


def wanted(shell: Shell, of: argparse.ArgumentParser, rest: list[str], word: str) -> Iterator[str]:
    """What the last option wants; if it wants nothing, the command's options, or its next argument."""
    last = of._option_string_actions.get(rest[-1]) if rest else None
    if last is not None and last.nargs != 0:
        yield from values(shell, last)
    elif word.startswith("-"):
        yield from (option for action in of._actions if action.help != argparse.SUPPRESS
                    for option in action.option_strings if option.startswith("--"))  # fmt: skip
    else:
        arguments = [action for action in of._actions if not action.option_strings]
        place = given(of, rest)
        if arguments and (place < len(arguments) or arguments[-1].nargs in ("*", "+")):
            yield from values(shell, arguments[min(place, len(arguments) - 1)])


def given(of: argparse.ArgumentParser, rest: list[str]) -> int:
    """How many arguments the words have that are no options and belong to none."""
    count, at = 0, 0
    while at < len(rest):
        action = of._option_string_actions.get(rest[at])
        count += not rest[at].startswith("-")
        at += 1 + (action is not None and action.nargs != 0)
    return count


def values(shell: Shell, action: argparse.Action) -> Iterator[str]:
    """What an option or an argument may be."""
    if action.choices is not None:
        yield from map(str, action.choices)
        return
    for kind in re.findall(r"<([\w-]+)>", f"{action.metavar or f'<{action.dest}>'}"):
        if kind in FILES:
            yield from files(shell)
        elif f"{(plural := LISTED.get(kind, kind.replace('-', ' ')))} list" in manager().commands:
            yield from names(shell, plural)


def names(shell: Shell, kind: str) -> list[str]:
    """The names of all things of a kind in the cloud; none if it does not tell."""
    from oslearn.course import client
    from oslearn.trace.views import unseen

    listed = [*kind.split(), "list", "-f", "json"]
    with unseen(shell.cloud):
        done = client.capture(listed, shell.cloud, shell.environment(), cwd=shell.directory, watching=True)
    rows: list[dict[str, Any]] = []
    with contextlib.suppress(ValueError):
        rows = json.loads(done.stdout)
    columns = next((name for name in NAMES if rows and name in rows[0]), "")
    return [str(row[columns]) for row in rows if row.get(columns)]


# --- oslearn ----------------------------------------------------------------------------------------------------------


def of_oslearn(shell: Shell, done: list[str], word: str) -> Iterator[str]:
    """What `click` knows of the command, and what its argument is the name of."""
    import click
    from click.shell_completion import ShellComplete

    from oslearn.cli import main

    for item in ShellComplete(main, {"obj": None}, "oslearn", "_OSLEARN_COMPLETE").get_completions(done, word):
        if item.type == "plain":
            yield str(item.value)
    of: click.Command | None = main
    for name in done:
        of = of.commands.get(name) if isinstance(of, click.Group) else of
    if of is None or word.startswith("-"):
        return
    for argument in of.params:
        if isinstance(argument, click.Argument):
            yield from called(shell, str(argument.metavar or argument.name))


def called(shell: Shell, kind: str) -> Iterator[str]:
    """The names of what an argument calls so."""
    from oslearn.course import labs

    if "PROCESS" in kind:
        yield from (process.name for process in shell.desk.processes())
    elif "LESSON" in kind:
        yield from (lesson.id.removeprefix("day") for lesson in labs.lessons())
    elif "SERVER" in kind or kind == "what":
        yield from names(shell, "server")
