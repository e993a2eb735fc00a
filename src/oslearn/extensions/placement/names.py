"""Custom names of resource classes and traits, which begin with `CUSTOM_`; all names are listed with the standard ones.

Interface: `ResourceClasses`, `TraitNames`: handlers; `RESOURCE_CLASSES`, `TRAITS`: the standard names; `check_classes`,
`unknown_traits`; `class_order`.
Upstream: placement/handlers/resource_class.py, trait.py, placement/objects/resource_class.py, trait.py; the libraries
os-resource-classes and os-traits.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from sqlalchemy import Connection, delete, exists, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, Conflict
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.schema import first_error
from oslearn.core.placement.candidates import known
from oslearn.core.placement.models import Base, Inventory, ProviderTrait
from oslearn.extensions.placement import schemas
from oslearn.extensions.placement.exception import ResourceClassNotFound, TraitNotFound

DATA = tomllib.loads((Path(__file__).parent / "names.toml").read_text("utf-8"))
RESOURCE_CLASSES: list[str] = DATA["resource_classes"].split()
TRAITS: list[str] = DATA["traits"].split()
ORDER = {name: n for n, name in enumerate(RESOURCE_CLASSES)}
CUSTOM = re.compile(r"CUSTOM_[A-Z0-9_]{1,248}")
BAD_TRAIT = (
    'The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "CUSTOM_" and '
    'use following characters: "A"-"Z", "0"-"9" and "_"'
)
BAD_FILTER = (
    "Badly formatted name parameter. Expected name query string parameter in form: "
    '?name=[in|startswith]:[name1,name2|prefix]. Got: "%s"'
)


class Trait(Base):
    """A custom name."""

    __tablename__ = "traits"
    name: Mapped[str] = mapped_column(primary_key=True)


class ResourceClass(Base):
    """A custom name, too."""

    __tablename__ = "resource_classes"
    name: Mapped[str] = mapped_column(primary_key=True)


Table = type[Trait] | type[ResourceClass]


def check_classes(session: Session | Connection, names: set[str]) -> None:
    """Raise ResourceClassNotFound unless all are there."""
    for name in unknown(session, names.difference(RESOURCE_CLASSES), ResourceClass):
        raise ResourceClassNotFound(name=name)


def unknown_traits(session: Session | Connection, names: set[str]) -> list[str]:
    """Those of the names that no trait has."""
    return unknown(session, names.difference(TRAITS), Trait)


def unknown(session: Session | Connection, names: set[str], table: Table) -> list[str]:
    """Those that are not in a table; if all names are standard ones, nobody asks."""
    return sorted(names.difference(session.scalars(select(table.name)))) if names else []


class ResourceClasses:
    """What can be counted."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_resource_classes(self, req: Request) -> dict[str, object]:
        """Resource classes, the standard ones first. 200, 404."""
        with self.handle.session() as session:
            custom = session.scalars(select(ResourceClass.name).order_by(ResourceClass.name)).all()
        return {"resource_classes": [self._class(req, name) for name in [*RESOURCE_CLASSES, *custom]]}

    def show_resource_class(self, req: Request, name: str) -> dict[str, object]:
        """One resource class. 200, 404."""
        with self.handle.session() as session:
            check_classes(session, {name})
        return self._class(req, name)

    def create_resource_class(self, req: Request, wanted: dict[str, str]) -> Reply:
        """A custom resource class. 201, 400, 409."""
        name = wanted["name"]
        if add(self.handle, ResourceClass, name) == 204:
            raise Conflict(f"Conflicting resource class already exists: {name}")
        return Reply(201, None, {"Location": f"{req.root_path}/resource_classes/{name}"})

    def update_resource_class(self, req: Request, name: str) -> Reply:
        """Make sure that a custom resource class is there. 201, 204, 400."""
        if error := first_error({"name": name}, schemas.RESOURCE_CLASS):
            raise BadRequest(f"JSON does not validate: {error.message}")
        return Reply(
            add(self.handle, ResourceClass, name), None, {"Location": f"{req.root_path}/resource_classes/{name}"}
        )

    def delete_resource_class(self, req: Request, name: str) -> None:
        """Delete a custom resource class. 204, 400, 404, 409."""
        failed = "Error in delete resource class: "
        if name in RESOURCE_CLASSES:
            raise BadRequest(f"{failed}Cannot delete standard resource class {name}.")
        with self.handle.session() as session:
            check_classes(session, {name})
            if session.scalar(select(exists().where(Inventory.resource_class == name))):
                raise Conflict(f"{failed}Cannot delete resource class {name}. Class is in use in inventory.")
            session.execute(delete(ResourceClass).where(ResourceClass.name == name))

    def _class(self, req: Request, name: str) -> dict[str, object]:
        return {"name": name, "links": [{"rel": "self", "href": f"{req.root_path}/resource_classes/{name}"}]}


class TraitNames:
    """What a provider can be like."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def list_traits(self, req: Request) -> dict[str, object]:
        """Traits, filtered by `name` and `associated`. 200, 400, 404."""
        known(req.params, {"name", "associated"})
        operator, found, value = req.query.get("name", "startswith:").partition(":")
        if not found:
            raise BadRequest(BAD_FILTER % operator)
        associated = req.query.get("associated")
        if associated and associated.lower() not in ("true", "false"):
            raise BadRequest('The query parameter "associated" only accepts "true" or "false"')
        with self.handle.session() as session:
            names = [*TRAITS, *session.scalars(select(Trait.name).order_by(Trait.name))]
            used = set(session.scalars(select(ProviderTrait.trait).distinct())) if associated else set()
        wanted = value.split(",")
        kept = [n for n in names if (n in wanted if operator == "in" else n.startswith(value))]
        return {"traits": [n for n in kept if not associated or (n in used) == (associated.lower() == "true")]}

    def show_trait(self, req: Request, name: str) -> None:
        """Whether a trait is there. 204, 404."""
        with self.handle.session() as session:
            if unknown_traits(session, {name}):
                raise TraitNotFound(names=name)

    def put_trait(self, req: Request, name: str) -> Reply:
        """Make sure that a custom trait is there. 201, 204, 400."""
        if not CUSTOM.fullmatch(name):
            raise BadRequest(BAD_TRAIT)
        return Reply(add(self.handle, Trait, name), None, {"Location": f"{req.root_path}/traits/{name}"})

    def delete_trait(self, req: Request, name: str) -> None:
        """Delete a custom trait. 204, 400, 404, 409."""
        self.show_trait(req, name)
        if name in TRAITS:
            raise BadRequest(f"Cannot delete standard trait {name}.")
        with self.handle.session() as session:
            if session.scalar(select(exists().where(ProviderTrait.trait == name))):
                raise Conflict(f"The trait {name} is in use by a resource provider.")
            session.execute(delete(Trait).where(Trait.name == name))


def add(handle: Handle, table: Table, name: str) -> int:
    """Keep a name. The status: 201 if it is new, 204 if it was there."""
    with handle.session() as session:
        if session.get(table, name):
            return 204
        session.execute(insert(table).values(name=name))
    return 201


def class_order(name: str) -> tuple[int, str]:
    """What sorts resource classes as Placement numbers them: the standard ones in their order, then the custom ones."""
    return ORDER.get(name, len(ORDER)), name
