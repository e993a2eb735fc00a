"""Each command of `oslearn`, and the client without one, in a page: it runs, or it says in words why not.

Interface: `pages()`, what `run` of this package takes; `wrong(page)`, what went otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click
from tests.tab.labs import said

from oslearn.cli import main

HERE = "day2.1"
"""A lesson with a server."""
SAMPLES = {
    "check": "1.2", "lab break": "1", "lab hint": "", "lab end": "", "lab list": "", "lab reset": "day2 --yes",
    "lab start": "1.2", "openrc": "demo", "openstack": "server list", "processes": "", "progress": "", "reach": "vm1",
    "serve": "", "up": "", "node": "controller", "stop": "nova-api", "start": "nova-api", "trace": "--compare",
    "trace classic": "", "trace current": "", "trace show": "last", "whatif": "1 lose",
}  # fmt: skip
"""What stands behind each command; those of a lab in their order."""
MORE = ("openstack", "openstack --debug", "oslearn", "oslearn serve --data cloud", "oslearn trace --follow",
        "oslearn trace vm1", "python -m oslearn processes", "oslearn lab reset day2", "oslearn nothing",
        "openstack nothing")  # fmt: skip
REFUSED = {
    "oslearn up": "no processes of its own", "oslearn node controller": "a page is no node",
    "oslearn serve": "cannot listen on a port", "oslearn serve --data cloud": "cannot listen on a port",
    "oslearn trace --follow": "once a command has ended", "openstack": "its own prompt is not here",
    "openstack --debug": "its own prompt is not here", "python -m oslearn processes": "only its prompt is here",
    "oslearn lab reset day2": "with --yes", "oslearn nothing": "No such command",
    "openstack nothing": "is not an openstack command",
}  # fmt: skip
"""What does not run, and the words for it."""
ELSEWHERE = re.compile(r"Traceback|No module named|Errno|object at 0x|start `oslearn serve`|no cloud answers")
"""What a page has no reason to say."""


def named(group: click.Group, before: str = "") -> Iterator[str]:
    """The commands below a group, which may be commands themselves."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from named(command, f"{before}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{before}{name}"


def lines() -> list[str]:
    """All that is typed. Raises KeyError for a command that has no sample."""
    order = [*SAMPLES]
    every = sorted(named(main), key=order.index)
    return [
        *(f"oslearn {name} {SAMPLES[name]}".strip() for name in every),
        *(f"oslearn {name} --help" for name in every),
        *MORE,
    ]


def pages() -> Iterator[dict[str, Any]]:
    """One page, on which each is typed."""
    blocks = [{"line": at, "language": "typed", "text": line} for at, line in enumerate(lines())]
    yield {"name": "commands of oslearn", "lab": HERE, "drawn": False, "blocks": blocks}


def wrong(page: dict[str, Any]) -> Iterator[str]:
    """What is neither done nor said."""
    for block, line in zip(page["blocks"], lines(), strict=True):
        _, got = said(block)
        words = REFUSED.get(line)
        if ELSEWHERE.search(got) or (words and words not in got) or (not words and "[exit]" in got):
            yield f"{page['page']}: {line}\n{got[-1500:]}"
        if words and "[exit" not in got:
            yield f"{page['page']}: {line} went well\n{got[-1500:]}"
