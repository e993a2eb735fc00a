"""Placement: one API process. It starts before Nova, whose hosts register there."""

from __future__ import annotations

from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door
from oslearn.core.placement import api, models
from oslearn.core.placement.allocations import Allocations
from oslearn.core.placement.candidates import Candidates
from oslearn.core.placement.exception import fault
from oslearn.deploy.base import Deployment
from oslearn.extensions.placement import wiring


def start(cloud: Deployment) -> None:
    """Start it on its database."""
    handle, auth = cloud.database("placement", models.Base, "placement"), cloud.auth("placement")
    if cloud.extended:
        app = wiring.application(handle, cloud.ids, cloud.clock, auth)
    else:
        parts = {"candidates": Candidates(handle), "allocations": Allocations(handle)}
        layers, door = [auth, api.Versions(), api.Dates(cloud.clock)], Door(Enforcer(api.RULES, api.REFUSED))
        app = Application(parts, api.ROUTES, fault, cloud.ids, layers, door)
    cloud.mount("placement", "placement", app)
