"""What a day leaves, as DOT, from the cloud's state: `storage()` its volumes and what hangs on them, `access()` who may
do what with whose things.

Interface: each asks the services as users of the cloud and gives a `Poster`: `dot(look)`, `words()`.
Invariants: the places are fixed in `PLACES`, the boxes and lines come from the cloud; a thing without a place is an
error, as is a line to one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oslearn.cloud import Connection
from oslearn.core.oslo.context import Body
from oslearn.course.drawing.canvas import BOLD, PAPER, Box, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.sequence import Look

COLUMNS, HEIGHT, PITCH, GAP = 4, 44, 100, 0.12
"""Of a poster; of a box and from row to row, in points; between two boxes, in columns."""
PLACES = {
    "server vm-bfv": (0, 0), "server vm1": (1, 0),
    "volume bootvol": (0, 1), "volume vol1": (1, 1), "volume data": (2, 1), "volume restored": (3, 1),
    "image cirros": (0, 2), "backup sunday": (2, 2), "snapshot monday": (3, 2), "container volumebackups": (1.75, 3),
    "user ann": (0, 0), "user demo": (1.5, 0), "user mia": (3, 0), "project demo": (0, 1),
    "image myimage": (0, 2), "server large": (1.25, 2), "container photos": (2.5, 2),
    "object beach.txt": (2, 3), "object moon.txt": (3, 3),
}  # fmt: skip
"""Column and row, by kind and name."""
BROAD = {"project demo": 4, "container volumebackups": 1.5}
"""What is broader than a column."""
SERVICES = {"server": "nova", "volume": "cinder", "snapshot": "cinder", "backup": "cinder", "image": "glance",
            "container": "swift", "object": "swift", "user": "keystone", "project": "keystone"}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """A box: its kind, its name, and what else stands under the name."""

    kind: str
    name: str
    more: str = ""

    @property
    def key(self) -> str:
        """What it is called beside things of other kinds."""
        return f"{self.kind} {self.name}"

    @property
    def note(self) -> str:
        """The line under the name."""
        return f"{self.kind}, {self.more}" if self.more else self.kind


@dataclass(frozen=True)
class Bond:
    """A line from one thing to another; `made` says that the second came from the first."""

    start: str
    end: str
    words: str = ""
    made: bool = False


@dataclass(frozen=True)
class Poster:
    """Things and what holds them together."""

    things: list[Thing]
    bonds: list[Bond]

    def words(self) -> str:
        """The same in words."""
        bonds = [
            f"{b.start} {'to' if b.made else 'and'} {b.end}{f' ({b.words})' if b.words else ''}" for b in self.bonds
        ]
        return "; ".join([*(f"{thing.name}, {thing.note}" for thing in self.things), *bonds]) + "."

    def dot(self, look: Look) -> str:
        """The drawing. Raises KeyError for a thing without a place."""
        canvas = Canvas(f"poster-{look.name}", look.width)
        spots = {thing.key: self._box(canvas, look, thing) for thing in self.things}
        for bond in self.bonds:
            _line(canvas, bond, spots[bond.start], spots[bond.end])
        return canvas.source(max(spot.bottom for spot in spots.values()) + 2)

    def _box(self, canvas: Canvas, look: Look, thing: Thing) -> Box:
        column, row = PLACES[thing.key]
        pitch, service = look.width / (COLUMNS - GAP), SERVICES[thing.kind]
        width = pitch * (BROAD.get(thing.key, 1) - GAP)
        spot = Box(column * pitch, row * PITCH + 2, width, HEIGHT)
        canvas.box(thing.key, spot.left, spot.top, width, HEIGHT, style="filled,rounded", fillcolor=COLOURS[service],
                   class_=f"service {service}")  # fmt: skip
        for text, size, down, more in ((thing.name, 13, 5, {"fontname": BOLD}), (thing.note, 12, 23, {})):
            left = spot.x - (text_width(text, size, bool(more)) + 6) / 2
            canvas.text(f"{thing.key}-{down}", text, left, spot.top + down, size, style="", fontcolor=PAPER,
                        class_=f"on {service}", **more)  # fmt: skip
        return spot


def _line(canvas: Canvas, bond: Bond, start: Box, end: Box) -> None:
    """From edge to edge; upright where one of the two is wide."""
    if start.top == end.top:
        right = start.left < end.left
        places = [(start.right if right else start.left, start.y), (end.left if right else end.right, end.y)]
    else:
        down = start.top < end.top
        x1, x2 = start.x, end.x
        if COLUMNS in (BROAD.get(bond.start), BROAD.get(bond.end)):
            x1 = x2 = start.x if start.width < end.width else end.x
        places = [(x1, start.bottom if down else start.top), (x2, end.top if down else end.bottom)]
    service = SERVICES[bond.start.partition(" ")[0]]
    name = f"{bond.start}-{bond.end}"
    points = [canvas.point(f"{name}-{n}", x, y) for n, (x, y) in enumerate(places)]
    canvas.arrow(
        *points,
        color=COLOURS[service],
        penwidth=1.6,
        class_=f"arrow {service}",
        **({} if bond.made else {"dir": "none"}),
    )
    if bond.words:
        (x1, y1), (x2, y2) = places
        x, width = (x1 + x2) / 2, text_width(bond.words, 12) + 6
        left = x + 3 if x + 3 + width < canvas.width else x - 3 - width
        canvas.text(f"{name}-words", f"{bond.words}\n", left, (y1 + y2) / 2 - 8, 12, style="", class_="caption")


def storage(user: Connection) -> Poster:
    """The project's volumes, their snapshots and backups, the servers that have them, the images they came from."""
    volumes: list[Body] = user.volume.get("/volumes/detail").json()["volumes"]
    names = {volume["id"]: volume["name"] for volume in volumes}
    servers = {server["id"]: server["name"] for server in user.compute.get("/servers").json()["servers"]}
    snapshots: list[Body] = user.volume.get("/snapshots").json()["snapshots"]
    kept = {snapshot["id"]: snapshot["name"] for snapshot in snapshots}
    things = [Thing("volume", volume["name"], f"{volume['size']} GiB") for volume in volumes]
    bonds = []
    for volume in volumes:
        key = f"volume {volume['name']}"
        bonds += [Bond(f"server {servers[a['server_id']]}", key, a["device"]) for a in volume["attachments"]]
        if image := volume.get("volume_image_metadata", {}).get("image_name"):
            things.append(Thing("image", image))
            bonds.append(Bond(f"image {image}", key, made=True))
        if snapshot := kept.get(volume["snapshot_id"]):
            bonds.append(Bond(f"snapshot {snapshot}", key, made=True))
    for snapshot in snapshots:
        things.append(Thing("snapshot", snapshot["name"]))
        bonds.append(Bond(f"volume {names[snapshot['volume_id']]}", things[-1].key, made=True))
    for backup in user.volume.get("/backups/detail").json()["backups"]:
        things += [Thing("backup", backup["name"]), Thing("container", backup["container"])]
        bonds.append(Bond(f"volume {names[backup['volume_id']]}", things[-2].key, made=True))
        bonds.append(Bond(things[-2].key, things[-1].key, made=True))
    things += [Thing("server", name) for name in servers.values()]
    return Poster(things, bonds)


