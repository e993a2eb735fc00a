"""What the checks of day 3 look at."""

from __future__ import annotations

from collections.abc import Iterator

from oslearn.course.labs.checks.registry import check
from oslearn.course.labs.look import Finding, Look, finding


@check("day3.1")
def an_image_in_its_own_format(look: Look) -> Iterator[Finding]:
    """An active image `found` of the format that its file has."""
    found = look.one("image show found")
    image = found or {}
    make = "image create --disk-format vhd --file mystery found"
    state = image.get("status")
    yield finding(state == "active", "there is an image named found, and it is active", state,
                  ["image delete found", make] if found else make)  # fmt: skip
    said = image.get("disk_format")  # of an image with data it cannot be changed
    again = ["image delete found", make] if state == "active" else ()
    yield finding(said == "vhd", "its format is the one that the first bytes of mystery tell", said, again)


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


@check("day3.2", 2)
def an_image_in_three_steps(look: Look) -> Iterator[Finding]:
    """An image `draft` whose data came after its record."""
    found = look.one("image show draft")
    image = found or {}
    make, stage, bring = (
        "image create --disk-format raw draft",
        "image stage --file draft.raw draft",
        "image import draft",
    )
    raw, state = image.get("disk_format") == "raw", image.get("status")
    anew = ["image delete draft", make, stage, bring] if found else [make, stage, bring]
    yield finding(raw, "there is an image named draft, of the format raw", image.get("disk_format"), anew)
    ways = {"queued": [stage, bring], "uploading": [bring]}
    yield finding(state == "active", "it has its data and is active", state,
                  ways.get(str(state), ["image delete draft", make, stage, bring]) if raw else ())  # fmt: skip
    yield finding(image.get("size"), "its data is not empty", image and f"{image.get('size') or 0} bytes",
                  ["image delete draft", make, stage, bring] if raw and state == "active" else ())  # fmt: skip


@check("day3.3")
def an_object_in_a_container(look: Look) -> Iterator[Finding]:
    """A container `music` with its metadata and one object."""
    container = look.one("container show music")
    yield finding(container, "there is a container named music", repair="container create music")
    said = str((container or {}).get("properties") or "")
    tell = "container set --property genre=jazz music"
    yield finding(
        "jazz" in said and "genre" in said.lower(),
        "its metadata says genre=jazz",
        container and (said or "nothing"),
        tell,
    )
    names = [str(row["Name"]) for row in look.all("object list music")] if container else []
    put = "object create --name 2026/take-five.txt music /dev/null"
    there = "2026/take-five.txt" in names
    yield finding(there, "the object 2026/take-five.txt is in it", ", ".join(names), put)


@check("day3.3", 2)
def a_container_for_everybody(look: Look) -> Iterator[Finding]:
    """A container `site` that all may read, with an object."""
    found = look.one("container show site")
    container = found or {}
    acl = str(container.get("read_acl") or "")
    make = "container create --public site"
    put = "object create --name index.html site /dev/null"
    public = ".r:*" in acl
    anew = ["container delete --recursive site", make, put] if found else [make, put]  # the command opens only new ones
    yield finding(public, "there is a container named site that everybody may read",
                  found and (acl or "only your project may"), anew)  # fmt: skip
    names = [str(row["Name"]) for row in look.all("object list site")] if found else []
    there, held = "index.html" in names, ", ".join(names)
    yield finding(there, "the object index.html is in it", held, put if public else ())


@check("day3.4")
def a_group_that_trusts_a_group(look: Look) -> Iterator[Finding]:
    """The group `back` lets in port 3306 from the members of `front` and nothing else."""
    front, back = look.one("security group show front") or {}, look.one("security group show back")
    yield finding(front, "there is a security group named front", repair="security group create front")
    yield finding(back, "there is a security group named back", repair="security group create back")
    rules = (
        [rule for rule in look.all("security group rule list back") if rule["Direction"] == "ingress"] if back else []
    )
    wanted = [rule for rule in rules if front and trusts(rule, front["id"], 3306)]
    make = "security group rule create --proto tcp --dst-port 3306 --remote-group front back"
    yield finding(wanted, "back lets in TCP port 3306 from the members of front", rules and listed(rules), make)
    drop = [f"security group rule delete {rule['ID']}" for rule in rules if rule not in wanted]
    yield finding(wanted and not drop, "and from nobody else", drop and listed(rules), drop)


@check("day3.4", 2)
def a_group_that_trusts_itself(look: Look) -> Iterator[Finding]:
    """The group `mates` lets in SSH from its own members and nothing else."""
    mates = look.one("security group show mates") or {}
    yield finding(mates, "there is a security group named mates", repair="security group create mates")
    rules = [r for r in look.all("security group rule list mates") if r["Direction"] == "ingress"] if mates else []
    wanted = [rule for rule in rules if trusts(rule, mates["id"], 22)]
    make = "security group rule create --proto tcp --dst-port 22 --remote-group mates mates"
    yield finding(wanted, "it lets in TCP port 22 from its own members", rules and listed(rules), make)
    drop = [f"security group rule delete {rule['ID']}" for rule in rules if rule not in wanted]
    yield finding(wanted and not drop, "and nothing else", drop and listed(rules), drop)


