"""``make examples``: run the pages' examples and write their outputs into the pages.

    python docs/_ext/examples.py docs README.md

Nobody types an output. An output that still matches stays as it is, so that a ``...`` in it stays too; another is
replaced, and of its lines with ``...`` those stay that match a new line. What a run cannot repair stops it, with file
and line: an exception, or an exit code that the page does not state.
"""

from __future__ import annotations

import doctest
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sybil import Document, Example
from sybil.evaluators.doctest import OutputChecker
from sybil.example import SybilFailure

from console import Command
from pages import FLAGS, PageParser, relative


class ExampleError(Exception):
    """An example that fails in a way that no new output mends."""


def rewrite(path: Path) -> bool:
    """Run the page at `path` from top to bottom and write its outputs; True if the page changed."""
    before = path.read_text(encoding="utf-8")
    after = corrected(path)
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


def corrected(path: Path) -> str:
    """Return the text of the page with the outputs of a run."""
    parser = PageParser()
    document = Document.parse(str(path), parser)
    changes = []
    for example in document.examples():
        got, failure = _run(example, parser)
        if failure is None:
            continue
        if got is None:
            raise ExampleError(f"{relative(str(path))}:{example.line}: {failure}")
        changes.append(_change(example, got))
    text = document.text
    for start, end, output in reversed(changes):
        text = text[:start] + output + text[end:]
    return text


def _run(example: Example, parser: PageParser) -> tuple[str | None, str | None]:
    """What an example printed, if it came so far, and why it fails, if it does."""
    parser.checker.got = None
    failure = _failure(example)
    return parser.checker.got, failure


def _failure(example: Example) -> str | None:
    try:
        example.evaluate()
    except SybilFailure as failure:
        return failure.result if isinstance(failure.result, str) else str(failure)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _change(example: Example, got: str) -> tuple[int, int, str]:
    """Where in the page which text has to stand so that the example passes."""
    if isinstance(example.parsed, Command):
        command = example.parsed
        output = "".join(_indented(merge(command.want, got), command.indent))
        return command.output_start, command.end, _ended(output, example.document.text[command.output_start - 1])
    test: doctest.Example = example.parsed
    page = example.document.text[example.region.start : example.region.end]
    want_lines = test.want.count("\n")
    lines = page.splitlines(keepends=True)
    size = sum(map(len, lines[len(lines) - want_lines :])) if want_lines else 0
    new = test.want.replace(test.exc_msg, got) if test.exc_msg else merge(test.want, blank_lines(got))
    return example.region.end - size, example.region.end, "".join(_indented(new, " " * test.indent))


def _ended(output: str, before: str) -> str:
    """Begin on a line of its own where the page ends right after the command."""
    return output if before == "\n" or not output else "\n" + output


def _indented(text: str, indent: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"{indent}{line}\n" if line else "\n"


def blank_lines(got: str) -> str:
    """An empty line ends a doctest's output, so the page shows a word for it."""
    return "".join(f"{line.rstrip() or '<BLANKLINE>'}\n" for line in got.splitlines())


def merge(want: str, got: str) -> str:
    """Return `got`, in which lines of `want` with ``...`` stand for the lines that they match."""
    old, new = want.splitlines(), got.splitlines()
    if "..." not in want:
        return got
    pairs = {-1: -1, len(old): len(new)} | dict(_aligned(old, new))
    kept = {j: old[i] for i, j in pairs.items() if 0 <= i < len(old)}
    dropped = set()
    for i, line in enumerate(old):
        if line.strip() == "..." and i - 1 in pairs and i + 1 in pairs:
            first, last = pairs[i - 1] + 1, pairs[i + 1]
            if first < last:
                kept[first] = line
                dropped |= set(range(first + 1, last))
    result = "".join(f"{kept.get(j, line)}\n" for j, line in enumerate(new) if j not in dropped)
    return result if OutputChecker().check_output(result, got, FLAGS) else got


def _aligned(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """The longest common subsequence: pairs of an old and a new line that match; a bare ``...`` matches none here."""
    checker = OutputChecker()

    def match(a: str, b: str) -> bool:
        return a.strip() != "..." and checker.check_output(a + "\n", b + "\n", FLAGS)

    best: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            skip = max(best.get((i + 1, j), []), best.get((i, j + 1), []), key=len)
            take = [(i, j), *best.get((i + 1, j + 1), [])] if match(old[i], new[j]) else []
            best[i, j] = take if len(take) > len(skip) else skip
    return best.get((0, 0), [])


def pages(arguments: Iterable[str]) -> Iterator[Path]:
    """The files named, and the pages in the folders named."""
    for argument in map(Path, arguments):
        if argument.is_dir():
            yield from sorted(argument.rglob("*.rst"))
        elif argument.exists():
            yield argument


def main(arguments: list[str]) -> int:
    """Rewrite the pages; 1 if an example failed."""
    status = 0
    for path in pages(arguments):
        try:
            if rewrite(path):
                print(f"{relative(str(path))}: outputs renewed")
        except ExampleError as error:
            print(error, file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