def access(user: Connection, admin: Connection) -> Poster:
    """Who has which role in the project, its own images, what starts from them, its objects."""
    asked = admin.identity.get(f"/role_assignments?scope.project.id={user.project_id}&include_names=true")
    given: list[Body] = asked.json()["role_assignments"]
    project = Thing("project", given[0]["scope"]["project"]["name"])
    things, bonds = [project], []
    for one in given:
        things.append(Thing("user", one["user"]["name"]))
        bonds.append(Bond(things[-1].key, project.key, one["role"]["name"]))
    for image in user.image.get(f"/images?owner={user.project_id}").json()["images"]:
        things.append(Thing("image", image["name"], image["disk_format"]))
        bonds.append(Bond(project.key, things[-1].key))
        for server in user.compute.get(f"/servers?image={image['id']}").json()["servers"]:
            things.append(Thing("server", server["name"]))
            bonds += [Bond(project.key, things[-1].key), Bond(f"image {image['name']}", things[-1].key, made=True)]
    for thing, holder in _objects(user):
        things.append(thing)
        bonds.append(Bond(holder or project.key, thing.key))
    return Poster(things, bonds)


def _objects(user: Connection) -> Iterator[tuple[Thing, str]]:
    """The containers, and the objects with the container that holds them."""
    account = f"/AUTH_{user.project_id}"
    for container in user.object_store.get(f"{account}?format=json").json():
        box = Thing("container", container["name"])
        yield box, ""
        for found in user.object_store.get(f"{account}/{container['name']}?format=json").json():
            yield Thing("object", found["name"]), box.key
