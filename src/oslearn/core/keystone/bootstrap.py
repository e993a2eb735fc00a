"""The first accounts and the catalog, as `keystone-manage bootstrap` and the install guide make them.

Interface: `bootstrap(db, ids, config, passwords, keep)`; `project_id(db, name)` finds what it made.
Invariants: what is there already stays as it is, but the passwords that are given count; so a cloud can start again
on its databases.
Upstream: keystone/cmd/bootstrap.py.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.keystone import models
from oslearn.core.keystone.catalog import INTERFACES
from oslearn.core.keystone.identity import GENERATED_COST, check_password, hash_password
from oslearn.core.keystone.models import ROOT, Assignment, ImpliedRole, Project, Role, User
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle

IMMUTABLE = {"immutable": True}
HOME = {"domain_id": "default"}
DEFAULT = "The default domain"
ROLES = ("reader", "member", "manager", "admin", "service")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
SERVICE_USERS = ("nova", "glance", "neutron", "cinder", "placement", "swift", "trove")
PROJECTS = {
    "admin": "Bootstrap project for initializing the cloud.", "demo": "Demo Project", "service": "Service Project",
}  # fmt: skip
GRANTS = {"admin": ("admin",), "demo": ("member",)}
CATALOG = (
    ("keystone", "identity", None, "identity", "/v3/"),
    ("glance", "image", "OpenStack Image", "image", ""),
    ("placement", "placement", "Placement API", "placement", ""),
    ("neutron", "network", "OpenStack Networking", "networking", ""),
    ("nova", "compute", "OpenStack Compute", "compute", "/v2.1"),
    ("cinderv3", "volumev3", "OpenStack Block Storage", "volume", "/v3/%(project_id)s"),
    ("cinder", "block-storage", "OpenStack Block Storage", "volume", "/v3/%(project_id)s"),
    ("swift", "object-store", "OpenStack Object Storage", "object-store", "/v1/AUTH_%(project_id)s"),
    ("trove", "database", "OpenStack Database", "database", "/v1.0/%(project_id)s"),
)
"""Name, type, description, and where below the base URL."""


Row = TypeVar("Row", bound=models.Base)


def bootstrap(db: Handle, ids: Ids, config: Config, passwords: dict[str, str], keep: Container[str] = ()) -> None:
    """Make the default domain, roles, the projects admin, demo and service, one user for each password, the catalog.

    `passwords` maps user names to passwords: admin, demo and the service users. Where Keystone has worked before, users
    and projects named in `keep` stay as they are: changed, or deleted.
    """
    with db.session() as session, session.no_autoflush:
        worked = session.scalars(select(User).limit(1)).first() is not None
        made, kept = Maker(session, ids, worked), keep if worked else ()
        made(Project, {"id": ROOT}, name=ROOT, domain_id=ROOT, is_domain=True)
        made(Project, {"id": "default"}, name="Default", domain_id=ROOT, is_domain=True, description=DEFAULT)
        roles = {name: made(Role, {"name": name, "domain_id": ROOT}, options=IMMUTABLE) for name in ROLES}
        for prior, implied in IMPLIED:
            made(ImpliedRole, {"prior_role_id": roles[prior].id, "implied_role_id": roles[implied].id})
        projects = {
            name: made(Project, {"name": name, **HOME}, description=words, parent_id="default")
            for name, words in PROJECTS.items()
            if name not in kept
        }
        for name, secret in passwords.items():
            if name in kept:
                continue
            user = made(User, {"name": name, **HOME})
            if not user.password_hash or not check_password(secret, user.password_hash):
                cost = GENERATED_COST if name in SERVICE_USERS else config.password_hash_cost
                user.password_hash = hash_password(secret, ids.secret(16), cost)
            place = {"scope": "project", "project_id": projects.get(name, projects["service"]).id}
            for role in GRANTS.get(name, ("service", "admin")):
                made(Assignment, {"user_id": user.id, "role_id": roles[role].id, **place})
            if name == "admin":
                made(Assignment, {"user_id": user.id, "role_id": roles["admin"].id, "scope": "system"})
        catalog(made, config)


def project_id(db: Handle, name: str) -> str:
    with db.session() as session:
        return session.scalars(select(Project.id).filter_by(name=name, **HOME)).one()


class Maker:
    """Makes what is not there yet; where Keystone has never worked, nothing is."""

    def __init__(self, session: Session, ids: Ids, worked: bool) -> None:
        self.session, self.ids, self.worked = session, ids, worked
        self.last: type[models.Base] | None = None

    def __call__(self, model: type[Row], key: dict[str, str], **values: object) -> Row:
        """The row with a key; if there is none, a new one with these values."""
        row = self.session.scalars(select(model).filter_by(**key)).first() if self.worked else None
        if row is None:
            if model is not self.last:  # the rows before it may be those that it refers to
                self.session.flush()
            self.last = model
            drawn = {"id": self.ids.hex()} if model not in (ImpliedRole, Assignment) else {}
            self.session.add(row := model(**drawn | key | values))
        return row


def catalog(made: Maker, config: Config) -> None:
    made(models.Region, {"id": config.region})
    for name, kind, words, path, suffix in CATALOG:
        service = made(models.Service, {"type": kind, "name": name}, extra={"description": words} if words else {})
        for interface in INTERFACES:
            key = {"service_id": service.id, "interface": interface, "region_id": config.region}
            made(models.Endpoint, key, url="").url = config.endpoint(path) + suffix