@check("day3.4", 3)
def a_port_with_an_address(look: Look) -> Iterator[Finding]:
    """A port `cache` on `selfservice` with the address that was asked for."""
    port, network = look.one("port show cache"), look.one("network show selfservice") or {}
    make = "port create --network selfservice --fixed-ip ip-address=192.168.1.60 cache"
    here = port and port["network_id"] == network.get("id")
    again = ["port delete cache", make] if port else make
    yield finding(here, "there is a port named cache on selfservice", port and "on another network", again)
    addresses = [str(fixed["ip_address"]) for fixed in (port or {}).get("fixed_ips", ())]
    move = "port set --no-fixed-ip --fixed-ip ip-address=192.168.1.60 cache" if here else ()
    yield finding(addresses == ["192.168.1.60"], "its address is 192.168.1.60", ", ".join(addresses), move)


def trusts(rule: dict[str, object], group: object, port: int) -> bool:
    """Whether a rule lets in a TCP port from a group."""
    return (rule["IP Protocol"], rule["Port Range"], rule["Remote Security Group"]) == ("tcp", f"{port}:{port}", group)


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
    listing = "role assignment list --user auditor --names"
    given = look.all(f"{listing} --effective") if user else []  # by a group, or implied by another role, too
    roles = {(g["Role"], g["Project"]) for g in given}
    own = {(g["Role"], g["Project"]) for g in look.all(listing) if not g["Inherited"]} if user else set()
    right = ("reader", "demo@Default")
    found = ", ".join(f"{role} in {project or 'no project'}" for role, project in sorted(roles))
    give = "role add --user auditor --project demo reader"
    yield finding(right in roles, "it has the role reader in the project demo", found, give)
    drop = [f"role remove --user auditor --project {project.partition('@')[0]} {role}"
            for role, project in sorted(own - {right}) if project]  # fmt: skip
    back = [] if right in own or right not in roles else [give]  # it may have come with another role
    yield finding(roles == {right}, "and no other role", roles - {right} and found, [*drop, *back])


@check("day3.5", 2)
def a_credential_that_looks(look: Look) -> Iterator[Finding]:
    """An application credential `nightly` with the role reader and an end."""
    found = look.one("application credential show nightly")
    credential = found or {}
    make = "application credential create --role reader --expiration 2030-12-31T00:00:00 nightly"
    again = ["application credential delete nightly", make]  # none can be changed
    yield finding(found, "there is an application credential named nightly", repair=make)
    roles = sorted(str(role["name"]) for role in credential.get("Roles") or ())
    only = roles == ["reader"]
    yield finding(only, "its one role is reader", ", ".join(roles), again if found else ())
    ends = str(credential.get("Expires At") or "")
    yield finding(ends.startswith("2030-12-31"), "it ends on 2030-12-31", found and (ends or "never"),
                  again if found and only else ())  # fmt: skip


@check("day3.6")
def limits_in_two_services(look: Look) -> Iterator[Finding]:
    """Limits of the project `workshop` in Cinder and in Neutron."""
    project = look.one("project show workshop")
    yield finding(project, "there is a project named workshop", repair="project create workshop")
    limits = {row["Resource"]: row["Limit"] for row in look.all("quota show workshop")} if project else {}
    for name, wanted in (("volumes", 4), ("gigabytes", 40), ("routers", 2)):
        change = f"quota set --{name} {wanted} workshop"
        yield finding(limits.get(name) == wanted, f"its limit of {name} is {wanted}", limits.get(name), change)


@check("day3.6", 2)
def a_subnet_that_gives_out_three(look: Look) -> Iterator[Finding]:
    """A subnet `annex` whose pool has three addresses."""
    network, subnet = look.one("network show annex"), look.one("subnet show annex")
    yield finding(network, "there is a network named annex", repair="network create annex")
    pool = "--allocation-pool start=10.60.0.10,end=10.60.0.12"
    make = f"subnet create --network annex --subnet-range 10.60.0.0/28 {pool} annex"
    here = subnet and network and subnet["network_id"] == network["id"]
    right = here and subnet and subnet["cidr"] == "10.60.0.0/28"
    found = subnet and (subnet["cidr"] if here else "one of another network")
    again = ["subnet delete annex", make] if subnet else make
    yield finding(right, "its subnet annex has the range 10.60.0.0/28", found, again)
    pools = [f"{p['start']} to {p['end']}" for p in (subnet or {}).get("allocation_pools", ())]
    change = f"subnet set --no-allocation-pool {pool} annex" if right else ()
    only = pools == ["10.60.0.10 to 10.60.0.12"]
    yield finding(only, "it gives out only 10.60.0.10 to 10.60.0.12", ", ".join(pools), change)


@check("day3.7")
def a_database_server(look: Look) -> Iterator[Finding]:
    """A MariaDB server `blog` with the database `posts`."""
    found = look.one("database instance show blog")
    blog = found or {}
    network = (look.one("network show selfservice") or {}).get("id", "selfservice")
    make = ("database instance create blog --flavor m1.small --size 3 --datastore mariadb --databases posts "
            f"--nic net-id={network}")  # fmt: skip
    small = (look.one("flavor show m1.small") or {}).get("id")
    asked = (blog.get("datastore"), blog.get("volume"), blog.get("flavor"))
    right = asked == ("mariadb", 3, small) and blog.get("status") == "ACTIVE"
    again = ["database instance delete blog", make] if found else [make]
    size = "m1.small" if blog.get("flavor") == small else "another flavor"
    what = found and f"{blog.get('status')}, {blog.get('datastore')}, {size}, {blog.get('volume')} GiB"
    yield finding(right, "there is a database server named blog: ACTIVE, mariadb, m1.small, with 3 GiB", what, again)
    held = [str(row["Name"]) for row in look.all("database db list blog")] if found else []
    yield finding("posts" in held, "it has a database named posts", found and (", ".join(held) or "none"),
                  "database db create blog posts" if right else ())  # fmt: skip
