"""The part of a POSIX shell that the pages use, for a place that has none: the reader's browser.

Interface: `Machine(more)` runs a line, as `console.Machine` does; `more` are programs beside those of programs.py;
`ShellError`; `Shell`, a line on its way.
Grammar: words with '...', "...", \\, $NAME, ${NAME}, $(command) and *; NAME=value before a command; `|`, `&&`, `||`,
`;`, `>`, `>>`, `<`, `2>&1`, `2>/dev/null`; comments. No loops, no functions, no jobs.
As in bash, of a line that breaks the grammar nothing runs. Another program than those is refused by name.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from joints import Walk, hangs, lists, unexpected
from programs import PROGRAMS, Place, Program, ProgramError

OPERATORS = (">>", "2>&1", "2>", "|", ">", "<")
NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+|\?))")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
GLOB = re.compile(r"[*?]")
NO_JOBS = "this page runs one command after the other, and nothing in the background: leave the & out"


class ShellError(Exception):
    """What bash prints of a line that it cannot run; `code` is how that ends."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Token:
    """A word, or an operator."""

    text: str
    is_operator: bool = False


@dataclass
class Stage:
    """One command of a pipe: its words, the variables before it, where it reads and writes."""

    words: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    source: str | None = None
    target: str | None = None
    appends: bool = False
    is_quiet: bool = False


class Machine:
    """What stands for a page's bash."""

    def __init__(self, more: Mapping[str, Program] | None = None) -> None:
        self.programs = {**PROGRAMS, **(more or {})}

    def __call__(
        self, line: str, given: str | None, directory: Path, environment: Mapping[str, str]
    ) -> tuple[str, int]:
        """Run a line that reads `given`; what it prints, errors too, and its exit code."""
        shell = Shell(Place(directory, dict(environment)), self.programs, given)
        output = shell.run(line)
        return output, shell.status


class Shell:
    """A line on its way: where it runs and with what, what it may read, and how its last command ended."""

    def __init__(self, place: Place, programs: Mapping[str, Program], given: str | None = None) -> None:
        self.place, self.programs, self.given, self.status = place, programs, given, 0

    def run(self, line: str) -> str:
        """Run all commands of a line and return what they print."""
        printed = list[str]()
        try:
            for output in self.outputs(line):
                printed.append(output)  # what ran before an error has printed, too
        except ShellError as error:
            self.status = error.code
            printed.append(f"bash: {error}\n")
        return "".join(printed)

    def outputs(self, line: str) -> Iterator[str]:
        """What each pipe of a line prints. Raises ShellError."""
        if token := unexpected(line):
            raise ShellError(NO_JOBS if token == "&" else f"syntax error near unexpected token `{token}'")
        if hangs(line):
            raise ShellError("syntax error: unexpected end of file")
        for joint, text in lists(line):
            if joint == ";" or (self.status == 0) == (joint == "&&"):
                yield self.pipe(stages(Reader(self, text).tokens()))

    def pipe(self, commands: list[Stage]) -> str:
        """Run the commands of a pipe; the output of the last, and the errors of all."""
        data, errors = self.given, ""
        for stage in commands:
            if not stage.words:
                self.place.variables.update(stage.variables)
                continue
            said, told = self.stage(stage, data)
            errors += "" if stage.is_quiet else told
            data = self.kept(stage, said)
        return ("" if data is None else data) + errors

    def stage(self, stage: Stage, data: str | None) -> tuple[str, str]:
        """Run one command; output and errors."""
        name, *words = stage.words
        program = self.programs.get(name)
        if program is None:
            self.status = 127
            return "", f"bash: {name}: not among the programs of this page. In the terminal, help names them.\n"
        try:
            if said := self.refused(stage):
                return "", said
            if stage.source is not None:
                data = self.place.read(stage.source)
            said, self.status = program(words, data, self.placed(stage))
        except ProgramError as error:
            self.status = error.code
            return "", f"{name}: {error}\n"
        except OSError as error:
            self.status = 1
            return "", f"{name}: {Path(error.filename or '').name}: {error.strerror}\n"
        except (ValueError, LookupError, TypeError, re.error) as error:
            if name not in PROGRAMS:
                raise
            self.status = 2
            return "", f"{name}: this one does not understand {' '.join(words) or 'nothing'}: {error}\n"
        return said, ""

    def placed(self, stage: Stage) -> Place:
        """Where a command runs: variables that stand before it are its own."""
        if not stage.variables:
            return self.place
        return Place(self.place.directory, self.place.variables | stage.variables)

    def refused(self, stage: Stage) -> str:
        """Open where the command writes, before it runs; what bash says if that cannot be, and nothing runs then."""
        if stage.target is None or stage.target == "/dev/null":
            return ""
        try:
            (self.place.directory / stage.target).open("a").close()
        except OSError as error:
            said, self.status, stage.target = f"bash: {stage.target}: {error.strerror}\n", 1, None
            return said
        return ""

    def kept(self, stage: Stage, said: str) -> str:
        """Write what was said where the command says; what is left for the pipe."""
        if stage.target is None:
            return said
        if stage.target != "/dev/null":
            with (self.place.directory / stage.target).open("a" if stage.appends else "w", newline="") as file:
                file.write(said)
        return ""

    def value(self, found: re.Match[str]) -> str:
        """What a variable holds."""
        name = found[1] or found[2]
        special = {"?": str(self.status), "PWD": str(self.place.directory)}
        return special.get(name) or self.place.variables.get(name, "")


