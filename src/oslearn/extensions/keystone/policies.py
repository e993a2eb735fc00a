"""Who may do what with accounts, the catalog and tokens: upstream's secure defaults.

Interface: `RULES`, beside that of the core, by the name of the operation; a target says which user, project
and domain it belongs to.
Upstream: keystone/common/policies/.
"""

from __future__ import annotations

from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.policy import Rule, Subject

DOMAIN_ROLES = ("manager", "member", "reader")
"""What a domain's manager may give."""


def any_of(*rules: Rule) -> Rule:
    """One of the rules is enough."""

    def rule(context: RequestContext, target: Subject) -> bool:
        return any(one(context, target) for one in rules)

    return rule


def system_reader(context: RequestContext, target: Subject) -> bool:
    """May read in the whole system."""
    return context.system_scope == "all" and "reader" in context.roles


def own_user(context: RequestContext, target: Subject) -> bool:
    """The user whom it is about."""
    return context.user_id is not None and context.user_id == target.get("user_id")


def admin(context: RequestContext, target: Subject) -> bool:
    """The role admin in a project or in the system: the rule's `scope_types` name no domain."""
    return context.is_admin and context.domain_id is None


def own_project(context: RequestContext, target: Subject) -> bool:
    """The project that it is about, whatever the role."""
    return context.project_id is not None and context.project_id == target.get("project_id")


def domain_role(role: str) -> Rule:
    """A role in the domain that it is about, with a token for that domain."""

    def rule(context: RequestContext, target: Subject) -> bool:
        return context.domain_id is not None and context.domain_id == target.get("domain_id") and role in context.roles

    return rule


def home(context: RequestContext, target: Subject) -> bool:
    """The domain that the token is for, or that its project is in."""
    return "domain_id" in target and target["domain_id"] in (context.domain_id, context.project_domain_id)


def myself(context: RequestContext, target: Subject) -> bool:
    """The user whom it is about, with no token for a domain."""
    return own_user(context, target) and context.domain_id is None


def role_giver(context: RequestContext, target: Subject) -> bool:
    """A domain's manager in its domain, for the roles below."""
    return domain_role("manager")(context, target) and target.get("role_name") in DOMAIN_ROLES


def role_reader(context: RequestContext, target: Subject) -> bool:
    """A manager, for the roles that it may give; for the list of roles, a domain's manager."""
    listed = context.domain_id is not None and "name" not in target
    return "manager" in context.roles and (listed or target.get("name") in DOMAIN_ROLES)


reads = any_of(admin, system_reader)
reads_domain = any_of(policy.admin, system_reader, domain_role("reader"))
manages = any_of(policy.admin, domain_role("manager"))
gives = any_of(policy.admin, role_giver)
mine = any_of(admin, myself)


def system_admin(context: RequestContext, target: Subject) -> bool:
    """The role admin in the system."""
    return context.is_admin and context.system_scope is not None


def crud(name: str, plural: str, read: Rule, write: Rule, **others: Rule) -> dict[str, Rule]:
    """The five operations of a collection, and others or exceptions."""
    rules = {f"{verb}_{name}": write for verb in ("create", "update", "delete")}
    return {f"list_{plural}": read, f"get_{name}": read} | rules | others


RULES: dict[str, Rule] = {
    **crud("domain", "domains", any_of(reads, domain_role("reader")), admin, get_domain=any_of(reads, home)),
    **crud("project", "projects", reads_domain, manages, get_project=any_of(reads_domain, own_project)),
    **crud("project_tag", "project_tags", any_of(reads_domain, own_project), manages, update_project_tags=manages),
    "delete_project_tags": manages,
    **crud("user", "users", reads_domain, manages, get_user=any_of(reads_domain, own_user)),
    "list_user_projects": any_of(reads_domain, own_user),
    "list_groups_for_user": any_of(reads_domain, own_user),
    **crud(
        "group", "groups", reads_domain, manages, list_users_in_group=reads_domain, check_user_in_group=reads_domain
    ),
    **crud("user_in_group", "", reads_domain, manages, add_user_to_group=manages, remove_user_from_group=manages),
    **crud("role", "roles", any_of(reads, role_reader), admin),
    **crud("implied_role", "implied_roles", reads, admin, check_implied_role=reads, list_role_inference_rules=reads),
    **crud("grant", "grants", reads_domain, gives, check_grant=reads_domain, revoke_grant=gives),
    **{
        f"{verb}_system_{n}_for_{a}": reads
        for verb, n in (("list", "grants"), ("check", "grant"))
        for a in ("user", "group")
    },
    **{f"{verb}_system_grant_for_{actor}": admin for verb in ("create", "revoke") for actor in ("user", "group")},
    "list_role_assignments": reads_domain,
    "list_role_assignments_for_tree": reads_domain,
    **crud("service", "services", reads, admin),
    **crud("endpoint", "endpoints", reads, admin),
    **crud("region", "regions", policy.anybody, admin),
    **crud("policy", "policies", reads, admin),
    **crud("application_credential", "application_credentials", any_of(mine, system_reader), mine),
    "create_application_credential": myself,
    **crud("access_rule", "access_rules", any_of(system_reader, own_user), any_of(system_admin, own_user)),
    "validate_token": any_of(policy.admin_or_service, system_reader, own_user),
    "check_token": any_of(policy.admin, system_reader, own_user),
    "revoke_token": any_of(policy.admin, own_user),
}
