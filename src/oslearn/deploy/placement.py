"""Placement: one API process. It starts before Nova, whose hosts register there."""

from __future__ import annotations

from oslearn.core.placement import api, models
from oslearn.deploy.base import Deployment
from oslearn.extensions.placement import routes, wiring
from oslearn.extensions.placement.exception import fault


def start(cloud: Deployment) -> None:
    """Start it on its database."""
    handle = cloud.database("placement", models.Base, "placement")
    parts, table, rules = api.parts(handle), api.ROUTES, api.RULES
    if cloud.extended:
        parts, table, rules = parts | wiring.parts(handle, cloud.ids), table + routes.ROUTES, rules | routes.RULES
    app = api.build(parts, table, rules, cloud.ids, cloud.clock, [cloud.auth("placement")])
    if cloud.extended:
        app.fault = fault
    cloud.mount("placement", "placement", app)
