"""Names of resource classes and traits: the standard ones, and custom ones that begin with `CUSTOM_`.

Interface: `RESOURCE_CLASSES`, `TRAITS`: the standard names; `check_classes`, `unknown_traits`, `class_order`.
Upstream: placement/objects/resource_class.py, trait.py; the libraries os-resource-classes and os-traits.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.placement.exception import ResourceClassNotFound
from oslearn.core.placement.models import ResourceClass, Trait

DATA = tomllib.loads((Path(__file__).parent / "names.toml").read_text("utf-8"))
RESOURCE_CLASSES: list[str] = DATA["resource_classes"].split()
ORDER = {name: n for n, name in enumerate(RESOURCE_CLASSES)}
TRAITS: list[str] = DATA["traits"].split()


def class_order(name: str) -> tuple[int, str]:
    """What sorts resource classes as Placement numbers them: the standard ones in their order, then the custom ones."""
    return ORDER.get(name, len(ORDER)), name


def check_classes(session: Session, names: set[str]) -> None:
    """Raise ResourceClassNotFound unless all are there."""
    if unknown := names.difference(RESOURCE_CLASSES):
        for name in sorted(unknown.difference(session.scalars(select(ResourceClass.name)))):
            raise ResourceClassNotFound(name=name)


def unknown_traits(session: Session, names: set[str]) -> list[str]:
    """Those that are not there."""
    unknown = names.difference(TRAITS)
    return sorted(unknown.difference(session.scalars(select(Trait.name)))) if unknown else []
