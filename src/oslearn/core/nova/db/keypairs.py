"""Key pairs: Nova keeps the public half.

Interface: `KeyPairQueries`, a part of `NovaDB`.
Invariants: a key pair is its user's, whatever the project.
Upstream: nova/objects/keypair.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from oslearn.core.nova import exception
from oslearn.core.nova.db.api_models import KeyPair
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.db import Handle


class KeyPairQueries:
    """Queries over the API database."""

    api: Handle
    clock: Clock

    def key_pair_create(self, values: dict[str, Any]) -> KeyPair:
        """A new key pair. Raises KeyPairExists."""
        pair = KeyPair(**values, created_at=self.clock.now())
        try:
            with self.api.session() as session:
                session.add(pair)
        except IntegrityError:
            raise exception.KeyPairExists(key_name=values["name"]) from None
        return pair

    def key_pair_get(self, user_id: str | None, name: str) -> KeyPair:
        """One key pair of a user. Raises KeypairNotFound."""
        query = select(KeyPair).where(KeyPair.user_id == user_id, KeyPair.name == name)
        with self.api.session() as session:
            pair = session.scalars(query).first()
        if pair is None:
            raise exception.KeypairNotFound(name=name, user_id=user_id)
        return pair

    def key_pair_page(self, user_id: str | None, limit: int | None = None, marker: str | None = None) -> list[KeyPair]:
        """Key pairs of a user by name, from behind `marker`. Raises MarkerNotFound."""
        query = select(KeyPair).where(KeyPair.user_id == user_id).order_by(KeyPair.name).limit(limit)
        if marker is not None:
            try:
                query = query.where(KeyPair.name > self.key_pair_get(user_id, marker).name)
            except exception.KeypairNotFound:
                raise exception.MarkerNotFound(marker=marker) from None
        with self.api.session() as session:
            return list(session.scalars(query))

    def key_pair_count(self, user_id: str | None) -> int:
        """How many a user has."""
        with self.api.session() as session:
            return session.scalars(select(func.count(KeyPair.id)).where(KeyPair.user_id == user_id)).one()

    def key_pair_destroy(self, user_id: str | None, name: str) -> None:
        """Delete one; instances keep their copy. Raises KeypairNotFound."""
        pair = self.key_pair_get(user_id, name)
        with self.api.session() as session:
            session.delete(pair)
