"""A key's two halves, and what a server was made of.

Interface: `key(eyes, file, name)`, `made(eyes, server)`.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from oslearn.course.drawing.canvas import Box
from oslearn.course.drawing.pictures.eyes import Eyes
from oslearn.course.drawing.pictures.sheet import Card, Sheet
from oslearn.course.drawing.sequence import Look

WAY = ("public half", "metadata\nservice")
"""How the public half comes to Nova, and from Nova to a server."""


@dataclass(frozen=True)
class Key:
    """The two halves of a key pair, and who has them. `fits`: the file's public half is the one that Nova has."""

    title: ClassVar[str] = "The two halves of a key"
    file: str
    mode: str
    name: str
    kind: str
    fingerprint: str
    fits: bool
    servers: tuple[str, ...]

    def words(self) -> str:
        """The picture in words."""
        fits = "fits" if self.fits else "does not fit"
        servers = ", ".join(self.servers) or "none yet"
        return (f"On your machine is the private half, {self.file} ({self.mode}). Nova keeps the public half "
                f"{self.name}, {self.kind}, with the fingerprint {self.fingerprint}; it {fits} the file. "
                f"Servers that were started with it get the public half from Nova: {servers}.")  # fmt: skip

    def dot(self, look: Look) -> str:
        """Your machine, Nova, the servers; the private half goes nowhere."""
        sheet = Sheet("key", look)
        servers = [Card(name, ["~/.ssh/authorized_keys has the public half"], "nova") for name in self.servers]
        none = Card("no server yet", ["It will ask for the public half when it boots for the first time."], dashed=True)
        cards = {
            "your machine": [Card(self.file, ["the private half:", self.mode, "it never leaves"], "ink")],
            "Nova's database": [Card(self.name, ["the public half:", self.kind, self.fingerprint], "nova")],
            "servers with this key": servers or [none],
        }
        (self.tall if sheet.short else self.wide)(sheet, cards)
        return sheet.source()

    @property
    def fitting(self) -> tuple[str, str]:
        """Whether the halves belong together, in words and as a tone."""
        return ("✓ The halves belong together.", "good") if self.fits else ("✗ The halves do not fit.", "bad")

    def tall(self, sheet: Sheet, cards: dict[str, list[Card]]) -> None:
        """The places below each other, the login at their right."""
        middles = list[float]()
        for (title, inside), words in zip(cards.items(), ("", *WAY), strict=True):
            top = sheet.low + (42 if middles else 0)
            if middles:
                sheet.arrow([(30, sheet.low), (30, top)], "nova", words=words.replace("\n", " "))
            with sheet.place(0, top, sheet.width - 36, title) as y:
                sheet.column(inside, y, 10, sheet.width - 56)
            middles.append((top + sheet.low) / 2)
        edge, right, first, last = sheet.width - 36, sheet.width - 14, middles[0], middles[-1]
        sheet.arrow([(edge, first), (right, first), (right, last), (edge, last)], "ink")
        y = sheet.words(f"ssh -i {self.file} leads from your machine to a server.", 0, sheet.low + 8, sheet.width)
        sheet.words(self.fitting[0], 0, y, sheet.width, tone=self.fitting[1], bold=True)

    def wide(self, sheet: Sheet, cards: dict[str, list[Card]]) -> None:
        """The places beside each other, the login below them."""
        gap = 88.0
        each = (sheet.width - 2 * gap) / 3
        high = max(sum(sheet.height(card, each - 20) + 8 for card in inside) for inside in cards.values()) + 30
        for n, (title, inside) in enumerate(cards.items()):
            left = n * (each + gap)
            with sheet.place(left, 0, each, title, least=high) as y:
                sheet.column(inside, y, left + 10, each - 20)
            if n < len(WAY):
                sheet.arrow([(left + each, high / 2), (left + each + gap, high / 2)], "nova", words=WAY[n])
        low, begin, end = sheet.low, each / 2, 2 * (each + gap) + each / 2
        sheet.arrow([(begin, low), (begin, low + 26), (end, low + 26), (end, low)], "ink")
        sheet.words(f"ssh -i {self.file}", begin, low + 8, end - begin, align="middle")
        words, tone = self.fitting
        sheet.words(words, begin, low + 30, end - begin, tone=tone, bold=True, align="middle")


