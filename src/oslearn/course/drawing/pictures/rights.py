"""Who may what: a try of each operation with each role, and who has which role in a project.

Interface: `rights(eyes)`, a run of its own; `assignments(eyes, project)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from keystoneauth1.exceptions import Unauthorized
from requests import Response

from oslearn.cloud import Cloud, Connection
from oslearn.course.drawing.pictures.eyes import Eyes, one
from oslearn.course.drawing.pictures.sheet import DISC, Card, Sheet
from oslearn.course.drawing.sequence import Look
from oslearn.course.reference import Lab

ROLES = ("reader", "member", "manager", "admin")
NOBODY = "no role"


@dataclass(frozen=True)
class Rights:
    """Rows of an operation, its service, and the status that each role got."""

    title: ClassVar[str] = "Who may what"
    roles: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[int, ...]], ...]

    def words(self) -> str:
        """The picture in words."""
        told = list[str]()
        for operation, _, statuses in self.rows:
            may = [role for role, status in zip(self.roles, statuses, strict=True) if status < 400]
            told.append(f"{operation}: {', '.join(may) or 'nobody'}")
        return f"Who may do what, as tried: {'; '.join(told)}. All others are refused with 403, or 401 without a role."

    def dot(self, look: Look) -> str:
        """A row for each operation, a column for each role, a sign for each try."""
        sheet = Sheet("rights", look)
        names = 96.0 if sheet.short else 190.0
        each = (sheet.width - names) / len(self.roles)
        for n, role in enumerate(self.roles):
            sheet.words(role, names + n * each, 4, each, bold=True, tone="keystone", align="middle")
        y = sheet.low + 6
        for n, (operation, service, statuses) in enumerate(self.rows):
            if n % 2 == 0:
                sheet.ground(0, y, sheet.width, 28)
            sheet.words(operation, 4, y + 6, bold=True, tone=service)
            for column, status in enumerate(statuses):
                passed = status < 400
                left = names + column * each + each / 2 - (DISC / 2 if passed else DISC / 2 + 12)
                sheet.signed("" if passed else str(status), passed, left, y + 5)
            y += 28
        return sheet.source()


def operations(demo: Connection) -> dict[str, tuple[str, Callable[[Connection, str], Response]]]:
    """What is tried, by the client's words: the service, and the request, given a server that runs."""
    ask = {"raise_exc": False}
    image = {"name": "ours", "disk_format": "raw", "container_format": "bare"}
    act = "/servers/{}/action".format
    return {
        "server list": ("nova", lambda who, _: who.compute.get("/servers", **ask)),
        "server stop": ("nova", lambda who, id: who.compute.post(act(id), json={"os-stop": None}, **ask)),
        "network create": ("neutron", lambda who, _: who.network.post("/networks", json={"network": {}}, **ask)),
        "volume create": ("cinder", lambda who, _: who.volume.post("/volumes", json={"volume": {"size": 1}}, **ask)),
        "image create": ("glance", lambda who, _: who.image.post("/images", json=image, **ask)),
        "server migrate": ("nova", lambda who, id: who.compute.post(act(id), json={"migrate": None}, **ask)),
        "quota set": ("nova", lambda who, _: who.compute.put(
            f"/os-quota-sets/{demo.project_id}", json={"quota_set": {"instances": 20}}, **ask)),
        "user list": ("keystone", lambda who, _: who.identity.get("/users", **ask)),
    }  # fmt: skip


@cache
def tried() -> Rights:
    """Each role tries each operation in a cloud of its own, with a server of its own."""
    cloud = Cloud(seed=7)
    lab = Lab.prepare(cloud)
    demo, admin = cloud.connect("demo"), cloud.connect("admin")
    roles = {role["name"]: role["id"] for role in admin.identity.get("/roles").json()["roles"]}
    rows = {operation: (service, list[int]()) for operation, (service, _) in operations(demo).items()}
    for role in (NOBODY, *ROLES):
        name = f"one-with-{role.replace(' ', '-')}"
        body = {"user": {"name": name, "password": "a-Pass1"}}
        user = admin.identity.post("/users", json=body).json()["user"]["id"]
        if role in roles:
            admin.identity.put(f"/projects/{demo.project_id}/users/{user}/roles/{roles[role]}")
        who = cloud.connect(name, "a-Pass1", project="demo")
        for operation, (_, request) in operations(demo).items():
            server = lab.boot(block_device_mapping_v2=None) if operation.startswith("server ") else ""
            try:
                status = request(who, server).status_code
            except Unauthorized as refused:
                status = refused.http_status
            rows[operation][1].append(status)
            if server:
                demo.compute.delete(f"/servers/{server}")
    return Rights((NOBODY, *ROLES), tuple((name, service, tuple(got)) for name, (service, got) in rows.items()))


