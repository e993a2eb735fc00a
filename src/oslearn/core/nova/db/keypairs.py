"""Key pairs: Nova keeps the public half.

Interface: `KeyPairs`, a part of `NovaDB`.
Invariants: a key pair is its user's, whatever the project.
Upstream: nova/objects/keypair.py.
"""

from __future__ import annotations

from sqlalchemy import select

from oslearn.core.nova import exception
from oslearn.core.nova.db.api_models import KeyPair
from oslearn.core.nova.db.databases import Databases


class KeyPairs:
    """What a boot asks of them."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.clock = databases.api, databases.clock

    def get(self, user_id: str | None, name: str) -> KeyPair:
        """One key pair of a user. Raises KeypairNotFound."""
        query = select(KeyPair).where(KeyPair.user_id == user_id, KeyPair.name == name)
        with self.api.session() as session:
            pair = session.scalars(query).first()
        if pair is None:
            raise exception.KeypairNotFound(name=name, user_id=user_id)
        return pair
