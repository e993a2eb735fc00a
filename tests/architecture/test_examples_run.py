"""Every example that a reader sees runs, or not_executed.toml says why it does not."""

import textwrap

import pytest
from sybil import Document

import pages
from architecture.sources import PAGES, name

RUNNING = {"python", "pycon", "console"}


def parsed(path):
    return Document.parse(str(path), pages.PageParser())


def not_run(document):
    """The blocks of a page that hold no example that runs."""
    starts = [region.start for _, region in document.regions]
    return [b for b in pages.blocks(document) if not any(b.start <= at < b.end for at in starts)]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_block_runs_or_is_listed(path):
    silent = [b for b in not_run(parsed(path)) if b.key not in pages.not_executed()]
    assert [f"{b.path}:{b.line} {b.language}: {b.first_line}" for b in silent] == []


def test_every_entry_of_the_list_is_needed_and_has_a_reason():
    present = {block.key for path in PAGES for block in not_run(parsed(path))}
    assert set(pages.not_executed()) - present == set(), "stale entries"
    assert all(len(reason.split()) >= 3 for reason in pages.not_executed().values())


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        (".. code-block:: bash\n\n   ls\n", ["bash"]),
        (".. code-block:: console\n\n   no prompt\n", ["console"]),
        (".. code-tab:: shell\n\n   ls\n", ["shell"]),
        (".. testcode::\n\n   x = 1\n", ["testcode"]),
        (".. code-block:: pycon\n\n   x = 1\n", ["pycon"]),
        (".. code-block:: toml\n\n   x = 1\n", []),
        (".. tabs::\n\n   .. tab:: A\n\n      .. code-block:: console\n\n         $ ls\n", []),
        (".. code-block:: python\n   :caption: A\n\n   x = 1\n", []),
    ],
)
def test_a_silent_block_is_seen(tmp_path, text, languages):
    page = tmp_path / "page.rst"
    page.write_text(textwrap.dedent(text), encoding="utf-8")
    assert [b.language for b in not_run(parsed(page))] == languages
