"""What Placement's API can do besides what a boot asks for.

Interface: `application(...)` → the process, whole. Two of its parts take the place of the core's: theirs are the same
operations, in the shapes of every microversion.
"""

from __future__ import annotations

from oslearn.core.keystonemiddleware.auth_token import AuthProtocol
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application
from oslearn.core.placement import api
from oslearn.extensions.placement import routes
from oslearn.extensions.placement.allocations import EveryAllocations, ManyAllocations
from oslearn.extensions.placement.api import PlacementDoor, Root, WordedVersions
from oslearn.extensions.placement.candidates import EveryCandidates
from oslearn.extensions.placement.exception import fault
from oslearn.extensions.placement.inventories import Inventories, Usages
from oslearn.extensions.placement.names import ResourceClasses, TraitNames
from oslearn.extensions.placement.providers import Aggregates, Providers, Traits


def application(handle: Handle, ids: Ids, clock: Clock, auth: AuthProtocol) -> Application:
    """The process placement."""
    policy, versions = Enforcer(api.RULES | routes.RULES, api.REFUSED), WordedVersions()
    parts: dict[str, object] = {
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
    layers = [auth, versions, api.Dates(clock)]
    return Application(parts, api.ROUTES + routes.ROUTES, fault, ids, layers, PlacementDoor(policy, handle))
