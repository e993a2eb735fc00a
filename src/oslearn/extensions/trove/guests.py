"""Databases and users in an instance: trove-api asks, the guest agent does.

Interface: `Guests`, `database`, `user`.
Invariants: only an ACTIVE instance answers; a user's password is not kept, nor root's, which is told once.
Upstream: trove/extensions/mysql/service.py, trove/guestagent/api.py.
"""

from __future__ import annotations

from oslearn.core.oslo import schema
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.trove import schemas
from oslearn.extensions.trove.base import Records, Unprocessable
from oslearn.extensions.trove.models import Instance, Values
from oslearn.extensions.trove.rpcapi import TaskManagerAPI
from oslearn.extensions.trove.views import user_view


def database(wanted: Values) -> str:
    """A database's name."""
    return str(wanted["name"])


def user(wanted: Values) -> Values:
    """A user without the password: only the guest would keep that."""
    databases = list(map(database, wanted.get("databases", [])))
    return {"name": wanted["name"], "host": wanted.get("host") or "%", "databases": databases}


class Guests:
    """What is asked of a database server itself. A user's name in a path may have its host behind it: `bob@%`."""

    def __init__(self, records: Records, ids: Ids, tasks: TaskManagerAPI) -> None:
        self.records, self.ids, self.tasks = records, ids, tasks

    # --- databases, and who may use them ---

    def list_databases(self, req: Request, id: str) -> Values:
        """The names of the databases. 200, 404, 422."""
        return {"databases": [{"name": name} for name in self._ask(req, id)["databases"]]}

    def create_databases(self, req: Request, id: str, wanted: Values) -> None:
        """More databases, empty. 202, 400, 404, 422."""
        self._ask(req, id, "create_databases", list(map(database, wanted["databases"])))

    def delete_database(self, req: Request, id: str, name: str) -> None:
        """One goes, with what is in it. 202, 400, 404, 422."""
        self._ask(req, id, "delete_database", bare(name))

    def list_access(self, req: Request, id: str, name: str) -> Values:
        """The databases that a user may use. 200, 404, 422."""
        return {"databases": self.show_user(req, id, name)["user"]["databases"]}

    def grant_access(self, req: Request, id: str, name: str, wanted: Values) -> None:
        """Let a user use more. 202, 400, 404, 422."""
        self._ask(req, id, "grant_access", bare(name), list(map(database, wanted["databases"])))

    def revoke_access(self, req: Request, id: str, name: str, database: str) -> None:
        """Let a user no longer use one. 202, 400, 404, 422."""
        self._ask(req, id, "revoke_access", bare(name), bare(database))

    # --- users ---

    def list_users(self, req: Request, id: str) -> Values:
        """The users, without their passwords. 200, 404, 422."""
        return {"users": [user_view(*pair) for pair in self._ask(req, id)["users"].items()]}

    def show_user(self, req: Request, id: str, name: str) -> Values:
        """One user. 200, 404, 422."""
        name = bare(name)
        return {"user": user_view(name, self._ask(req, id, "find_user", name)["users"][name])}

    def create_users(self, req: Request, id: str, wanted: Values) -> None:
        """More users; who may use what is said with them. 202, 400, 404, 422."""
        self._ask(req, id, "create_users", list(map(user, wanted["users"])))

    def change_passwords(self, req: Request, id: str, wanted: Values) -> None:
        """New passwords, which only the guest learns. 202, 400, 404, 422."""
        self._ask(req, id, "change_passwords", list(map(user, wanted["users"])))

    def update_user(self, req: Request, id: str, name: str, wanted: Values) -> None:
        """Another name, host or password; the password is the guest's to keep. 202, 400, 404, 422."""
        attributes = {key: wanted["user"][key] for key in ("name", "host") if wanted["user"].get(key)}
        self._ask(req, id, "update_attributes", bare(name), attributes)

    def delete_user(self, req: Request, id: str, name: str) -> None:
        """A user goes. 202, 400, 404, 422."""
        self._ask(req, id, "delete_user", bare(name))

    # --- root ---

    def show_root(self, req: Request, id: str) -> Values:
        """Whether somebody may log in as root. 200, 404, 422."""
        return {"rootEnabled": self._ask(req, id).get("root", False)}

    def enable_root(self, req: Request, id: str) -> Values:
        """With the password, the one that is wanted or a new one. 200, 400, 404, 422."""
        wanted = schema.check(req.json_body() if req.content_length else None, schemas.ROOT) or {}
        self._ask(req, id, "enable_root")
        return {"user": {"name": "root", "password": wanted.get("password") or self.ids.password(36)}}

    def disable_root(self, req: Request, id: str) -> Reply:
        """Nobody logs in as root any more. 204, 404, 422."""
        self._ask(req, id, "disable_root")
        return Reply(204)

    def _ask(self, req: Request, id: str, method: str = "", *args: object) -> Values:
        with self.records.handle.session() as session:
            status = self.records.get(session, req, Instance, id).status
        if status != "ACTIVE":
            raise Unprocessable(id=id, status=status)
        return self.tasks.guest(req.caller, id, method, *args)


def bare(name: str) -> str:
    """A name without its host.

    >>> bare("bob@%")
    'bob'
    """
    return name.partition("@")[0]
