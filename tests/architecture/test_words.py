"""Words that have no place in the pages, and paths that have none in the repository."""

import re

import pytest

from architecture.sources import PAGES, name, tracked

BELITTLING = re.compile(r"\b(simply|just|easy|easily|obviously|of course)\b", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.{}<>/-])/(?:home|root|work|Users)/[\w.-]+")


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_never_says_that_something_is_easy(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{number}: {line}" for number, line in enumerate(lines, 1) if BELITTLING.search(line)] == []


def test_no_file_names_a_path_of_one_machine():
    found = {
        name(path): match[0]
        for path in tracked()
        if (match := MACHINE_PATH.search(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert found == {}
