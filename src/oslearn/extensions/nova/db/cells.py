"""What an instance asks of a host, once it asks for something else: after a resize, for example.

Interface: `SavedSpecs`, a part of a process's queries.
Upstream: nova/objects/request_spec.py, `save`.
"""

from __future__ import annotations

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import RequestSpecs
from oslearn.core.nova.db.models import RequestSpec


class SavedSpecs(RequestSpecs):
    """Specs that change."""

    def save(self, uuid: str, spec: objects.RequestSpec) -> None:
        """What an instance asks for from now on."""
        with self.api.session() as session:
            session.merge(RequestSpec(instance_uuid=uuid, spec=spec))
