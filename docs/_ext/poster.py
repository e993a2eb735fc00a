"""`.. poster:: storage`: what a day leaves, drawn from the cloud after a run of the day's commands.

    .. poster:: storage
       :lab: day3.1
       :title: What you have at the end of the day

       export OS_CLOUD=oslearn-demo
       openstack volume create --size 2 data

`:lab:` is the lesson whose cloud it begins with; the content are the commands that are run in it, one a line.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from console import Shell
from diagrams import Drawn
from happened import LOOKS
from lesson import quiet
from oslearn.cloud import Cloud
from oslearn.course.drawing.posters import Poster, access, storage
from oslearn.course.drawing.topology import Topology, topology

KINDS: dict[str, Callable[[Cloud], Poster | Topology]] = {
    "networks": lambda cloud: topology(cloud.connect("demo")),
    "storage": lambda cloud: storage(cloud.connect("demo")),
    "access": lambda cloud: access(cloud.connect("demo"), cloud.connect("admin")),
}
"""What a poster can show, and who draws it."""


@cache
def left(lab: str, listed: tuple[str, ...]) -> tuple[Shell, Cloud]:
    """The cloud after these commands; the shell holds what it stands on. Raises RuntimeError if one fails."""
    shell = Shell(lab)
    with quiet():
        for command in listed:
            output, code = shell.run(command)
            if code:
                raise RuntimeError(f"{command}: exit code {code} {output}".strip())
        return shell, shell.cloud


def drawn(kind: str, lab: str, listed: tuple[str, ...]) -> Poster | Topology:
    """What the poster shows."""
    return KINDS[kind](left(lab, listed)[1])


class OfADay(Drawn):
    """The directive."""

    required_arguments = 1
    has_content = True
    option_spec = dict.fromkeys(("lab", "title", "alt"), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        self.note_package()
        (kind,) = self.arguments
        if kind not in KINDS:
            raise self.error(f"no poster {kind!r}: {', '.join(KINDS)}")
        try:
            picture = drawn(kind, self.given("lab"), tuple(filter(None, self.content)))
            variants = {name: [picture.dot(look)] for name, look in LOOKS.items()}
        except (RuntimeError, LookupError) as error:
            raise self.error(f"poster: {error}") from error
        words = picture.words()
        found = self.drawing(f"poster-{kind}", self.given("title"), variants, desc=words, words=words)
        return [nodes.container("", *found, classes=["os-poster", "os-full"])]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register."""
    app.setup_extension("diagrams")
    app.add_directive("poster", OfADay)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
