"""How the Identity API shows what it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oslearn.keystone.models import Assignment, Project, Role, User
from oslearn.oslo.exception import OpenStackError
from oslearn.oslo.wsgi import Fault, Request


def version(req: Request) -> dict[str, Any]:
    """The version document."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{req.prefix}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }


def user(req: Request, row: User) -> dict[str, Any]:
    """A user; never its password."""
    shown = {
        "id": row.id,
        "name": row.name,
        "domain_id": "default",
        "enabled": row.enabled,
        "password_expires_at": None,
        "options": {},
        "links": {"self": f"{req.prefix}/v3/users/{row.id}"},
    } | (row.extra or {})
    return shown | ({"default_project_id": row.default_project_id} if row.default_project_id else {})


def project(req: Request, row: Project) -> dict[str, Any]:
    """A project."""
    return {
        "id": row.id,
        "name": row.name,
        "domain_id": "default",
        "description": row.description,
        "enabled": row.enabled,
        "parent_id": "default",
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": f"{req.prefix}/v3/projects/{row.id}"},
    }


def role(req: Request, row: Role) -> dict[str, Any]:
    """A role."""
    return {
        "id": row.id,
        "name": row.name,
        "domain_id": None,
        "description": None,
        "options": {},
        "links": {"self": f"{req.prefix}/v3/roles/{row.id}"},
    }


def assignment(req: Request, row: Assignment) -> dict[str, Any]:
    """A role assignment."""
    link = f"{req.prefix}/v3/projects/{row.project_id}/users/{row.user_id}/roles/{row.role_id}"
    return {
        "role": {"id": row.role_id},
        "user": {"id": row.user_id},
        "scope": {"project": {"id": row.project_id}},
        "links": {"assignment": link},
    }


VIEWS: dict[str, Callable[[Request, Any], dict[str, Any]]] = {
    "user": user,
    "project": project,
    "role": role,
    "assignment": assignment,
}


def fault(uri: str) -> Fault:
    """Keystone's error shape; a 401 says where to get a token."""

    def shape(error: OpenStackError) -> tuple[Any, dict[str, str]]:
        headers = {"Vary": "X-Auth-Token"}
        if error.code == 401:
            headers["WWW-Authenticate"] = f'Keystone uri="{uri}"'
        return {"error": {"code": error.code, "message": str(error), "title": error.title}}, headers

    return shape