def rights(_eyes: Eyes) -> Rights:
    """Who may what, as tried."""
    return tried()


@dataclass(frozen=True)
class Assignments:
    """The users and groups of a domain: their roles in a project, as given and as they come to be."""

    title: ClassVar[str] = "Who has which role in the project"
    domain: str
    project: str
    given: tuple[tuple[str, str, tuple[str, ...]], ...]
    without: tuple[str, ...]

    def words(self) -> str:
        """The picture in words."""
        told = "; ".join(f"{who} is {role}, so {', '.join(comes)}" for who, role, comes in self.given)
        rest = f" Without a role there: {', '.join(self.without)}." if self.without else ""
        return f"In project {self.project} of domain {self.domain}: {told}.{rest}"

    def dot(self, look: Look) -> str:
        """The users at the left, their roles on the way to the project."""
        sheet = Sheet("assignments", look)
        left, gap = (120.0, 96.0) if sheet.short else (230.0, 190.0)
        cards = [Card(who, [f"has: {', '.join(comes)}"], "keystone") for who, _, comes in self.given]
        cards += [Card(who, ["cannot come in: 401"], dashed=True) for who in self.without]
        with sheet.place(0, 0, sheet.width, f"domain {self.domain}") as y:
            boxes = sheet.column(cards, y, 10, left)
            last = boxes[len(self.given) - 1] if self.given else boxes[-1]
            right = 10 + left + gap
            project = Card(f"project {self.project}", ["servers, networks, volumes, images"], "keystone")
            sheet.card(project, right, y, sheet.width - right - 10, last.bottom - y)
            for (_, role, _), box in zip(self.given, boxes, strict=False):
                sheet.arrow([(box.right, box.y), (right, box.y)], "keystone", words=role)
            for box in boxes[len(self.given):]:  # fmt: skip
                sheet.arrow([(box.right, box.y), (box.right + gap / 3, box.y)], "client", dashed=True, tip=False)
                sheet.words("✗ no role", box.right + gap / 3 + 6, box.y - 8, tone="bad", bold=True)
        return sheet.source()


def assignments(eyes: Eyes, project: str, *others: str) -> Assignments:
    """The state of a project's roles, and of other users who have none there. Raises LookupError."""
    found = one(eyes.admin.identity.get("/projects").json()["projects"], project)
    domain = eyes.admin.identity.get(f"/domains/{found['domain_id']}").json()["domain"]["name"]
    query = {"include_names": "true", "scope.project.id": found["id"]}
    listed = eyes.admin.identity.get("/role_assignments", params=query).json()["role_assignments"]
    comes = eyes.admin.identity.get("/role_assignments", params={**query, "effective": "true"}).json()
    given = list[tuple[str, str, tuple[str, ...]]]()
    for row in listed:
        who = row.get("user") or row["group"]
        roles = [e["role"]["name"] for e in comes["role_assignments"] if e.get("user", {}).get("id") == who["id"]]
        name = who["name"] if "user" in row else f"group {who['name']}"
        given.append((name, row["role"]["name"], tuple(sorted(roles, key=order)) or (row["role"]["name"],)))
    users = {user["name"] for user in eyes.admin.identity.get("/users").json()["users"]}
    if unknown := set(others) - users:
        raise LookupError(f"no such users: {unknown}")
    inside = {name for name, _, _ in given}
    return Assignments(domain, project, tuple(sorted(given, key=lambda row: order(row[1]))),
                       tuple(name for name in others if name not in inside))  # fmt: skip


def order(role: str) -> int:
    """The largest role first."""
    return -ROLES.index(role) if role in ROLES else 1
