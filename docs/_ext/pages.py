"""Find and run the examples of the pages: Sybil's parsers, and ours for ``console`` blocks.

The tests (conftest.py), ``make examples`` (examples.py) and the architecture test use the same parsers, so that they
agree on what an example is.
"""

from __future__ import annotations

import doctest
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sybil import Document, Example, Region, Sybil
from sybil.document import PythonDocStringDocument
from sybil.evaluators.doctest import OutputChecker
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract import DocTestStringParser
from sybil.parsers.abstract.lexers import LexerCollection
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from sybil.parsers.rest.lexers import DirectiveLexer
from sybil.region import Lexeme
from sybil.sybil import SybilCollection

import served
from console import Command, Shell, commands, lab_of, shown

ROOT = Path(__file__).parents[2]
LISTED = ROOT / "tests" / "architecture" / "not_executed.toml"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

#: What a reader may take for an example that works. `python`, `pycon` and `console` run; the others may not be used.
EXAMPLE_LANGUAGES = {"python", "python3", "py", "pycon", "console", "bash", "sh", "shell", "shell-session", "doctest"}
TEST_DIRECTIVES = "doctest|testcode|testsetup|testcleanup|testoutput"
REST = LexerCollection([DirectiveLexer(rf"code-block|sourcecode|code-tab|code|{TEST_DIRECTIVES}")])
MARKDOWN = LexerCollection([FencedCodeBlockLexer(r"[\w-]+")])


@dataclass(frozen=True)
class Block:
    """A code block of a page: its language, where its directive begins, and where its inside stands."""

    path: str
    line: int
    language: str
    start: int
    inside: int
    end: int
    source: Lexeme

    @property
    def first_line(self) -> str:
        return next((line.strip() for line in self.source.splitlines() if line.strip()), "")

    @property
    def key(self) -> tuple[str, str]:
        return self.path, self.first_line


def blocks(document: Document) -> Iterator[Block]:
    """Yield the blocks of a page whose language is one of `EXAMPLE_LANGUAGES`, whether they run or not."""
    markdown = document.path.endswith(".md")
    for region in (MARKDOWN if markdown else REST)(document):
        source = region.lexemes["source"]
        words = (region.lexemes["language"] if markdown else region.lexemes["arguments"] or "").split()
        directive = region.lexemes.get("directive", "")
        language = directive if directive in TEST_DIRECTIVES.split("|") else (words or [""])[0].lower()
        if language in EXAMPLE_LANGUAGES or language == directive:
            inside = region.start + source.offset
            line = document.text.count("\n", 0, region.start) + 1
            yield Block(
                relative(document.path), line, language, region.start, inside, _inside_end(document, region), source
            )


def _inside_end(document: Document, region: Region) -> int:
    """Where the source ends: a Markdown region also holds the closing fence, a reST one may lack its last newline."""
    source = region.lexemes["source"]
    if "language" in region.lexemes:
        return document.text.rindex("\n", 0, region.end) + 1
    ends_inside_a_line = document.text[region.end - 1 : region.end] != "\n"
    return region.end + ends_inside_a_line if region.end < len(document.text) and source else region.end


def relative(path: str) -> str:
    """The path as the repository names it."""
    resolved = Path(path).resolve()
    return resolved.relative_to(ROOT).as_posix() if resolved.is_relative_to(ROOT) else path


@cache
def not_executed() -> dict[tuple[str, str], str]:
    """The blocks that do not run, by file and first line, with the reason."""
    entries = tomllib.loads(LISTED.read_text(encoding="utf-8")).get("block", [])
    return {(entry["file"], entry["first_line"]): entry["reason"] for entry in entries}


class Recorder(OutputChecker):
    """Compares as doctest does, and keeps what the example printed: `make examples` writes it."""

    got: str | None = None

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        self.got = got
        return super().check_output(want, got, optionflags)


class PageParser:
    """Yields the examples of a page: console commands, ``python`` blocks and ``>>>`` wherever it stands."""

    def __init__(self) -> None:
        self.checker = Recorder()
        evaluator = served.PythonEvaluator(FLAGS)
        evaluator.runner._checker = self.checker  # type: ignore[attr-defined]
        self.doctests = DocTestStringParser(evaluator)
        self.python = PythonEvaluator()

    def __call__(self, document: Document) -> Iterable[Region]:
        found = list(blocks(document))
        skipped = [block for block in found if block.key in not_executed()]
        regions = [*self._doctests(document, found)]
        for block in found:
            if block.language == "console":
                regions += self._console(document, block)
            elif block.language == "python" and not block.source.lstrip().startswith(">>>"):
                regions.append(Region(block.start, block.end, block.source, self.python))
        for region in regions:
            if not any(block.start <= region.start < block.end for block in skipped):
                yield region

    def _doctests(self, document: Document, found: list[Block]) -> Iterator[Region]:
        if not document.path.endswith(".md"):
            yield from self.doctests(document.text, document.path)
            return
        for block in found:  # in Markdown the closing fence would count as output
            if block.language in ("python", "pycon"):
                for region in self.doctests(document.text[block.inside : block.end], document.path):
                    region.start += block.inside
                    region.end += block.inside
                    yield region

    def _console(self, document: Document, block: Block) -> Iterator[Region]:
        shell = _shell(document)
        for command in commands(document.text, block.inside, block.end):
            yield Region(command.start, command.end, command, ConsoleEvaluator(shell, self.checker))


class ConsoleEvaluator:
    """Runs one command and compares its output and exit code with the page."""

    def __init__(self, shell: Shell, checker: Recorder) -> None:
        self.shell, self.checker = shell, checker

    def __call__(self, example: Example) -> str | None:
        command: Command = example.parsed
        output, code = self.shell.run(command.text)
        self.checker.got = None
        if code != command.exit_code:
            return f"$ {command.text}\nexit code {code}, but the page says {command.exit_code}\n{output}"
        got = shown(output, code)
        if self.checker.check_output(command.want, got, FLAGS):
            return None
        wanted = doctest.Example(command.text, command.want)
        return f"$ {command.text}\n" + self.checker.output_difference(wanted, got, FLAGS)


def _shell(document: Document) -> Shell:
    """The document's one shell; its namespace stays the reader's own."""
    shell = getattr(document, "shell", None)
    if shell is None:
        shell = document.shell = Shell(lab_of(document.text))  # type: ignore[attr-defined]
    return shell


def suite() -> SybilCollection:
    """Everything that pytest runs: the pages, the README and the docstrings of the source and of the site."""
    docstrings = [
        Sybil(
            path=str(ROOT / folder),
            patterns=["*.py"],
            document_types={".py": PythonDocStringDocument},
            parsers=[lambda document: PageParser().doctests(document.text, document.path)],
        )
        for folder in ("src", "docs/_ext")
    ]
    pages = Sybil(path=str(ROOT / "docs"), patterns=["*.rst"], parsers=[PageParser()])
    readme = Sybil(path=str(ROOT), patterns=["README.md"], parsers=[PageParser()])
    return SybilCollection([pages, readme, *docstrings])
