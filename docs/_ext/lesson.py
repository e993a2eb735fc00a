"""What a lesson shows of its own run: `lab`, `inside` and `picture`.

While a page is read, its console blocks run from top to bottom in the page's own cloud, as the tests run them; what
they caused is kept until they, or the code, change.
A directive names a command above it and shows what that very run caused; a picture shows the cloud as it is after all
commands above.
"""

from __future__ import annotations

import contextlib
import html
import json
import logging
import os
import pickle
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sybil import Document

import player
from console import KEPT, Shell, commands, lab_of
from diagrams import Drawn, raw
from happened import LOOKS, happened
from oslearn.course.drawing.pictures import PICTURES, Eyes, Picture
from oslearn.port.prepared import made_by
from oslearn.trace.payloads import Asked
from oslearn.trace.profiler import Event
from oslearn.trace.views import unseen
from pages import blocks, not_executed


@dataclass(frozen=True)
class Ran:
    """A command of a page, and what it caused."""

    text: str
    line: int
    events: tuple[Event, ...]


@dataclass(frozen=True)
class PageRun:
    """A page's commands, and its pictures by the lines of their directives."""

    commands: tuple[Ran, ...]
    pictures: dict[int, Picture]


View = tuple[int, str]
"""After how many commands a picture is taken, and what of."""
Seen = tuple[list[tuple[Event, ...]], list[Picture]]
"""What each command caused, and the pictures."""
PICTURE = re.compile(r"^ *\.\. picture:: *(.*)$", re.MULTILINE)


@lru_cache(maxsize=4)
def page_run(path: str, text: str) -> PageRun:
    """What the page's console commands caused; they run once for each state of them and of the code."""
    listed = [
        (command.text, text.count("\n", 0, command.start) + 1)
        for block in blocks(Document(text, str(path)))
        if block.language == "console" and block.key not in not_executed()
        for command in commands(text, block.inside, block.end)
    ]
    lines = {text.count("\n", 0, found.start()) + 1: found[1] for found in PICTURE.finditer(text)}
    views = tuple((sum(line < at for _, line in listed), of) for at, of in lines.items())
    caused, pictures = kept(lab_of(text), tuple(words for words, _ in listed), views)
    ran = tuple(Ran(*command, events) for command, events in zip(listed, caused, strict=True))
    return PageRun(ran, dict(zip(lines, pictures, strict=True)))


def kept(lab: str | None, listed: tuple[str, ...], views: tuple[View, ...]) -> Seen:
    """What the commands caused, as it was kept below a name made of all that it depends on, or from a run."""
    place = KEPT / made_by() / f"run-{run_name((lab, listed, views))}"
    with contextlib.suppress(FileNotFoundError):
        return pickle.loads(place.read_bytes())  # type: ignore[no-any-return]
    seen = run(lab, listed, views)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        pickle.dump(seen, file, pickle.HIGHEST_PROTOCOL)
    Path(file.name).replace(place)
    return seen


