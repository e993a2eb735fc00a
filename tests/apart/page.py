"""The commands of *Three nodes* that only a cloud apart can run, typed into bash, and what the page shows of them.

Interface: `shown()`; `differences(cloud)`, as lines. The first command has started the cloud; the others are typed one
after the other in one shell.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.apart.cloud import COMMAND, Apart

from console import Command, commands

PAGE = Path(__file__).parents[2] / "docs" / "day4" / "three-nodes.rst"
BLOCK = re.compile(r"^\.\. unexecuted:: [^\n]*make test-apart[^\n]*\n\n((?:   [^\n]*\n|\n)+)", re.MULTILINE)
END = "oslearn-typed"
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def shown() -> list[Command]:
    """What the page has to be typed."""
    text = PAGE.read_text("utf-8")
    return [command for block in BLOCK.finditer(text) for command in commands(text, block.start(1), block.end(1))]


class Terminal:
    """A shell in which one command after the other is typed."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.shell = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=os.environ | {"PATH": path}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def type(self, command: str) -> str:
        """What it prints."""
        assert self.shell.stdin
        assert self.shell.stdout
        self.shell.stdin.write(f"{{ {command}\n}} < /dev/null\necho {END}\n")  # else it reads what is typed next
        self.shell.stdin.flush()
        lines = []
        while (line := self.shell.stdout.readline()) and line.strip() != END:
            lines.append(line)
        return "".join(lines)

    def close(self) -> None:
        """End the shell."""
        self.shell.communicate()


def differences(cloud: Apart) -> Iterator[str]:
    """Where what happens is not what the page shows."""
    first, *others = shown()
    if first.text != COMMAND:
        yield f"the page starts the cloud by {first.text}, the test by {COMMAND}"
    if cloud.database == "postgresql":  # the page's
        yield from differs(first, cloud.ready)
    terminal = Terminal(cloud.folder)
    for command in others:
        yield from differs(command, terminal.type(command.text))
    terminal.close()


def differs(command: Command, got: str) -> Iterator[str]:
    """The command with both outputs, if they are not alike."""
    if not doctest.OutputChecker().check_output(command.want, got, LIKE):
        yield f"$ {command.text}\nshown:\n{command.want}\ngot:\n{got}"
