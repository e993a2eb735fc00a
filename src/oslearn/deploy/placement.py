"""Placement: one API process. It starts before Nova, whose hosts register there."""

from __future__ import annotations

from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door
from oslearn.core.placement import api, exception, models
from oslearn.core.placement.allocations import Allocations
from oslearn.core.placement.candidates import Candidates
from oslearn.deploy.base import Deployment
from oslearn.extensions.placement import routes, wiring
from oslearn.extensions.placement.api import PlacementDoor, WordedVersions
from oslearn.extensions.placement.exception import fault


def start(cloud: Deployment) -> None:
    """Start it on its database."""
    handle, enforcer = cloud.database("placement", models.Base, "placement"), Enforcer(api.RULES, api.REFUSED)
    parts: dict[str, object] = {"candidates": Candidates(handle), "allocations": Allocations(handle)}
    table, versions, door, errors = api.ROUTES, api.Versions(), Door(enforcer), exception.fault
    if cloud.extended:
        enforcer.rules |= routes.RULES
        versions, door, errors = WordedVersions(), PlacementDoor(enforcer, handle), fault
        parts, table = parts | wiring.parts(handle, cloud.ids, enforcer, versions), table + routes.ROUTES
    layers = [cloud.auth("placement"), versions, api.Dates(cloud.clock)]
    cloud.mount("placement", "placement", Application(parts, table, errors, cloud.ids, layers, door))
