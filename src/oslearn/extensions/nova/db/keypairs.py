"""Key pairs: Nova keeps the public half.

Interface: `KeyPairs`, a part of a process's queries.
Invariants: a key pair is its user's, whatever the project.
Upstream: nova/objects/keypair.py.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from oslearn.core.nova import objects
from oslearn.core.nova.db.databases import Databases
from oslearn.extensions.nova.db.models import KeyPair
from oslearn.extensions.nova.exception import KeyPairExists, KeypairNotFound, MarkerNotFound


class KeyPairs:
    """The public halves, in the API database."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.clock = databases.api, databases.clock

    def get(self, user_id: str | None, name: str) -> KeyPair:
        """One key pair of a user. Raises KeypairNotFound."""
        query = select(KeyPair).where(KeyPair.user_id == user_id, KeyPair.name == name)
        with self.api.session() as session:
            pair = session.scalars(query).first()
        if pair is None:
            raise KeypairNotFound(name=name, user_id=user_id)
        return pair

    def create(self, values: objects.Values) -> KeyPair:
        """A new key pair. Raises KeyPairExists."""
        pair = KeyPair(**values, created_at=self.clock.now())
        try:
            with self.api.session() as session:
                session.add(pair)
        except IntegrityError:
            raise KeyPairExists(key_name=values["name"]) from None
        return pair

    def page(self, user_id: str | None, limit: int | None = None, marker: str | None = None) -> list[KeyPair]:
        """Key pairs of a user by name, from behind `marker`. Raises MarkerNotFound."""
        query = select(KeyPair).where(KeyPair.user_id == user_id).order_by(KeyPair.name).limit(limit)
        if marker is not None:
            try:
                query = query.where(KeyPair.name > self.get(user_id, marker).name)
            except KeypairNotFound:
                raise MarkerNotFound(marker=marker) from None
        with self.api.session() as session:
            return list(session.scalars(query))

    def count(self, user_id: str | None) -> int:
        """How many a user has."""
        with self.api.session() as session:
            return session.scalars(select(func.count(KeyPair.id)).where(KeyPair.user_id == user_id)).one()

    def destroy(self, user_id: str | None, name: str) -> None:
        """Delete one; instances keep their copy. Raises KeypairNotFound."""
        pair = self.get(user_id, name)
        with self.api.session() as session:
            session.delete(pair)
