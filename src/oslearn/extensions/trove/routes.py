"""What Trove can do: its table of contents. Who may is told by the path: readers read, members change (`base.Enter`).

Upstream: trove/common/api.py.
"""

from __future__ import annotations

from oslearn.core.oslo.wsgi import Route
from oslearn.extensions.trove import schemas

V1 = "/v1.0/{project_id}"
INSTANCE = f"{V1}/instances/{{id}}"
USER = f"{INSTANCE}/users/{{name}}"
DATASTORE = f"{V1}/datastores/{{name}}"
ROUTES = [
    Route("GET /", "versions.index"),
    #
    # Database servers
    Route(f"GET {V1}/instances", "instances.index"),
    Route(f"POST {V1}/instances", "instances.create", body=schemas.CREATE_INSTANCE),
    Route(f"GET {V1}/instances/detail", "instances.index"),
    Route(f"GET {INSTANCE}", "instances.show"),
    Route(f"DELETE {INSTANCE}", "instances.delete", status=202),
    Route(f"PUT {INSTANCE}", "instances.update", body=schemas.UPDATE_INSTANCE, status=202),
    Route(f"PATCH {INSTANCE}", "instances.update", body=schemas.UPDATE_INSTANCE, status=202),
    Route(f"POST {INSTANCE}/action", "instances.act", body=schemas.ACTION, status=202),
    #
    # What is in one
    Route(f"GET {INSTANCE}/root", "guests.show_root"),
    Route(f"POST {INSTANCE}/root", "guests.enable_root"),
    Route(f"DELETE {INSTANCE}/root", "guests.disable_root"),
    Route(f"GET {INSTANCE}/databases", "guests.list_databases"),
    Route(f"POST {INSTANCE}/databases", "guests.create_databases", body=schemas.DATABASES, status=202),
    Route(f"DELETE {INSTANCE}/databases/{{name}}", "guests.delete_database", status=202),
    Route(f"GET {INSTANCE}/users", "guests.list_users"),
    Route(f"POST {INSTANCE}/users", "guests.create_users", body=schemas.USERS, status=202),
    Route(f"PUT {INSTANCE}/users", "guests.change_passwords", body=schemas.USERS, status=202),
    Route(f"GET {USER}", "guests.show_user"),
    Route(f"PUT {USER}", "guests.update_user", body=schemas.UPDATE_USER, status=202),
    Route(f"DELETE {USER}", "guests.delete_user", status=202),
    Route(f"GET {USER}/databases", "guests.list_access"),
    Route(f"PUT {USER}/databases", "guests.grant_access", body=schemas.DATABASES, status=202),
    Route(f"DELETE {USER}/databases/{{database}}", "guests.revoke_access", status=202),
    #
    # Backups
    Route(f"GET {INSTANCE}/backups", "backups.index"),
    Route(f"GET {V1}/backups", "backups.index"),
    Route(f"POST {V1}/backups", "backups.create", body=schemas.CREATE_BACKUP, status=202),
    Route(f"GET {V1}/backups/{{id}}", "backups.show"),
    Route(f"DELETE {V1}/backups/{{id}}", "backups.delete", status=202),
    #
    # What there is to choose from, and how much of it
    Route(f"GET {V1}/datastores", "datastores.index"),
    Route(f"GET {DATASTORE}", "datastores.show"),
    Route(f"GET {DATASTORE}/versions", "datastores.versions"),
    Route(f"GET {DATASTORE}/versions/{{version}}", "datastores.version"),
    Route(f"GET {V1}/datastores/versions/{{version}}", "datastores.version"),
    Route(f"GET {V1}/flavors", "flavors.index"),
    Route(f"GET {V1}/flavors/{{id}}", "flavors.show"),
    Route(f"GET {V1}/limits", "quotas.limits"),
    Route(f"GET {V1}/mgmt/quotas/{{id}}", "quotas.show"),
    Route(f"PUT {V1}/mgmt/quotas/{{id}}", "quotas.update"),
]
