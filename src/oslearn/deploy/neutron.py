"""Neutron: one API process."""

from __future__ import annotations

from oslearn.deploy.base import Deployment
from oslearn.neutron import api, models


def start(cloud: Deployment) -> None:
    """Start it."""
    handle = cloud.database("neutron", models.Base, "neutron-server")
    app = api.build(handle, cloud.ids, cloud.clock, cloud.config, [cloud.auth("neutron-server")])
    cloud.mount("networking", "neutron-server", app)
