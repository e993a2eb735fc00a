"""What the guest agent would do inside a database server: databases, users, and root.

Interface: `GuestAgent`, whose methods change what is known of one server; `GuestAgents` keeps that.
Invariants: a password is never kept.
Upstream: trove/guestagent/datastore/manager.py. Left out: the guest agent as a process: none runs in the server, so
what it would know of databases and users is kept in the instance's row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.extensions.trove.models import Instance, Values

RESERVED = ("information_schema", "mysql", "performance_schema", "sys", "postgres", "root", "os_admin")


class GuestAgent:
    """What the guest agent would do inside the server."""

    def create_databases(self, guest: Values, names: list[str]) -> None:
        """Empty databases; a name of the server's own or of another is refused. Raises BadRequest."""
        for name in names:
            if name in guest["databases"] or name.lower() in RESERVED:
                raise BadRequest(f'A database with the name "{name}" already exists.')
            guest["databases"].append(name)

    def delete_database(self, guest: Values, name: str) -> None:
        """The database, and each user's right to it. Raises NotFound."""
        if name not in guest["databases"]:
            raise NotFound(f"Database {name} cannot be found on the instance.")
        guest["databases"].remove(name)
        for user in guest["users"].values():
            user["databases"] = [kept for kept in user["databases"] if kept != name]

    def create_users(self, guest: Values, users: list[Values]) -> None:
        """Users, who may use the databases that they are made with. Raises BadRequest, NotFound."""
        for user in users:
            if user["name"] in guest["users"] or user["name"].lower() in RESERVED:
                raise BadRequest(f'A user with the name "{user["name"]}" already exists.')
            guest["users"][user["name"]] = {"host": user["host"], "databases": []}
            self.grant_access(guest, user["name"], user["databases"])

    def delete_user(self, guest: Values, name: str) -> None:
        """The user goes, the databases stay. Raises NotFound."""
        self.find_user(guest, name)
        del guest["users"][name]

    def change_passwords(self, guest: Values, users: list[Values]) -> None:
        """Raises NotFound. Nothing is kept of a password."""
        for user in users:
            self.find_user(guest, user["name"])

    def update_attributes(self, guest: Values, name: str, attributes: Values) -> None:
        """Raises NotFound, BadRequest for a name that is taken."""
        changed, new = self.find_user(guest, name), attributes.get("name", name)
        if new != name and (new in guest["users"] or new.lower() in RESERVED):
            raise BadRequest(f'A user with the name "{new}" already exists.')
        del guest["users"][name]
        guest["users"][new] = changed | {"host": attributes.get("host", changed["host"])}

    def enable_root(self, guest: Values) -> None:
        """From now on somebody may log in as root; doing it again changes the password."""
        guest["root"] = True

    def disable_root(self, guest: Values) -> None:
        """Nobody logs in as root any more. Raises NotFound if nobody ever could."""
        if not guest.get("root"):
            raise NotFound("Root user has never been enabled on the instance.")
        guest["root"] = False

    def grant_access(self, guest: Values, name: str, databases: list[str]) -> None:
        """Let a user use these databases, too. Raises NotFound."""
        held = self.find_user(guest, name)["databases"]
        held += [database for database in databases if database not in held]

    def revoke_access(self, guest: Values, name: str, database: str) -> None:
        """Let a user no longer use a database. Raises NotFound."""
        held = self.find_user(guest, name)["databases"]
        if database not in held:
            raise NotFound(f"Database {database} cannot be found on the instance.")
        held.remove(database)

    def find_user(self, guest: Values, name: str) -> Values:
        """The user with a name. Raises NotFound."""
        if name not in guest["users"]:
            raise NotFound(f"User {name} cannot be found on the instance.")
        found: Values = guest["users"][name]
        return found


class GuestAgents:
    """What is in each database server, in its row."""

    def __init__(self, handle: Handle, agent: GuestAgent) -> None:
        self.handle, self.agent = handle, agent

    def ask(self, instance_id: str, what: str, args: Sequence[object]) -> Values:
        """Have the agent do something, or nothing; returns what it knows then. Raises BadRequest, NotFound."""
        with self.handle.session() as session:
            instance = session.get_one(Instance, instance_id)
            # A copy through and through: SQLAlchemy does not see a change inside a JSON column.
            known: Values = json.loads(json.dumps({"databases": [], "users": {}} | instance.guest))
            if what:
                getattr(self.agent, what)(known, *args)
                instance.guest = known
        return known
