"""The indexes of the reference: `command-index`, `api-index`, `message-index`, `unexecuted-index`, `left-out-index`.

`unexecuted` marks the commands that a page shows and the tests do not run: those for a server's inside, and those that
end only when the reader ends them. Its argument is the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sybil import Document

import sources
from console import PROMPT
from gather import MAKERS, Page, Place, Row, Run, gathered, in_order, link, links, note_index, place_of, table
from lesson import page_run
from oslearn import Cloud
from oslearn.core.oslo.wsgi import Application
from oslearn.extensions.oslo import left_out
from oslearn.trace.payloads import Asked
from oslearn.trace.places import place
from pages import LISTED, ROOT, blocks, not_executed

CHECK = "oslearn check"
MANY = 6
"""So many commands are named as the cause of a call, of more only their number; and so many places of a command."""


class CommandIndex(SphinxDirective):
    """`.. command-index:: openstack`: every command of that program, and the sections where it runs."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [note_index(self.env, "commands", program=self.arguments[0])]


def commands(app: Sphinx, docname: str, node: nodes.Element) -> list[nodes.Node]:
    """The table of a program's commands, sorted."""
    places: dict[str, list[Place]] = defaultdict(list)
    for run in (run for page in in_order(app.env) for run in page.runs):
        if run.name.split()[0] == node["program"]:
            places[run.name].append(run.place)
    rows: list[Row] = [
        [[nodes.literal(name, name)], whereabouts(app, docname, places[name])] for name in sorted(places)
    ]
    return [table(("Command", "Where it runs"), rows, ["command-index"])]


def whereabouts(app: Sphinx, here: str, places: Iterable[Place]) -> list[nodes.Node]:
    """A link to each place; of many to the first by their names, and to each other page by its lesson's number."""
    found, others = list(dict.fromkeys(places)), dict[str, Place]()
    for one in found[MANY:]:
        if one.docname not in {named.docname for named in found[:MANY]}:
            others.setdefault(one.docname, one)
    made = links(app, here, found[:MANY])
    for n, one in enumerate(others.values()):
        made += [nodes.Text(", " if n else "; also in "), link(app, here, one, one.number)]
    return made


class MessageIndex(SphinxDirective):
    """`.. message-index::`: every command that fails on a page, with what it says."""

    def run(self) -> list[nodes.Node]:
        return [note_index(self.env, "messages")]


def messages(app: Sphinx, docname: str, node: nodes.Element) -> list[nodes.Node]:
    """The table of what failing commands say; those of `oslearn` fail to teach, not to warn."""
    said: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for run in (run for page in in_order(app.env) for run in page.runs):
        if run.exit_code and run.name.startswith("openstack"):
            said[run.output.splitlines()[0], run.name].append(run.place)
    rows: list[Row] = [
        [[nodes.literal(message, message)], [nodes.literal(name, name)], links(app, docname, places)]
        for (message, name), places in sorted(said.items())
    ]
    return [table(("Message", "Command", "Where"), rows, ["message-index", "os-filtered"])]


@dataclass(frozen=True)
class Operation:
    """A route of an API: its handler's name and docstring, and where the handler's code is."""

    method: str
    template: str
    name: str
    about: str
    code: str


@cache
def apis() -> dict[str, Application]:
    """The applications of a fresh cloud, by the first part of their path."""
    return cast(dict[str, Application], Cloud(seed=7).router.apps())


def operations(mount: str) -> Iterator[Operation]:
    """What an API answers, from its own table of routes."""
    for operation in apis()[mount].operations:
        route, about = operation.route, (operation.work.__doc__ or "").partition("\n")[0]
        yield Operation(route.method, route.path, route.handler, about, place(operation.work))


def template(mount: str, path: str) -> str:
    """The template of the route that serves a path; nothing if none does."""
    found = apis()[mount].app._router.find(path)
    return found[3] or "" if found else ""


class ApiIndex(SphinxDirective):
    """`.. api-index:: compute`: every call that the API below that path answers, with its code and its commands."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        mount = self.arguments[0]
        if mount not in apis():
            raise self.error(f"no API below {mount!r}: {', '.join(apis())}")
        listed = list(operations(mount))
        for path in {operation.code.partition(":")[0] for operation in listed}:
            sources.note(self.env, self.env.docname, path)
            self.env.note_dependency(str(sources.package() / path))
        return [note_index(self.env, "calls", mount=mount, operations=listed)]


def calls(app: Sphinx, docname: str, node: nodes.Element) -> list[nodes.Node]:
    """The table of an API's calls."""
    causes: dict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for page in in_order(app.env):
        for call, runs in page.calls.items():
            causes[call] += runs
    rows: list[Row] = [
        [
            [nodes.literal(text := f"{operation.method} {operation.template}", text)],
            [_code(operation), nodes.Text(" "), *_words(operation.about)],
            _causes(app, docname, causes.get((node["mount"], operation.method, operation.template), [])),
        ]
        for operation in node["operations"]
    ]
    return [table(("Call", "Handler, and what it answers", "Commands that cause it"), rows, ["api-index"])]


def _code(operation: Operation) -> nodes.Node:
    path, _, line = operation.code.partition(":")
    return sources.code_place("", "", nodes.literal(operation.name, operation.name), path=path, line=line)


def _words(text: str) -> list[nodes.Node]:
    """A docstring's words; what stands in backticks is code."""
    parts = enumerate(text.split("`"))
    return [nodes.literal(part, part) if n % 2 else nodes.Text(part) for n, part in parts if part]


