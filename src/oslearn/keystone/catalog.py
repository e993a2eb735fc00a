"""The service catalog: which services there are and where they answer.

Upstream: keystone/catalog. Left out: regions other than the configured one, endpoint groups.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from oslearn.keystone.models import Endpoint, Service
from oslearn.oslo.clock import Ids
from oslearn.oslo.db import Handle

INTERFACES = ("public", "internal", "admin")


class Catalog:
    """Reads the catalog once and keeps it, as Keystone's own cache does."""

    def __init__(self, db: Handle, ids: Ids) -> None:
        self.db, self.ids = db, ids
        self._entries: list[dict[str, Any]] | None = None

    def register(self, name: str, kind: str, url: str, region: str) -> None:
        """Add a service with its three endpoints."""
        service = Service(id=self.ids.hex(), type=kind, name=name)
        ends = [
            Endpoint(id=self.ids.hex(), service_id=service.id, interface=interface, region_id=region, url=url)
            for interface in INTERFACES
        ]
        with self.db.session() as session:
            session.add(service)
            session.flush()
            session.add_all(ends)
        self._entries = None

    def entries(self, project_id: str | None) -> list[dict[str, Any]]:
        """The catalog as a token shows it, with the project's id in the URLs."""
        if self._entries is None:
            self._entries = self._read()
        return [
            entry | {"endpoints": [e | {"url": e["url"] % {"project_id": project_id}} for e in entry["endpoints"]]}
            for entry in self._entries
        ]

    def _read(self) -> list[dict[str, Any]]:
        with self.db.session() as session:
            services = session.scalars(select(Service).order_by(Service.id)).all()
            endpoints = session.scalars(select(Endpoint).order_by(Endpoint.id)).all()
        return [
            {
                "endpoints": [
                    {
                        "id": e.id,
                        "interface": e.interface,
                        "region_id": e.region_id,
                        "url": e.url,
                        "region": e.region_id,
                    }
                    for e in endpoints
                    if e.service_id == service.id
                ],
                "id": service.id,
                "type": service.type,
                "name": service.name,
            }
            for service in services
        ]
