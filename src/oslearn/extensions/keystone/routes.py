"""What Keystone can do beyond what a boot asks of it: its table of contents. What answers GET answers HEAD, too.

`{id}` is what comes first in a path: falcon wants one name for one place.

Upstream: keystone/api/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oslearn.core.oslo.wsgi import Route

COLLECTIONS = ("domains", "projects", "users", "groups", "roles", "regions", "services", "endpoints", "policies")
USER, TAGS = "/v3/users/{id}", "/v3/projects/{id}/tags"
MEMBER = "/v3/groups/{id}/users/{user_id}"
CREDENTIALS, RULES = f"{USER}/application_credentials", f"{USER}/access_rules"
IMPLIES = "/v3/roles/{id}/implies"
PLACES, ACTORS = ("project", "domain"), ("user", "group")


def collection(name: str) -> list[Route]:
    """Rows that are made, listed, shown, changed and deleted."""
    return [
        Route(f"POST /v3/{name}", f"{name}.create"),
        Route(f"GET /v3/{name}", f"{name}.index"),
        Route(f"GET /v3/{name}/{{id}}", f"{name}.show"),
        Route(f"PATCH /v3/{name}/{{id}}", f"{name}.update"),
        Route(f"DELETE /v3/{name}/{{id}}", f"{name}.delete"),
    ]


def grants(path: str, part: str, end: str = "") -> list[Route]:
    """Roles that are given, looked for and taken away."""
    return [
        Route(f"GET {path}/roles{end}", f"{part}.index"),
        Route(f"PUT {path}/roles/{{role_id}}{end}", f"{part}.create"),
        Route(f"GET {path}/roles/{{role_id}}{end}", f"{part}.check"),
        Route(f"DELETE {path}/roles/{{role_id}}{end}", f"{part}.revoke"),
    ]


def all_grants() -> list[Route]:
    """To users and to groups: in projects and in domains, for what is below these, and in the system."""
    found: list[Route] = []
    for actor in ACTORS:
        for place in PLACES:
            where = f"{place}s/{{id}}/{actor}s/{{actor_id}}"
            found += grants(f"/v3/{where}", f"{place}_{actor}_grants")
            found += grants(f"/v3/OS-INHERIT/{where}", f"inherited_{place}_{actor}_grants", "/inherited_to_projects")
        found += grants(f"/v3/system/{actor}s/{{actor_id}}", f"system_{actor}_grants")
    return found


ROUTES = [
    Route("GET /", "versions.index"),
    Route("GET /v3", "versions.show"),
    # Tokens, and what they open
    Route("HEAD /v3/auth/tokens", "token_operations.check"),
    Route("DELETE /v3/auth/tokens", "token_operations.revoke"),
    Route("GET /v3/auth/catalog", "reach.show_catalog"),
    Route("GET /v3/auth/projects", "reach.projects"),
    Route("GET /v3/auth/domains", "reach.domains"),
    Route("GET /v3/auth/system", "reach.system"),
    #
    # Accounts, and the catalog
    *(route for name in COLLECTIONS for route in collection(name)),
    Route("PUT /v3/regions/{id}", "regions_by_id.create"),
    #
    # What belongs to a project, a user, a group
    Route(f"GET {TAGS}", "project_tags.index"),
    Route(f"PUT {TAGS}", "project_tags.replace"),
    Route(f"DELETE {TAGS}", "project_tags.clear"),
    Route(f"PUT {TAGS}/{{tag}}", "project_tags.create"),
    Route(f"GET {TAGS}/{{tag}}", "project_tags.show"),
    Route(f"DELETE {TAGS}/{{tag}}", "project_tags.delete"),
    Route(f"POST {USER}/password", "passwords.change"),
    Route(f"GET {USER}/projects", "user_places.index"),
    Route(f"GET {USER}/groups", "memberships.of_user"),
    Route("GET /v3/groups/{id}/users", "memberships.of_group"),
    Route(f"PUT {MEMBER}", "memberships.add"),
    Route(f"GET {MEMBER}", "memberships.check"),
    Route(f"DELETE {MEMBER}", "memberships.remove"),
    Route(f"POST {CREDENTIALS}", "credentials.create"),
    Route(f"GET {CREDENTIALS}", "credentials.index"),
    Route(f"GET {CREDENTIALS}/{{credential_id}}", "credentials.show"),
    Route(f"DELETE {CREDENTIALS}/{{credential_id}}", "credentials.delete"),
    Route(f"GET {RULES}", "credential_rules.index"),
    Route(f"GET {RULES}/{{rule_id}}", "credential_rules.show"),
    Route(f"DELETE {RULES}/{{rule_id}}", "credential_rules.delete"),
    #
    # Who has which role where
    *all_grants(),
    Route("GET /v3/role_assignments", "role_assignments.index"),
    Route("GET /v3/role_inferences", "inferences.all"),
    Route(f"GET {IMPLIES}", "inferences.index"),
    Route(f"PUT {IMPLIES}/{{implied_role_id}}", "inferences.create"),
    Route(f"GET {IMPLIES}/{{implied_role_id}}", "inferences.show"),
    Route(f"HEAD {IMPLIES}/{{implied_role_id}}", "inferences.check"),
    Route(f"DELETE {IMPLIES}/{{implied_role_id}}", "inferences.delete"),
]


def answering_head(routes: Sequence[Route]) -> list[Route]:
    """These routes; and what answers GET answers HEAD, too."""
    known = {route.where for route in routes}
    heads = [replace(route, where=f"HEAD {route.path}") for route in routes if route.method == "GET"]
    return [*routes, *(route for route in heads if route.where not in known)]
