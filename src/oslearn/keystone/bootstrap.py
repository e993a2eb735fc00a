"""The first accounts and the catalog, as `keystone-manage bootstrap` and the install guide make them.

Interface: `bootstrap(api, config, passwords)`.
Upstream: keystone/cmd/bootstrap.py.
"""

from __future__ import annotations

from oslearn.config import Config
from oslearn.keystone.api import Api

ROLES = ("reader", "member", "manager", "admin", "service")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
SERVICE_USERS = ("nova", "glance", "neutron", "cinder", "placement", "swift")
CATALOG = (
    ("keystone", "identity", "identity", "/v3/"),
    ("glance", "image", "image", ""),
    ("neutron", "network", "networking", ""),
    ("cinderv3", "volumev3", "volume", "/v3/%(project_id)s"),
    ("cinder", "block-storage", "volume", "/v3/%(project_id)s"),
    ("nova", "compute", "compute", "/v2.1"),
    ("placement", "placement", "placement", ""),
    ("swift", "object-store", "object-store", "/v1/AUTH_%(project_id)s"),
)


def bootstrap(api: Api, config: Config, passwords: dict[str, str]) -> None:
    """Make roles, the projects admin, demo and service, one user for each password, and the catalog.

    `passwords` maps user names to passwords: admin, demo and the service users.
    """
    identity = api.identity
    roles = {name: identity.create("role", {"name": name}) for name in ROLES}
    for prior, implied in IMPLIED:
        identity.imply(roles[prior], roles[implied])
    projects = {name: identity.create("project", {"name": name}) for name in ("admin", "demo", "service")}
    for name, secret in passwords.items():
        user = identity.create("user", {"name": name, "password_hash": identity.hash(secret)})
        project = projects.get(name, projects["service"])
        identity.grant(user.id, project.id, roles[{"admin": "admin", "demo": "member"}.get(name, "service")].id)
    for name, kind, path, suffix in CATALOG:
        api.catalog.register(name, kind, config.endpoint(path) + suffix, config.region)
