"""A program on python-keystoneclient, whose command is gone: an administrator's."""

import json
import os

import openstack
from keystoneauth1 import session
from keystoneauth1.identity import v3
from keystoneclient.v3.client import Client
from steps import same, step

ADMIN = json.loads(os.environ["ADMIN"])
keystone = Client(session=session.Session(v3.Password(**ADMIN)), region_name="RegionOne")

with step("domain, project, user and group"):
    domain = keystone.domains.create("keystone-domain")
    project = keystone.projects.create("keystone-project", domain, tags=["blue"])
    user = keystone.users.create("keystone-user", domain=domain, password="first", email="u@example.org")
    group = keystone.groups.create("keystone-group", domain=domain)
    keystone.users.add_to_group(user, group)
    assert keystone.users.check_in_group(user, group)
with step("roles"):
    member = keystone.roles.find(name="member")
    keystone.roles.grant(member, user=user, project=project)
    keystone.roles.grant(member, group=group, domain=domain)
    found = keystone.role_assignments.list(user=user, effective=True)
    assert member.id in {assigned.role["id"] for assigned in found}
with step("the user logs in and has a new password"):
    words = {"auth_url": ADMIN["auth_url"], "user_id": user.id, "project_id": project.id}
    theirs = Client(session=session.Session(v3.Password(password="first", **words)))
    theirs.users.update_password("first", "second")
    theirs = Client(session=session.Session(v3.Password(password="second", **words)))
    same([found.id for found in theirs.auth.projects()], [project.id])
with step("application credential"):
    made = theirs.application_credentials.create("keystone-app", roles=[{"name": "member"}])
    app = v3.ApplicationCredential(ADMIN["auth_url"], made.secret, application_credential_id=made.id)
    same(session.Session(app).get_project_id(), project.id)
    theirs.application_credentials.delete(made)
with step("a token is validated and revoked"):
    token = theirs.session.get_token()
    same(keystone.tokens.validate(token).user_id, user.id)
    keystone.tokens.revoke_token(token)
with step("services, endpoints and regions"):
    service = keystone.services.create("keystone-service", type="keystone-type")
    endpoint = keystone.endpoints.create(service, "http://localhost:1/", "public", region="RegionOne")
    same([found.id for found in keystone.endpoints.list(service=service)], [endpoint.id])
    keystone.services.delete(service)
with step("delete"):
    keystone.domains.update(domain, enabled=False)
    keystone.domains.delete(domain)
    assert "keystone-user" not in {found.name for found in keystone.users.list()}
    assert openstack.connect().session.get_token()
