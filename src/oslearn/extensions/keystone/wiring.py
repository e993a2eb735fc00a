"""How the rest of Keystone is put together, and into its API.

Interface: `application(...)` → the process keystone, whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from oslearn.core.config import Config
from oslearn.core.keystone import api
from oslearn.core.keystone.api import Catalog, Guard
from oslearn.core.keystone.auth import Identity
from oslearn.core.keystonemiddleware.auth_token import Check
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.wsgi import Application
from oslearn.extensions.keystone import catalog as catalogs
from oslearn.extensions.keystone import policies
from oslearn.extensions.keystone.api import auth
from oslearn.extensions.keystone.api.credentials import CredentialRules, Credentials
from oslearn.extensions.keystone.api.grants import Grants, Inferences, RoleAssignments
from oslearn.extensions.keystone.api.projects import ProjectTags, ProjectTrees
from oslearn.extensions.keystone.api.resources import RegionsById, Resources
from oslearn.extensions.keystone.api.users import Memberships, Passwords, UserPlaces
from oslearn.extensions.keystone.application_credential import AccessRules, ApplicationCredentials
from oslearn.extensions.keystone.assignment import Assignments, Roles
from oslearn.extensions.keystone.auth import EveryAuthenticator, EveryProvider
from oslearn.extensions.keystone.identity import Groups, Users, WatchfulIdentity
from oslearn.extensions.keystone.manager import Backend, Changes
from oslearn.extensions.keystone.resource import Domains, Projects
from oslearn.extensions.keystone.routes import ROUTES, answering_head


@dataclass(frozen=True)
class Collections:
    """All collections, each handed those that it needs."""

    domains: Domains
    projects: Projects
    roles: Roles
    rules: AccessRules
    credentials: ApplicationCredentials
    users: Users
    groups: Groups

    @classmethod
    def of(cls, backend: Backend, identity: Identity) -> Collections:
        """Those of one database."""
        domains, rules = Domains(backend), AccessRules(backend)
        projects, roles = Projects(backend, domains), Roles(backend, domains)
        credentials = ApplicationCredentials(backend, identity, roles, rules)
        users = Users(backend, domains, identity, credentials.forget)
        return cls(domains, projects, roles, rules, credentials, users, Groups(backend, domains, users))


def application(handle: Handle, ids: Ids, clock: Clock, config: Config, check: Check) -> Application:
    """The process keystone. `check` holds for each caller."""
    catalog, cost = Catalog(handle), config.password_hash_cost
    changes = Changes(catalog.forget)
    identity, backend = WatchfulIdentity(handle, cost, changes), Backend(handle, ids, clock, changes, cost)
    has = Collections.of(backend, identity)
    provider = EveryProvider(handle, ids, clock, config.token_expiration, has.credentials)
    changes.listeners.append(provider.forget)
    guard, assignments = api.Guard(provider), Assignments(backend, has.roles, has.projects)
    guard.policy.rules |= policies.RULES
    guard.checks.append(check)
    tokens = api.Tokens(guard, EveryAuthenticator(handle, provider, identity, has.credentials), catalog)
    tokens.checks.append(auth.asked_by_holder)
    parts = {
        "tokens": tokens,
        "versions": auth.Versions(),
        "token_operations": auth.TokenOperations(tokens, auth.Revocations(handle, clock, provider)),
        "reach": auth.Reach(guard, catalog, assignments, has.projects, has.domains),
        **accounts(guard, has, assignments),
        **endpoints(guard, backend),
        **grants(guard, assignments, has),
    }
    errors = auth.fault(f"{config.endpoint('identity')}/v3")
    return Application(parts, answering_head(api.ROUTES + ROUTES), errors, ids, unexpected=api.UNEXPECTED)


def accounts(guard: Guard, has: Collections, assignments: Assignments) -> dict[str, object]:
    """Domains, projects, users, groups and roles, and what belongs to one of them."""
    return {
        "domains": Resources(guard, has.domains),
        "projects": Resources(guard, has.projects, ProjectTrees(has.projects, assignments).detail),
        "users": Resources(guard, has.users),
        "groups": Resources(guard, has.groups),
        "roles": Resources(guard, has.roles),
        "project_tags": ProjectTags(guard, has.projects),
        "passwords": Passwords(has.users),
        "user_places": UserPlaces(guard, has.users, has.projects, assignments),
        "memberships": Memberships(guard, has.users, has.groups),
        "credentials": Credentials(guard, has.credentials, has.roles),
        "credential_rules": CredentialRules(guard, has.rules),
    }


def endpoints(guard: Guard, backend: Backend) -> dict[str, object]:
    """The catalog, and policies, which nobody reads."""
    regions = Resources(guard, catalogs.Regions(backend))
    return {
        "regions": regions,
        "regions_by_id": RegionsById(guard, regions),
        "services": Resources(guard, catalogs.Services(backend)),
        "endpoints": Resources(guard, catalogs.Endpoints(backend)),
        "policies": Resources(guard, catalogs.Policies(backend)),
    }


def grants(guard: Guard, assignments: Assignments, has: Collections) -> dict[str, object]:
    """Who has which role where: to users and to groups, in each kind of place."""
    found: dict[str, object] = {
        "role_assignments": RoleAssignments(
            guard, assignments, has.domains, has.projects, has.users, has.groups, has.roles
        ),
        "inferences": Inferences(guard, has.roles),
    }
    for actor in (has.users, has.groups):
        given, name = partial(Grants, guard, assignments, has.roles, actor), f"{actor.kind.name}_grants"
        found[f"system_{name}"] = given(None)
        for where, place in (("project", has.projects), ("domain", has.domains)):
            found[f"{where}_{name}"] = given(place)
            found[f"inherited_{where}_{name}"] = given(place, inherited=True)
    return found