def _causes(app: Sphinx, docname: str, runs: Iterable[Run]) -> list[nodes.Node]:
    """Each command once, with a link to where it first runs."""
    first: dict[str, Place] = {}
    for run in runs:
        first.setdefault(run.name.removeprefix("openstack "), run.place)
    if len(first) > MANY:
        return [nodes.Text(f"{len(first)} commands, first in "), link(app, docname, next(iter(first.values())))]
    made: list[nodes.Node] = []
    for name in sorted(first):
        made += [*([nodes.Text(", ")] if made else []), link(app, docname, first[name], name)]
    return made


def gather_calls(app: Sphinx, doctree: nodes.document) -> None:
    """Run a page's commands, as its own drawings do, and note which calls they cause."""
    docname = app.env.current_document.docname
    page: Page | None = gathered(app.env).get(docname)
    if page is None or not any(run.name.startswith("openstack") for run in page.runs):
        return
    path = app.env.doc2path(docname)
    known = {run.text: run for run in reversed(page.runs)}
    for ran in page_run(str(path), Path(path).read_text("utf-8")).commands:
        checks = ran.text.startswith(CHECK)
        for event in ran.events if ran.text in known and not checks else ():
            if isinstance(asked := event.content, Asked):  # its payload would be read and masked, and is not needed
                mount, _, rest = urlsplit(asked.url).path.lstrip("/").partition("/")
                if mount in apis():
                    call = mount, asked.method, template(mount, f"/{rest}")
                    runs = page.calls.setdefault(call, [])
                    if known[ran.text] not in runs:
                        runs.append(known[ran.text])


class Unexecuted(SphinxDirective):
    """`.. unexecuted:: the reason`: commands that are shown and not run."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        block = nodes.literal_block(text, text, language="console", classes=["unexecuted"])
        reason = self.arguments[0]
        words, said = self.parse_inline(f"Not executed: {reason}")
        self.set_source_info(block)
        caption = nodes.paragraph("", "", *words, classes=["unexecuted-reason"])
        made = nodes.container("", caption, block, classes=["unexecuted"], reason=reason, count=prompts(self.content))
        return [made, *said]


def prompts(lines: Iterable[str]) -> int:
    """The commands in a block."""
    return sum(line.lstrip().startswith(PROMPT) for line in lines) or 1


def gather_unexecuted(app: Sphinx, doctree: nodes.document) -> None:
    """Note a page's blocks that are not run."""
    docname = app.env.current_document.docname
    for node in doctree.findall(nodes.container):
        if "unexecuted" in node["classes"]:
            block = place_of(docname, node), node["reason"], node["count"]
            gathered(app.env)[docname].unexecuted.append(block)


class UnexecutedIndex(SphinxDirective):
    """`.. unexecuted-index::`: the blocks that are not run, with the reasons and their number."""

    def run(self) -> list[nodes.Node]:
        for path in {LISTED, *(ROOT / path for path, _ in not_executed())}:
            self.env.note_dependency(str(path))
        return [note_index(self.env, "unexecuted")]


def unexecuted(app: Sphinx, docname: str, node: nodes.Element) -> list[nodes.Node]:
    """The sum and the table; what the README shows and nobody runs, too."""
    pages = in_order(app.env)
    runs, examples = sum(page.commands for page in pages), sum(page.examples for page in pages)
    found: list[tuple[list[nodes.Node], int, str]] = [
        ([link(app, docname, place)], count, reason) for page in pages for place, reason, count in page.unexecuted
    ]
    for path in sorted({path for path, _ in not_executed()}):
        for block in blocks(Document((ROOT / path).read_text("utf-8"), str(ROOT / path))):
            if reason := not_executed().get(block.key):
                found.append(([nodes.literal(path, path)], prompts(block.source.splitlines()), reason))
    lines = sum(count for _, count, _ in found)
    words = f"{runs} commands and {examples} Python examples run. {lines} commands in {len(found)} blocks do not:"
    rows: list[Row] = [[where, [nodes.Text(str(count))], [nodes.Text(reason)]] for where, count, reason in found]
    return [nodes.paragraph("", words), table(("Where", "Commands", "Why"), rows, ["unexecuted-index"])]


class LeftOutIndex(SphinxDirective):
    """`.. left-out-index::`: what the modules of each package say that they leave out."""

    def run(self) -> list[nodes.Node]:
        """The table, made at once: it needs no other page."""
        rows: list[Row] = []
        for file, text in left_out.statements(sources.package()).items():
            path = file.relative_to(sources.package()).as_posix()
            sources.note(self.env, self.env.docname, path)
            self.env.note_dependency(str(file))
            rows.append([[sources.code_place("", "", nodes.literal(path, path), path=path, line="1")], _words(text)])
        return [table(("Module", "What it leaves out"), rows, ["left-out-index"])]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.setup_extension("sources")
    app.setup_extension("gather")
    MAKERS.update(commands=commands, messages=messages, calls=calls, unexecuted=unexecuted)
    app.add_directive("command-index", CommandIndex)
    app.add_directive("message-index", MessageIndex)
    app.add_directive("api-index", ApiIndex)
    app.add_directive("unexecuted", Unexecuted)
    app.add_directive("left-out-index", LeftOutIndex)
    app.add_directive("unexecuted-index", UnexecutedIndex)
    app.connect("doctree-read", gather_calls, priority=600)  # after `gather`
    app.connect("doctree-read", gather_unexecuted, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
