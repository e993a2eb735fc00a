"""What a line of a console block is: a command, prose, an error, a part of a table.

Interface: `kinds(lines)`, a class for each. The built pages (terminal.py) and the terminal in the reader's browser
(docs/_tab) look alike by it; needs no Sphinx.

    os-c     a command, os-m its continuation
    os-o     prose, os-k with an indentation or a first column that stays; os-e what a command said that failed
    os-t     what stands in columns, os-r the rule of a table
    os-x     the exit code
"""

from __future__ import annotations

import re

ROW = 104
"""A longer line is no row of a table but prose."""
EXIT = re.compile(r"\[exit \d+\]")
RULE = re.compile(r"\+[-=+]+\+")
ERROR = re.compile(r"(Error|\w*(Exception|Error)\b.*):")
COLUMNS = re.compile(r"\S {2,}\S")


def kinds(lines: list[str]) -> list[str]:
    """What each line is, as a class.

    >>> kinds(["$ openstack server show vm1 \\\\", "  -c name", "No Server found for vm1", "[exit 1]"])
    ['os-c', 'os-c os-m', 'os-e', 'os-x']
    >>> kinds(["$ openstack network list", "+----+", "| ID |", "+----+", "", "done"])
    ['os-c', 'os-r', 'os-t', 'os-r', 'os-o', 'os-o']
    """
    found: list[str] = []
    goes_on = False
    for line in lines:
        found.append("os-c os-m" if goes_on else kind(line))
        goes_on = found[-1].startswith("os-c") and line.rstrip().endswith("\\")
        if found[-1] == "os-x":
            for at in range(len(found) - 2, -1, -1):  # what was said before the exit code is the error
                if found[at] != "os-o":
                    break
                found[at] = "os-e"
    return found


def kind(line: str) -> str:
    """What a line is that continues none."""
    if line.startswith("$ "):
        return "os-c"
    if EXIT.fullmatch(line):
        return "os-x"
    if RULE.fullmatch(line.strip()):
        return "os-r"
    if line.lstrip().startswith("|"):
        return "os-t"
    if ERROR.match(line) or (len(line) > ROW and not line.startswith("  ")):
        return "os-o"
    if len(COLUMNS.findall(line)) > 1 and len(line) <= ROW:
        return "os-t"
    return "os-o os-k" if line.startswith("  ") or COLUMNS.search(line) else "os-o"
