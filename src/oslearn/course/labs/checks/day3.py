"""What the checks of day 3 look at."""

from __future__ import annotations

from collections.abc import Iterator

from oslearn.course.labs.checks.registry import check
from oslearn.course.labs.look import Finding, Look, finding


@check("day3.2")
def a_golden_image(look: Look) -> Iterator[Finding]:
    """A protected image `golden` with data, raw, that asks for 2 GiB of disk."""
    found = look.one("image show golden")
    image = found or {}
    make = "image create --file /dev/null --disk-format raw --min-disk 2 --protected golden"
    usable = image.get("status") == "active" and image.get("disk_format") == "raw"
    free = ["image set --unprotected golden"] if image.get("protected") else []
    again = [make] if not found else [*free, "image delete golden", make]
    what = found and f"{image.get('status')}, {image.get('disk_format')}"
    yield finding(usable, "there is an image named golden, active, of the format raw", what, again)
    disk, change = image.get("min_disk"), "image set --min-disk 2 golden" if usable else ()
    yield finding(disk == 2, "it needs at least 2 GiB of disk", found and f"{disk} GiB", change)
    yield finding(image.get("protected") is True, "it is protected", found and "not protected",
                  "image set --protected golden" if usable else ())  # fmt: skip


@check("day3.3")
def an_object_in_a_container(look: Look) -> Iterator[Finding]:
    """A container `music` with its metadata and one object."""
    container = look.one("container show music")
    yield finding(container, "there is a container named music", repair="container create music")
    said = str((container or {}).get("properties") or "")
    tell = "container set --property genre=jazz music"
    yield finding("jazz" in said, "its metadata says genre=jazz", container and (said or "nothing"), tell)
    names = [str(row["Name"]) for row in look.all("object list music")] if container else []
    put = "object create --name 2026/take-five.txt music /dev/null"
    there = "2026/take-five.txt" in names
    yield finding(there, "the object 2026/take-five.txt is in it", ", ".join(names), put)


@check("day3.4")
def a_group_that_trusts_a_group(look: Look) -> Iterator[Finding]:
    """The group `back` lets in port 3306 from the members of `front` and nothing else."""
    front, back = look.one("security group show front") or {}, look.one("security group show back")
    yield finding(front, "there is a security group named front", repair="security group create front")
    yield finding(back, "there is a security group named back", repair="security group create back")
    rules = (
        [rule for rule in look.all("security group rule list back") if rule["Direction"] == "ingress"] if back else []
    )
    wanted = [rule for rule in rules if front and trusts(rule, front["id"])]
    make = "security group rule create --proto tcp --dst-port 3306 --remote-group front back"
    yield finding(wanted, "back lets in TCP port 3306 from the members of front", rules and listed(rules), make)
    drop = [f"security group rule delete {rule['ID']}" for rule in rules if rule not in wanted]
    yield finding(wanted and not drop, "and from nobody else", drop and listed(rules), drop)


def trusts(rule: dict[str, object], group: object) -> bool:
    """Whether a rule lets in port 3306 from a group."""
    return (rule["IP Protocol"], rule["Port Range"], rule["Remote Security Group"]) == ("tcp", "3306:3306", group)


def listed(rules: list[dict[str, object]]) -> str:
    """Rules in words."""
    return "; ".join(
        f"{rule['IP Protocol'] or 'any protocol'} {rule['Port Range']} from "
        f"{rule['Remote Security Group'] or rule['IP Range'] or 'everywhere'}"
        for rule in rules
    )


@check("day3.5")
def a_user_who_looks(look: Look) -> Iterator[Finding]:
    """A user `auditor` whose one role in `demo` is reader."""
    user = look.one("user show auditor")
    make = "user create --password only-Look1 auditor"
    yield finding(user, "there is a user named auditor", repair=make)
    given = look.all("role assignment list --user auditor --names") if user else []
    roles = {(g["Role"], g["Project"]) for g in given}
    right = ("reader", "demo@Default")
    found = ", ".join(f"{role} in {project or 'no project'}" for role, project in sorted(roles))
    give = "role add --user auditor --project demo reader"
    yield finding(right in roles, "it has the role reader in the project demo", found, give)
    drop = [f"role remove --user auditor --project {project.partition('@')[0]} {role}"
            for role, project in sorted(roles - {right}) if project]  # fmt: skip
    yield finding(roles == {right}, "and no other role", roles - {right} and found, drop)


@check("day3.6")
def limits_in_two_services(look: Look) -> Iterator[Finding]:
    """Limits of `demo` in Cinder and in Neutron."""
    limits = {row["Resource"]: row["Limit"] for row in look.all("quota show demo")}
    for name, wanted in (("volumes", 4), ("gigabytes", 40), ("routers", 2)):
        change = f"quota set --{name} {wanted} demo"
        yield finding(limits.get(name) == wanted, f"the limit of {name} is {wanted}", limits.get(name), change)


@check("day3.7")
def a_database_server(look: Look) -> Iterator[Finding]:
    """A MariaDB server `blog` with the database `posts`."""
    found = look.one("database instance show blog")
    blog = found or {}
    network = (look.one("network show selfservice") or {}).get("id", "selfservice")
    make = ("database instance create blog --flavor m1.small --size 3 --datastore mariadb --databases posts "
            f"--nic net-id={network}")  # fmt: skip
    right = blog.get("datastore") == "mariadb" and blog.get("volume") == 3 and blog.get("status") == "ACTIVE"
    again = ["database instance delete blog", make] if found else [make]
    what = found and f"{blog.get('status')}, {blog.get('datastore')}, {blog.get('volume')} GiB"
    yield finding(right, "there is a database server named blog: ACTIVE, mariadb, with 3 GiB", what, again)
    held = [str(row["Name"]) for row in look.all("database db list blog")] if found else []
    yield finding("posts" in held, "it has a database named posts", found and (", ".join(held) or "none"),
                  "database db create blog posts" if right else ())  # fmt: skip
