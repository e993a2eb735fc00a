"""What a picture looks at, and what it is.

Interface: `Eyes`, by which a cloud's state is read; `Picture`, what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from oslearn.cloud import Connection
from oslearn.core.oslo.context import Body
from oslearn.course.drawing.sequence import Look


class Picture(Protocol):
    """A state that can be drawn, and told."""

    title: ClassVar[str]

    def words(self) -> str:
        """The picture in words."""

    def dot(self, look: Look) -> str:
        """The picture as a drawing, wide or for a phone."""


@dataclass(frozen=True)
class Eyes:
    """A user's and an operator's connection, and the folder in which a user's commands ran."""

    demo: Connection
    admin: Connection
    folder: Path

    def network(self, kind: str, **query: Any) -> list[Body]:
        """What Neutron lists of a kind, as the user sees it."""
        found: list[Body] = self.demo.network.get(f"/{kind}", params=query).json()[kind.replace("-", "_")]
        return found

    def server(self, name: str) -> Body:
        """A server as the operator sees it. Raises LookupError."""
        listed = self.admin.compute.get("/servers/detail", params={"all_tenants": 1}).json()["servers"]
        return one(listed, name)


def one(listed: list[Body], name: str) -> Body:
    """The one of that name. Raises LookupError."""
    found = [body for body in listed if body["name"] == name]
    if len(found) != 1:
        raise LookupError(f"{len(found)} are called {name}")
    return found[0]