def run_name(page: tuple[object, ...]) -> str:
    """A name for a page's commands, for what reads and runs them, and for what the client finds around it."""
    found = sha256(repr((page, sorted(item for item in os.environ.items() if item[0].startswith("OS_")))).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        found.update(source.read_bytes())
    return found.hexdigest()[:16]


def run(lab: str | None, listed: Sequence[str], views: Iterable[View]) -> Seen:
    """Run the commands in a cloud as the lesson finds it, and look at it on the way."""
    shell, caused, pictures = Shell(lab), list[tuple[Event, ...]](), list[Picture]()
    with quiet():
        cloud = shell.cloud  # made now, with what the lessons before leave
        for done in range(len(listed) + 1):
            pictures += [picture(shell, of) for after, of in views if after == done]
            if done < len(listed):
                last = cloud.trace[-1].n if len(cloud.trace) else 0
                shell.run(listed[done])
                caused.append(tuple(as_sent(event) for event in cloud.trace if event.n > last))
    return caused, pictures


def as_sent(event: Event) -> Event:
    """The event, with a client's body in one order: the SDK makes it of a set, and that has another in each process."""
    asked = event.content
    if event.source != "client" or not isinstance(asked, Asked) or asked.body.data is None:
        return event
    try:
        data = json.dumps(json.loads(asked.body.data), sort_keys=True).encode()
    except ValueError:  # no JSON: there is no order
        return event
    asked = copy(asked)
    asked.body = copy(asked.body)
    asked.body.data = data
    return replace(event, content=asked)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """A lesson breaks things on purpose; what the cloud logs of it is not for who builds the site."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def picture(shell: Shell, of: str) -> Picture:
    """The cloud as it is, looked at without a trace of it: the page's ids stay those of the tests."""
    name, *words = of.split()
    if name not in PICTURES:
        raise LookupError(f"no picture {name!r}: {', '.join(PICTURES)}")
    with unseen(shell.cloud):
        eyes = Eyes(shell.cloud.connect("demo"), shell.cloud.connect("admin"), shell.directory)
        return PICTURES[name](eyes, *words)


class OfARun(Drawn):
    """What the directives share: the page's run, and the command above that they name."""

    def page(self) -> PageRun:
        """The run of this page."""
        self.note_package()
        path = self.env.doc2path(self.env.docname)
        return page_run(str(path), Path(path).read_text("utf-8"))

    def ran(self, prefix: str) -> Ran:
        """The last command above this line that begins so."""
        found = [r for r in self.page().commands if r.line < self.lineno]
        for command in reversed(found):
            if command.text.startswith(prefix):
                return command
        raise self.error(f"no command above begins with {prefix!r}: {[r.text for r in found]}")


class Inside(OfARun):
    """`.. inside:: openstack server create`: the sequence of that command, folded away.

    `:of:` names the processes to follow; the rest is left out.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = dict.fromkeys(("with", "of", "alt"), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        ran = self.ran(self.arguments[0])
        followed, wanted = (self.options.get(name, "").split(",") for name in ("of", "with"))
        found = happened(ran.events, [*filter(None, followed)], wanted)
        if found is None:
            raise self.error(f"{ran.text}: nothing to draw")
        variants = {name: found.dots(look) for name, look in LOOKS.items()}
        (node,) = self.drawing(
            nodes.make_id(self.arguments[0]), found.caption, variants, desc=found.words, words=found.words,
            steps=[player.event(event) for event in found.trace],
        )  # fmt: skip
        named = f"What happened inside <code>{html.escape(self.arguments[0])}</code>: {found.counted}"
        return [raw(f'<details class="os-inside"><summary>{named}</summary>'), node, raw("</details>")]


class Taken(OfARun):
    """`.. picture:: doors vm1`: what the cloud is like after the commands above. The content says what to look for."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        try:
            taken = self.page().pictures[self.lineno]
        except LookupError as error:
            raise self.error(str(error)) from None
        variants = {name: [taken.dot(look)] for name, look in LOOKS.items()}
        words, name = taken.words(), self.arguments[0].split()[0]
        caption = " ".join(self.content)
        return self.drawing(name, taken.title, variants, desc=words, words=f"{words} {caption}", caption=caption)


class Lab(Drawn):
    """`.. lab:: day1.2`: which command prepares what this lesson begins with; `:silent:` does not say it."""

    required_arguments = 1
    option_spec = {"silent": directives.flag}

    def run(self) -> list[nodes.Node]:
        from oslearn.course import labs

        try:
            lesson = labs.find(self.arguments[0])
        except LookupError as error:
            raise self.error(str(error)) from None
        if "silent" in self.options:
            return []
        command = f"``oslearn lab start {lesson.id.removeprefix('day')}``"
        words, _ = self.parse_inline(
            f"Did you skip a lesson? In the folder with ``clouds.yaml``, run {command}. It makes what this page needs."
        )
        opened = raw(f'<div data-lab="{lesson.id}">')  # what runs in a page finds its lab here
        return [opened, nodes.paragraph("", "", *words, classes=["os-lab"]), raw("</div>")]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    for extension in ("diagrams", "formats", "states"):
        app.setup_extension(extension)
    for name, directive in (("inside", Inside), ("picture", Taken), ("lab", Lab)):
        app.add_directive(name, directive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
