"""The service catalog: which services there are and where they answer, for whom.

Interface: `Catalog.entries(project_id, user_id)`; `placed(url, project_id, user_id)`; `INTERFACES`.
Upstream: keystone/catalog/core.py and backends/sql.py. Left out: endpoint filters and groups (OS-EP-FILTER).
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from oslearn.core.keystone.models import Endpoint, Service
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle

INTERFACES = ("public", "internal", "admin")


class Catalog:
    """Reads the catalog once and keeps it, as Keystone's own cache does."""

    def __init__(self, db: Handle) -> None:
        self.db = db
        self._entries: list[tuple[Body, list[Body]]] | None = None

    def forget(self) -> None:
        """Read it again: something changed."""
        self._entries = None

    def entries(self, project_id: str | None, user_id: str = "") -> list[Body]:
        """The catalog as a token shows it, with the project's id in the URLs; a URL that lacks one is left out."""
        if self._entries is None:
            self._entries = self._read()
        return [
            {
                "endpoints": [
                    endpoint | {"url": url}
                    for endpoint in endpoints
                    if (url := placed(endpoint["url"], project_id, user_id))
                ],
                **service,
            }
            for service, endpoints in self._entries
        ]

    def _read(self) -> list[tuple[Body, list[Body]]]:
        with self.db.session() as session:
            services = session.scalars(select(Service).where(Service.enabled).order_by(Service.id)).all()
            endpoints = session.scalars(select(Endpoint).where(Endpoint.enabled).order_by(Endpoint.id)).all()
        by_service = defaultdict(list)
        for e in endpoints:
            shown = {"id": e.id, "interface": e.interface, "region_id": e.region_id, "url": e.url}
            by_service[e.service_id].append((e.extra or {}) | shown | {"region": e.region_id})
        return [({"id": s.id, "type": s.type, "name": s.name}, by_service[s.id]) for s in services]


def placed(url: str, project_id: str | None, user_id: str) -> str | None:
    """A URL with the ids in it; None if it needs one that is not there or that nobody knows."""
    if "%" not in url and "$(" not in url:
        return url
    ids = {"user_id": user_id} | ({"project_id": project_id, "tenant_id": project_id} if project_id else {})
    try:
        return str(url.replace("$(", "%(") % ids)
    except (KeyError, TypeError, ValueError):
        return None
