"""What Placement's API can do besides what a boot asks for.

Interface: `parts(handle, inventories)` are the objects that this room's table of contents names.
"""

from __future__ import annotations

from oslearn.core.oslo.db import Handle
from oslearn.core.placement.inventories import Inventories
from oslearn.extensions.placement.allocations import ManyAllocations
from oslearn.extensions.placement.inventories import InventoryClasses, Usages
from oslearn.extensions.placement.names import ResourceClasses, TraitNames
from oslearn.extensions.placement.providers import Aggregates, ProviderChanges


def parts(handle: Handle) -> dict[str, object]:
    """The parts, each with what it needs."""
    return {
        "changes": ProviderChanges(handle),
        "aggregates": Aggregates(handle),
        "classes": InventoryClasses(Inventories(handle)),
        "usages": Usages(handle),
        "resource_classes": ResourceClasses(handle),
        "trait_names": TraitNames(handle),
        "many": ManyAllocations(handle),
    }
