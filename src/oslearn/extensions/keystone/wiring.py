"""How the rest of Keystone is put together, and into its API.

Interface: `Extension`: `methods` to log in, `parts` of the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from oslearn.core.keystone.api import Tokens
from oslearn.core.keystone.auth import Method
from oslearn.core.keystone.catalog import Catalog
from oslearn.core.keystone.guard import Guard
from oslearn.core.keystone.identity import Identity
from oslearn.extensions.keystone import catalog as catalogs
from oslearn.extensions.keystone.api import auth
from oslearn.extensions.keystone.api.credentials import CredentialRules, Credentials
from oslearn.extensions.keystone.api.grants import Grants, Inferences, RoleAssignments
from oslearn.extensions.keystone.api.projects import ProjectTags, ProjectTrees
from oslearn.extensions.keystone.api.resources import RegionsById, Resources
from oslearn.extensions.keystone.api.users import Memberships, Passwords, UserPlaces
from oslearn.extensions.keystone.application_credential import AccessRules, ApplicationCredentials
from oslearn.extensions.keystone.assignment import Assignments, Roles
from oslearn.extensions.keystone.identity import Groups, Users
from oslearn.extensions.keystone.manager import Backend
from oslearn.extensions.keystone.resource import Domains, Projects


class Extension:
    """The collections, each handed those that it needs, and what serves them."""

    def __init__(self, backend: Backend, identity: Identity, guard: Guard, catalog: Catalog) -> None:
        """From here on the tokens of application credentials have the roles of these and no more."""
        self.backend, self.guard, self.catalog = backend, guard, catalog
        self.domains = Domains(backend)
        self.projects, self.roles = Projects(backend, self.domains), Roles(backend, self.domains)
        self.rules = AccessRules(backend)
        self.credentials = ApplicationCredentials(backend, identity, self.roles, self.rules)
        self.users = Users(backend, self.domains, identity, self.credentials.forget)
        self.groups = Groups(backend, self.domains, self.users)
        self.assignments = Assignments(backend, self.roles, self.projects)
        guard.tokens.restrictions.append(partial(auth.restrict, self.credentials))

    @property
    def methods(self) -> Mapping[str, Method]:
        """The ways to log in without a password."""
        return {
            "token": partial(auth.by_token, self.guard.tokens),
            "application_credential": partial(auth.by_application_credential, self.credentials),
        }

    def parts(self, tokens: Tokens) -> dict[str, object]:
        """The parts of the API, by the names that the routes give them."""
        guard, projects, assignments = self.guard, self.projects, self.assignments
        revocations = auth.Revocations(self.backend.db, self.backend.clock, guard.tokens)
        regions = Resources(guard, catalogs.Regions(self.backend))
        return {
            "token_operations": auth.TokenOperations(tokens, revocations),
            "reach": auth.Reach(guard, self.catalog, assignments, projects, self.domains),
            "domains": Resources(guard, self.domains),
            "projects": Resources(guard, projects, ProjectTrees(projects, assignments).detail),
            "users": Resources(guard, self.users),
            "groups": Resources(guard, self.groups),
            "roles": Resources(guard, self.roles),
            "regions": regions,
            "regions_by_id": RegionsById(guard, regions),
            "services": Resources(guard, catalogs.Services(self.backend)),
            "endpoints": Resources(guard, catalogs.Endpoints(self.backend)),
            "policies": Resources(guard, catalogs.Policies(self.backend)),
            "project_tags": ProjectTags(guard, projects),
            "passwords": Passwords(self.users),
            "user_places": UserPlaces(guard, self.users, projects, assignments),
            "memberships": Memberships(guard, self.users, self.groups),
            "credentials": Credentials(guard, self.credentials, self.roles),
            "credential_rules": CredentialRules(guard, self.rules),
            "role_assignments": RoleAssignments(
                guard, assignments, self.domains, projects, self.users, self.groups, self.roles
            ),
            "inferences": Inferences(guard, self.roles),
            **self._grants(),
        }

    def _grants(self) -> dict[str, object]:
        """To users and to groups, in each kind of place."""
        found: dict[str, object] = {}
        places = {"project": self.projects, "domain": self.domains}
        for actor in (self.users, self.groups):
            given = partial(Grants, self.guard, self.assignments, self.roles, actor)
            name = f"{actor.kind.name}_grants"
            found[f"system_{name}"] = given(None)
            for where, place in places.items():
                found[f"{where}_{name}"] = given(place)
                found[f"inherited_{where}_{name}"] = given(place, inherited=True)
        return found
