"""Swift: one proxy, with its databases and its store of object data."""

from __future__ import annotations

from oslearn.deploy.base import Deployment
from oslearn.extensions.oslo.store import open_store
from oslearn.extensions.swift import api, models
from oslearn.extensions.swift.backend import Backend


def start(cloud: Deployment) -> None:
    """Start it. Clients ask for `/info` at the root of the port, not below the path of the API."""
    handle = cloud.database("swift", models.Base, "swift-proxy-server")
    backend = Backend(handle, open_store(cloud.config.object_dir), cloud.ids, cloud.clock)
    app = api.build(backend, cloud.ids, cloud.clock, cloud.config, [cloud.auth("swift-proxy-server")])
    for path in ("object-store", "info"):
        cloud.mount(path, "swift-proxy-server", app)
    cloud.manage("swift-proxy-server", backend.init_host)
