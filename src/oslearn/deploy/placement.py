"""Placement: one API process. It starts before Nova, whose hosts register there."""

from __future__ import annotations

from oslearn.deploy.base import Deployment
from oslearn.placement import api, models


def start(cloud: Deployment) -> None:
    """Start it."""
    handle = cloud.database("placement", models.Base, "placement")
    app = api.build(handle, cloud.ids, cloud.clock, [cloud.auth("placement")])
    cloud.mount("placement", "placement", app)
