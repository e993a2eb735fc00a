"""The `oslearn` command, and what its subcommands share.

Interface: `main`, the group of all commands.
"""

from oslearn.cli.commands import main

__all__ = ["main"]
