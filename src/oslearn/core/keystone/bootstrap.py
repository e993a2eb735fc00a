"""The first accounts and the catalog, as `keystone-manage bootstrap` and the install guide make them.

Interface: `bootstrap(db, ids, config, passwords, keep)`; `project_id(db, name)` finds what it made; `DATA`, read from
`bootstrap.toml`, `SERVICE_USERS`.
Invariants: what is there already stays as it is, but the passwords that are given count; so a cloud can start again
on its databases.
Upstream: keystone/cmd/bootstrap.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.keystone import models
from oslearn.core.keystone.auth import GENERATED_COST, check_password, hash_password
from oslearn.core.keystone.models import ROOT, Assignment, Base, ImpliedRole, Project, Role, User
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle

DATA = tomllib.loads((Path(__file__).parent / "bootstrap.toml").read_text("utf-8"))
SERVICE_USERS: list[str] = DATA["service_users"]
HOME = {"domain_id": "default"}
Made = TypeVar("Made", bound=Base)


def bootstrap(db: Handle, ids: Ids, config: Config, passwords: dict[str, str], keep: Container[str] = ()) -> None:
    """Make the default domain, roles, the projects admin, demo and service, one user for each password, the catalog.

    `passwords` maps user names to passwords: admin, demo and the service users. Where Keystone has worked before, users
    and projects named in `keep` stay as they are: changed, or deleted.
    """
    with db.session() as session, session.no_autoflush:
        worked = session.scalars(select(User).limit(1)).first() is not None
        made, kept = Maker(session, ids, worked), keep if worked else ()
        made(Project, {"id": ROOT}, name=ROOT, domain_id=ROOT, is_domain=True)
        words = DATA["default_domain"]
        made(Project, {"id": "default"}, name="Default", domain_id=ROOT, is_domain=True, description=words)
        roles = {n: made(Role, {"name": n, "domain_id": ROOT}, options={"immutable": True}) for n in DATA["roles"]}
        for prior, implied in DATA["implied"]:
            made(ImpliedRole, {"prior_role_id": roles[prior].id, "implied_role_id": roles[implied].id})
        projects = {
            name: made(Project, {"name": name, **HOME}, description=words, parent_id="default")
            for name, words in DATA["projects"].items()
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
            for role in DATA["grants"].get(name, DATA["grants"]["others"]):
                made(Assignment, {"user_id": user.id, "role_id": roles[role].id, **place})
            if name == "admin":
                made(Assignment, {"user_id": user.id, "role_id": roles["admin"].id, "scope": "system"})
        catalog(made, config)


def catalog(made: Maker, config: Config) -> None:
    """Services with three endpoints each, whose URLs may have changed."""
    made(models.Region, {"id": config.region})
    for kind, (name, words, path, suffix) in DATA["catalog"].items():
        service = made(models.Service, {"type": kind, "name": name}, extra={"description": words} if words else {})
        for interface in ("public", "internal", "admin"):
            key = {"service_id": service.id, "interface": interface, "region_id": config.region}
            made(models.Endpoint, key, url="").url = config.endpoint(path) + suffix


class Maker:
    """Makes what is not there yet; where Keystone has never worked, nothing is."""

    def __init__(self, session: Session, ids: Ids, worked: bool) -> None:
        self.session, self.ids, self.worked = session, ids, worked
        self.last: type[Base] | None = None

    def __call__(self, model: type[Made], key: dict[str, str], **values: object) -> Made:
        """The row with a key; if there is none, a new one with these values."""
        row = self.session.scalars(select(model).filter_by(**key)).first() if self.worked else None
        if row is None:
            if model is not self.last:  # the rows before it may be those that it refers to
                self.session.flush()
            self.last = model
            drawn = {"id": self.ids.hex()} if model not in (ImpliedRole, Assignment) else {}
            self.session.add(row := model(**drawn | key | values))
        return row


def project_id(db: Handle, name: str) -> str:
    with db.session() as session:
        return session.scalars(select(Project.id).filter_by(name=name, **HOME)).one()
