"""Databases and users in an instance: trove-api asks, the guest agent does.

Interface: `Guests`, `database`, `user`.
Invariants: only an ACTIVE instance answers; a user's password is not kept, nor root's, which is told once.
Upstream: trove/extensions/mysql/service.py, trove/guestagent/api.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.oslo import schema
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.trove import schemas
from oslearn.extensions.trove.base import Records, Unprocessable
from oslearn.extensions.trove.models import Instance, Values
from oslearn.extensions.trove.taskmanager import TARGET
from oslearn.extensions.trove.views import user_view


def database(wanted: Values) -> str:
    """A database's name."""
    return str(wanted["name"])


def user(wanted: Values) -> Values:
    """A user without the password: only the guest would keep that."""
    databases = list(map(database, wanted.get("databases", [])))
    return {"name": wanted["name"], "host": wanted.get("host") or "%", "databases": databases}


def change(method: str, body: Values | None = None, convert: Any = None) -> Any:
    """The handler for a change inside a server, which the guest agent makes."""

    def handler(self: Guests, req: Request, id: str, **path: str) -> Reply:
        """202, 400, 404, 422."""
        args: list[Any] = [value.partition("@")[0] for value in path.values()]
        if body is not None:
            (key,) = body["required"]
            args.append([convert(item) for item in schema.check(req.json_body(), body)[key]])
        self._guest(req, id, method, *args)
        return Reply(202)

    return handler


class Guests(Records):
    """The handlers."""

    create_databases = change("create_databases", schemas.DATABASES, database)
    delete_database = change("delete_database")
    create_users = change("create_users", schemas.USERS, user)
    delete_user = change("delete_user")
    change_passwords = change("change_passwords", schemas.USERS, user)
    grant_access = change("grant_access", schemas.DATABASES, database)
    revoke_access = change("revoke_access")

    def update_user(self, req: Request, id: str, name: str) -> Reply:
        """202, 400, 404, 422: another name, host or password; the password is the guest's to keep."""
        wanted = schema.check(req.json_body(), schemas.UPDATE_USER)["user"]
        attributes = {key: wanted[key] for key in ("name", "host") if wanted.get(key)}
        self._guest(req, id, "update_attributes", name.partition("@")[0], attributes)
        return Reply(202)

    def show_root(self, req: Request, id: str) -> Values:
        """200, 404, 422: whether somebody may log in as root."""
        return {"rootEnabled": self._guest(req, id).get("root", False)}

    def enable_root(self, req: Request, id: str) -> Values:
        """200, 400, 404, 422: with the password, the one that is wanted or a new one."""
        wanted = schema.check(req.json_body() if req.content_length else None, schemas.ROOT) or {}
        self._guest(req, id, "enable_root")
        return {"user": {"name": "root", "password": wanted.get("password") or self.ids.password(36)}}

    def disable_root(self, req: Request, id: str) -> Reply:
        """204, 404, 422."""
        self._guest(req, id, "disable_root")
        return Reply(204)

    def list_databases(self, req: Request, id: str) -> Values:
        """200, 404, 422."""
        return {"databases": [{"name": name} for name in self._guest(req, id)["databases"]]}

    def list_users(self, req: Request, id: str) -> Values:
        """200, 404, 422."""
        return {"users": [user_view(*pair) for pair in self._guest(req, id)["users"].items()]}

    def show_user(self, req: Request, id: str, name: str) -> Values:
        """200, 404, 422."""
        name = name.partition("@")[0]
        return {"user": user_view(name, self._guest(req, id, "find_user", name)["users"][name])}

    def list_access(self, req: Request, id: str, name: str) -> Values:
        """200, 404, 422."""
        return {"databases": self.show_user(req, id, name)["user"]["databases"]}

    def _guest(self, req: Request, id: str, method: str = "", *args: Any) -> Values:
        with self.handle.session() as session:
            status = self._get(session, req, Instance, id).status
        if status != "ACTIVE":
            raise Unprocessable(id=id, status=status)
        return dict(self.rpc.call(req.caller, TARGET, "guest", instance_id=id, what=method, args=list(args)))
