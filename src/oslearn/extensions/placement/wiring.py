"""What Placement's API can do besides what a boot asks for.

Interface: `parts(...)` are the objects that the tables of contents name. Two take the place of the core's: theirs are
the same operations, in the shapes of every microversion.
"""

from __future__ import annotations

from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.placement.api import Versions
from oslearn.extensions.placement.allocations import EveryAllocations, ManyAllocations
from oslearn.extensions.placement.api import Root
from oslearn.extensions.placement.candidates import EveryCandidates
from oslearn.extensions.placement.inventories import Inventories, Usages
from oslearn.extensions.placement.names import ResourceClasses, TraitNames
from oslearn.extensions.placement.providers import Aggregates, Providers, Traits


def parts(handle: Handle, ids: Ids, policy: Enforcer, versions: Versions) -> dict[str, object]:
    """The parts, each with what it needs."""
    return {
        "candidates": EveryCandidates(handle),
        "allocations": EveryAllocations(handle),
        "root": Root(versions),
        "providers": Providers(handle, ids),
        "traits": Traits(handle),
        "aggregates": Aggregates(handle),
        "inventories": Inventories(handle),
        "usages": Usages(handle, policy),
        "resource_classes": ResourceClasses(handle),
        "trait_names": TraitNames(handle),
        "many": ManyAllocations(handle),
    }