def key(eyes: Eyes, file: str, name: str) -> Key:
    """The state of a key pair whose private half is in a file of yours. Raises LookupError, OSError, ValueError."""
    pair = eyes.demo.compute.get(f"/os-keypairs/{name}").json()["keypair"]
    path = eyes.folder / file
    public = load_ssh_private_key(path.read_bytes(), None).public_key()
    ours = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode().split()[:2]
    theirs = pair["public_key"].split()[:2]
    servers = eyes.demo.compute.get("/servers/detail").json()["servers"]
    holders = tuple(server["name"] for server in servers if server["key_name"] == name)
    return Key(file, stat.filemode(path.stat().st_mode), name, theirs[0], pair["fingerprint"], ours == theirs, holders)


@dataclass(frozen=True)
class Made:
    """A server: pairs of what was asked for, and what it has of it."""

    title: ClassVar[str] = "What you said, and what the server has"
    name: str
    status: str
    host: str
    pairs: tuple[tuple[Card, Card], ...]

    def words(self) -> str:
        """The picture in words."""
        told = "; ".join(f"{asked.title} ({', '.join(asked.lines)}) became {has.title} ({', '.join(has.lines)})"
                         for asked, has in self.pairs)  # fmt: skip
        return f"The server {self.name} is {self.status} on {self.host}. {told}."

    def dot(self, look: Look) -> str:
        """At the left what you said; at the right, in the server, what came of it."""
        sheet = Sheet("server", look)
        left, gap = (132.0, 20.0) if sheet.short else (230.0, 64.0)
        inside = sheet.width - left - gap - 20
        title = f"{self.name}, {self.status}, on host {self.host}"
        boxes = list[Box]()
        with sheet.place(left + gap, 0, inside + 20, title) as y:
            for asked, has in self.pairs:
                high = max(sheet.height(asked, left), sheet.height(has, inside))
                boxes.append(sheet.card(has, left + gap + 10, y, inside, high))
                y = boxes[-1].bottom + 8
        sheet.words("you said", 8, 7, left, bold=True, tone="muted")
        for (asked, _), there in zip(self.pairs, boxes, strict=True):
            here = sheet.card(asked, 0, there.top, left, there.height)
            sheet.arrow([(here.right, here.y), (there.left, there.y)], dashed=asked.dashed)
        return sheet.source()


def made(eyes: Eyes, name: str) -> Made:
    """What a server was made of. Raises LookupError."""
    found = eyes.server(name)
    flavor = eyes.admin.compute.get(f"/flavors/{found['flavor']['id']}").json()["flavor"]
    image = eyes.admin.image.get(f"/images/{found['image']['id']}").json()
    host = found["OS-EXT-SRV-ATTR:host"]
    (port,) = eyes.network("ports", device_id=found["id"])
    network = next(n["name"] for n in eyes.network("networks") if n["id"] == port["network_id"])
    groups = ", ".join(group["name"] for group in found["security_groups"])
    cpus = f"{flavor['vcpus']} CPU{'s' * (flavor['vcpus'] > 1)}, {flavor['ram']} MiB of memory"
    pairs = [
        (Card(flavor["name"], ["a flavor"], "nova"), Card(cpus, ["as the flavor says"], "nova")),
        (Card(image["name"], [f"an image, {image['disk_format']}"], "glance"),
         Card(f"root disk, {flavor['disk']} GiB", [f"a copy of {image['name']}, as large as the flavor says"], "nova")),
        (Card(network, ["a network"], "neutron"),
         Card(f"port, {port['fixed_ips'][0]['ip_address']}", [port["mac_address"]], "neutron")),
        (Card("nothing", ["about a security group"], dashed=True),
         Card(f"group {groups}", ["around the port"], "neutron")),
    ]  # fmt: skip
    if key := found["key_name"]:
        pairs.append((Card(key, ["a key pair"], "nova"), Card("who may log in", [f"whoever holds {key}"], "nova")))
    return Made(name, found["status"], host, tuple(pairs))
