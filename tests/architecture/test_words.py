"""Words that have no place in the pages, and paths that have none in the repository."""

import re
import tomllib
from pathlib import Path

import pytest

from architecture.sources import PAGES, name, tracked

LISTED = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))["words"]
MARKUP = re.compile(r"``.+?``|:\w+:`[^`]*`|`[^`]*`|(?<!\w)\*\S[^*]*\*(?!\w)|^ *(?:\$|>>>|\.\. ).*")
CODE = re.compile(
    r"^( *)(?:\.\. (?:code-block|code-tab|unexecuted|literalinclude|parsed-literal|toctree|csv-table)::|```)",
    re.MULTILINE,
)
RUN = -1
DOUBLED = re.compile(r"\b([a-z]{2,}) \1\b")


def prose(text):
    """The lines of a page that are sentences, each with its number: no code, no literal, no directive."""
    inside, fenced = None, False  # code ends where the indentation does, the output of Python at an empty line
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("```"):
            fenced = not fenced
            continue
        depth = len(line) - len(line.lstrip())
        if inside is not None and (depth <= inside if line.strip() else inside == RUN):
            inside = None
        if line.lstrip().startswith(">>> ") and inside is None:
            inside = RUN
        if opened := CODE.match(line):
            inside = len(opened[1])
        elif inside is None and not fenced and line.strip():
            yield number, MARKUP.sub("_", line)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_has_no_word_of_the_list_and_none_twice(path):
    found = []
    for number, line in prose(path.read_text(encoding="utf-8")):
        words = [word for word in LISTED if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line)]
        found += [f"{number}: {word!r}: write {LISTED[word] or 'nothing'!r}" for word in words]
        found += [f"{number}: {doubled[0]!r}" for doubled in DOUBLED.finditer(line)]
    assert found == []


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