class Reader:
    """Reads one pipe of a line into words and operators."""

    def __init__(self, shell: Shell, line: str) -> None:
        self.shell, self.line, self.at = shell, line, 0
        self.found: list[Token] = []
        self.word: list[str] | None = None
        self.is_pattern = True  # as long as no part of the word was quoted

    def tokens(self) -> list[Token]:
        """All of them. Raises ShellError for a quote that is open."""
        while self.at < len(self.line):
            char = self.line[self.at]
            operator = next((op for op in OPERATORS if self.line.startswith(op, self.at)), None)
            if operator and (self.word is None or not operator.startswith("2")):
                self.close()
                self.found.append(Token(operator, True))
                self.at += len(operator)
            elif char.isspace():
                self.close()
                self.at += 1
            elif char == "#" and self.word is None:
                end = self.line.find("\n", self.at)
                self.at = len(self.line) if end < 0 else end
            else:
                part = self.part(char)
                self.word = self.word or []
                self.word.append(part)
        self.close()
        return self.found

    def part(self, char: str) -> str:
        """The next part of a word: quoted, a value, what a command prints, or a character."""
        if char == "'":
            return self.single()
        if char == '"':
            return self.double()
        if char == "\\" and self.at + 1 < len(self.line):
            self.is_pattern = False
            self.at += 2
            return self.line[self.at - 1]
        return self.value_or_character(char)

    def value_or_character(self, char: str) -> str:
        """`$(...)`, `$NAME`, or one character."""
        if self.line.startswith("$(", self.at):
            return self.inner()
        if found := NAME.match(self.line, self.at):
            self.at = found.end()
            return self.shell.value(found)
        self.at += 1
        return char

    def single(self) -> str:
        """What stands between single quotes."""
        end = self.line.find("'", self.at + 1)
        if end < 0:
            raise ShellError("unexpected EOF while looking for matching `''")
        text = self.line[self.at + 1 : end]
        self.at, self.is_pattern = end + 1, False
        return text

    def double(self) -> str:
        """What stands between double quotes, with its values."""
        text, self.is_pattern = list[str](), False
        self.at += 1
        while self.at < len(self.line):
            char = self.line[self.at]
            if char == '"':
                self.at += 1
                return "".join(text)
            if char == "\\" and self.line[self.at + 1 : self.at + 2] in ('"', "\\", "$", "`"):
                text.append(self.line[self.at + 1])
                self.at += 2
            else:
                text.append(self.value_or_character(char))
        raise ShellError("unexpected EOF while looking for matching `\"'")

    def inner(self) -> str:
        """What the command in `$(...)` prints."""
        walk = Walk(self.line, self.at + 1)
        for end in walk:
            if not walk.depth:
                text = self.line[self.at + 2 : end]
                self.at = end + 1
                return "".join(self.shell.outputs(text)).rstrip("\n")
        raise ShellError("unexpected EOF while looking for matching `)'")

    def close(self) -> None:
        """The word is whole; a pattern becomes the names that it matches."""
        if self.word is not None:
            words = [word] = ["".join(self.word)]
            if self.is_pattern and GLOB.search(word):
                names = sorted(path.name for path in self.shell.place.directory.glob("[!.]*"))
                words = fnmatch.filter(names, word) or words
            self.found += map(Token, words)
        self.word, self.is_pattern = None, True


def stages(tokens: list[Token]) -> list[Stage]:
    """The commands of a pipe."""
    found, rest = [Stage()], iter(tokens)
    for token in rest:
        stage = found[-1]
        if not token.is_operator:
            if not stage.words and ASSIGNMENT.match(token.text):
                name, _, stage.variables[name] = token.text.partition("=")
            else:
                stage.words.append(token.text)
        elif token.text == "|":
            found.append(Stage())
        elif token.text != "2>&1":
            redirect(stage, token.text, next(rest, Token("newline", True)))
    return found


def redirect(stage: Stage, operator: str, name: Token) -> None:
    """Say where a command reads or writes."""
    if name.is_operator:
        raise ShellError(f"syntax error near unexpected token `{name.text}'")
    if operator == "<":
        stage.source = name.text
    elif operator == "2>":
        stage.is_quiet = True
    else:
        stage.target, stage.appends = name.text, operator == ">>"
