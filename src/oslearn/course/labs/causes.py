"""What each break-fix lab's check looks at: the cause, and that the user has what they wanted.

Interface: `CAUSES`, a function for each lab, by its number; it is given a `Scene`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from oslearn.course.labs.look import Finding, Look, finding
from oslearn.course.processes import Process


@dataclass(frozen=True)
class Scene:
    """A cloud as the user sees it, as the admin sees it, and what runs in it."""

    demo: Look
    admin: Look
    processes: Sequence[Process]

    def up(self, name: str) -> bool:
        """Whether a process runs."""
        return any(process.up for process in self.processes if process.name == name)


Cause = Callable[[Scene], Iterator[Finding]]
CAUSES: dict[int, Cause] = {}


def cause(number: int) -> Callable[[Cause], Cause]:
    """Register the check of a lab."""

    def register(function: Cause) -> Cause:
        CAUSES[number] = function
        return function

    return register


def mended(right: object) -> Finding:
    """The cause is mended: in words that do not tell what it is."""
    return finding(right, "the cause is mended")


def active(look: Look, name: str) -> Finding:
    """The user's server runs."""
    server = look.one(f"server show {name}") or {}
    return finding(server.get("status") == "ACTIVE", f"the server {name} is ACTIVE", server.get("status", "no server"))


@cause(2)
def stuck_in_build(scene: Scene) -> Iterator[Finding]:
    """The conductor, which hands a build on, runs again."""
    yield mended(scene.up("nova-conductor"))
    yield active(scene.demo, "web1")
