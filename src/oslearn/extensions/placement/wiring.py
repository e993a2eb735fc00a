"""What Placement's API can do besides what a boot asks for.

Interface: `parts(handle, ids)` are the objects that this room's table of contents names.
"""

from __future__ import annotations

from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle
from oslearn.extensions.placement.allocations import ManyAllocations
from oslearn.extensions.placement.inventories import Inventories, Usages
from oslearn.extensions.placement.names import ResourceClasses, TraitNames
from oslearn.extensions.placement.providers import Aggregates, Providers, Traits
from oslearn.extensions.placement.root import Root


def parts(handle: Handle, ids: Ids) -> dict[str, object]:
    """The parts, each with what it needs."""
    return {
        "root": Root(),
        "providers": Providers(handle, ids),
        "traits": Traits(handle),
        "aggregates": Aggregates(handle),
        "inventories": Inventories(handle),
        "usages": Usages(handle),
        "resource_classes": ResourceClasses(handle),
        "trait_names": TraitNames(handle),
        "many": ManyAllocations(handle),
    }
