"""Commands that do not run stand in an `unexecuted` block, which says why; the site lists them all."""

import re

import pytest
from sybil import Document
from sybil.parsers.rest.lexers import DirectiveLexer

import pages
from architecture.sources import PAGES, name

MOST = 32
"""Commands on all pages that may stay unexecuted: those in a server, and those that never end."""
ELSEWHERE = "make test-apart"
"""What runs the commands that need more than this machine may have: they are run, but not here."""
PROMPT = re.compile(r"^ +\$ .*", re.MULTILINE)
BARE = re.compile(r"^ *(?:sudo|ssh|openstack|oslearn|\.venv/bin/\w+) .*", re.MULTILINE)
MARKED = DirectiveLexer("unexecuted")
PLAIN = DirectiveLexer("code-block|code-tab|parsed-literal", arguments=r"(?:text|none|)")
RST = [path for path in PAGES if path.suffix == ".rst"]


def parsed(path):
    return Document(path.read_text(encoding="utf-8"), str(path))


def unmarked(document):
    """Lines that look like commands and stand neither in a block that runs nor in a marked one."""
    running = [(block.start, block.end) for block in pages.blocks(document)]
    marked = [(region.start, region.end) for region in MARKED(document)]
    found = list(PROMPT.finditer(document.text))
    for region in PLAIN(document):
        found += BARE.finditer(document.text, region.start, region.end)
    return [m[0].strip() for m in found if not any(a <= m.start() < b for a, b in (*running, *marked))]


@pytest.mark.parametrize("path", RST, ids=name)
def test_a_command_that_does_not_run_is_marked(path):
    assert unmarked(parsed(path)) == []


def test_each_mark_has_a_reason_and_they_are_few():
    regions = [region for path in RST for region in MARKED(parsed(path))]
    reasons = [region.lexemes["arguments"] for region in regions]
    assert all(len(reason.split()) >= 3 for reason in reasons), reasons
    nowhere = [region for region in regions if ELSEWHERE not in region.lexemes["arguments"]]
    lines = [line for region in nowhere for line in region.lexemes["source"].splitlines()]
    commands = [line for line in lines if line.startswith("$ ")]
    assert 0 < len(commands) <= MOST, commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".. code-block:: text\n\n   $ lsblk\n", ["$ lsblk"]),
        ("So::\n\n   $ lsblk\n", ["$ lsblk"]),
        (".. code-block:: text\n\n   sudo umount /data\n", ["sudo umount /data"]),
        (".. unexecuted:: it runs in the server.\n\n   $ lsblk\n\n   $ df\n", []),
        (".. code-block:: console\n\n   $ ls\n", []),
        (".. code-block:: text\n\n   GET / HTTP/1.1\n", []),
    ],
)
def test_an_unmarked_command_is_seen(tmp_path, text, found):
    page = tmp_path / "page.rst"
    page.write_text(text, encoding="utf-8")
    assert unmarked(parsed(page)) == found
