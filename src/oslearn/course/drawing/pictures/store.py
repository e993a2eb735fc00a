"""What is in the object store: an account, its containers, their objects, and no folder.

Interface: `store(eyes)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from requests.structures import CaseInsensitiveDict

from oslearn.course.drawing.pictures.eyes import Eyes
from oslearn.course.drawing.pictures.sheet import Card, Sheet
from oslearn.course.drawing.sequence import Look


@dataclass(frozen=True)
class Thing:
    """An object, or a container with its objects: the name, what the store says of it."""

    name: str
    lines: tuple[str, ...]
    objects: tuple[Thing, ...] = ()


@dataclass(frozen=True)
class Store:
    """A project's account."""

    title: ClassVar[str] = "Account, containers and objects"
    account: str
    containers: tuple[Thing, ...]

    def words(self) -> str:
        """The picture in words."""
        told = list[str]()
        for one in self.containers:
            inside = "; ".join(f"{thing.name} ({', '.join(thing.lines)})" for thing in one.objects) or "nothing"
            told.append(f"container {one.name} ({', '.join(one.lines)}) holds {inside}")
        return f"Account {self.account}: {'. '.join(told) or 'no container'}."

    def dot(self, look: Look) -> str:
        """Three levels: the account around its containers, they around their objects."""
        sheet = Sheet("store", look)
        each = 1 if sheet.short else 3
        with sheet.place(0, 0, sheet.width, f"account {self.account}") as y:
            for container in self.containers:
                title = ", ".join((f"container {container.name}", *container.lines))
                with sheet.place(10, y, sheet.width - 20, title, tone="swift", line=True) as down:
                    cards = [Card(thing.name, thing.lines, "swift") for thing in container.objects]
                    for n in range(0, len(cards), each):
                        row = cards[n : n + each]
                        wide = (sheet.width - 40 - 12 * (each - 1)) / each * len(row) + 12 * (len(row) - 1)
                        boxes = sheet.row(row, down, 20, wide)
                        down = boxes[0].bottom + 8
                y = sheet.low + 8
        return sheet.source()


def store(eyes: Eyes) -> Store:
    """What the user's project has in the store."""
    account = f"AUTH_{eyes.demo.project_id}"
    swift, base = eyes.demo.object_store, f"/{account}"
    containers = list[Thing]()
    for found in swift.get(base, params={"format": "json"}).json():
        place = f"{base}/{quote(found['name'])}"
        objects = [
            Thing(one["name"], (f"{one['bytes']} bytes, {one['content_type']}",
                                *meta(swift.head(f"{place}/{quote(one['name'])}").headers, "X-Object-Meta-")))
            for one in swift.get(place, params={"format": "json"}).json()
        ]  # fmt: skip
        lines = meta(swift.head(place).headers, "X-Container-Meta-")
        containers.append(Thing(found["name"], tuple(lines), tuple(objects)))
    return Store(f"{account[:13]}…", tuple(containers))


def meta(headers: CaseInsensitiveDict[str], begin: str) -> list[str]:
    """The metadata in a reply."""
    return [
        f"{name[len(begin) :]}: {value}" for name, value in headers.items() if name.lower().startswith(begin.lower())
    ]
