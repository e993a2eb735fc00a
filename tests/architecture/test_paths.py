"""A path that a page names is there: code that moves takes its readers along."""

import re

import pytest

from architecture.sources import PAGES, ROOT, name

NAMED = re.compile(r"(?<![\w/.])src/oslearn(?:/[\w./-]*[\w/])?")
MADE_UP = ("NAME",)
"""What stands for a name that a reader chooses."""


def paths(text: str) -> list[str]:
    """The paths of the package that a text names."""
    return [path for path in NAMED.findall(text) if not any(word in path for word in MADE_UP)]


def test_paths_are_found() -> None:
    """Were none found, the rule below could not fail."""
    assert paths("Look in ``src/oslearn/nova/``, src/oslearn/cloud.py. Not ../src/oslearn/x.py") == [
        "src/oslearn/nova/",
        "src/oslearn/cloud.py",
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_path_that_a_page_names_is_there(page) -> None:
    assert [path for path in paths(page.read_text("utf-8")) if not (ROOT / path).exists()] == []
