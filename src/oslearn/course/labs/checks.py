"""What each exercise's check looks at. `CHECKS` has one function for each exercise, by the lesson's id."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oslearn.course.labs.look import Finding, Look, finding

Check = Callable[[Look], Iterator[Finding]]
CHECKS: dict[str, Check] = {}


def check(lesson: str) -> Callable[[Check], Check]:
    """Register the check of a lesson's exercise."""

    def register(function: Check) -> Check:
        CHECKS[lesson] = function
        return function

    return register


@check("day1.2")
def a_second_network(look: Look) -> Iterator[Finding]:
    """A network `blue` whose subnet leads to its own gateway."""
    network = look.one("network show blue")
    yield finding(network, "there is a network named blue")
    subnets = [s for s in look.all("subnet list --long") if network and s["Network"] == network["id"]]
    yield finding(subnets, "it has a subnet")
    yield finding(any(s["Subnet"] == "10.20.0.0/24" for s in subnets), "the subnet's range is 10.20.0.0/24")


@check("day1.4")
def a_second_server(look: Look) -> Iterator[Finding]:
    """A server `vm2` of the right size, with the key, on the network."""
    server = look.one("server show vm2")
    yield finding(server, "there is a server named vm2")
    server = server or {}
    yield finding(server.get("status") == "ACTIVE", "it is ACTIVE")
    yield finding("m1.small" in str(server.get("flavor")), "its flavor is m1.small")
    yield finding(server.get("key_name") == "mykey", "it has the key mykey")
    yield finding("selfservice" in str(server.get("addresses")), "it is on the network selfservice")


@check("day1.7")
def a_group_for_the_web(look: Look) -> Iterator[Finding]:
    """A group `web` with one rule for what comes in."""
    yield finding(look.one("security group show web"), "there is a security group named web")
    rules = [r for r in look.all("security group rule list web") if r["Direction"] == "ingress"]
    yield finding(len(rules) == 1, "it has one rule for what comes in")
    wanted = ("tcp", "443:443", "10.0.0.0/8")
    found = [(r["IP Protocol"], r["Port Range"], r["IP Range"]) for r in rules]
    yield finding(found == [wanted], "the rule lets in TCP port 443 from 10.0.0.0/8")


@check("day2.2")
def a_volume_for_the_week(look: Look) -> Iterator[Finding]:
    """A volume `backup` of 3 GiB with its description."""
    volume = look.one("volume show backup") or {}
    yield finding(volume, "there is a volume named backup")
    yield finding(volume.get("size") == 3, "its size is 3 GiB")
    yield finding(volume.get("description") == "weekly", "its description is weekly")


@check("day2.5")
def a_volume_from_a_snapshot(look: Look) -> Iterator[Finding]:
    """A volume `work2` that was made from the snapshot `friday` of the volume `work`."""
    work, work2 = look.one("volume show work") or {}, look.one("volume show work2") or {}
    snapshot = look.one("volume snapshot show friday") or {}
    yield finding(work, "there is a volume named work")
    yield finding(work and snapshot.get("volume_id") == work.get("id"), "it has a snapshot named friday")
    made = snapshot and work2.get("snapshot_id") == snapshot.get("id")
    yield finding(made, "the volume work2 was made from that snapshot")


@check("day2.7")
def a_server_on_a_volume(look: Look) -> Iterator[Finding]:
    """A server `keeper` whose root disk is a volume of 2 GiB."""
    server = look.one("server show keeper") or {}
    yield finding(server.get("status") == "ACTIVE", "there is a server named keeper, and it is ACTIVE")
    attached = [v for v in look.all("volume list --long") if server.get("id", "?") in str(v["Attached to"])]
    yield finding(attached, "it has a volume")
    yield finding(any(v["Bootable"] in ("true", True) and v["Size"] == 2 for v in attached),
                  "the volume is bootable and has 2 GiB")  # fmt: skip


@check("day3.2")
def a_golden_image(look: Look) -> Iterator[Finding]:
    """A protected image `golden` with data, raw, that asks for 2 GiB of disk."""
    image = look.one("image show golden") or {}
    yield finding(image, "there is an image named golden")
    yield finding(image.get("status") == "active", "its status is active")
    yield finding(image.get("disk_format") == "raw", "its format is raw")
    yield finding(image.get("min_disk") == 2, "it needs at least 2 GiB of disk")
    yield finding(image.get("protected") is True, "it is protected")


@check("day3.3")
def an_object_in_a_container(look: Look) -> Iterator[Finding]:
    """A container `music` with its metadata and one object."""
    container = look.one("container show music") or {}
    yield finding(container, "there is a container named music")
    yield finding("jazz" in str(container.get("properties")), "its metadata says genre=jazz")
    names = {row["Name"] for row in look.all("object list music")}
    yield finding("2026/take-five.txt" in names, "the object 2026/take-five.txt is in it")


@check("day3.4")
def a_group_that_trusts_a_group(look: Look) -> Iterator[Finding]:
    """The group `back` lets in port 3306 from the members of `front` and nothing else."""
    front = look.one("security group show front") or {}
    yield finding(front, "there is a security group named front")
    yield finding(look.one("security group show back"), "there is a security group named back")
    rules = [rule for rule in look.all("security group rule list back") if rule["Direction"] == "ingress"]
    found = [(rule["IP Protocol"], rule["Port Range"], rule["Remote Security Group"]) for rule in rules]
    yield finding(found == [("tcp", "3306:3306", front.get("id"))], "back lets in TCP port 3306, from front alone")


@check("day3.5")
def a_user_who_looks(look: Look) -> Iterator[Finding]:
    """A user `auditor` whose one role in `demo` is reader."""
    user = look.one("user show auditor") or {}
    yield finding(user, "there is a user named auditor")
    given = look.all("role assignment list --user auditor --names") if user else []
    yield finding(any(g["Project"] == "demo@Default" for g in given), "it has a role in the project demo")
    yield finding(given and {g["Role"] for g in given} == {"reader"}, "the role is reader, and it has no other")


@check("day3.6")
def limits_in_two_services(look: Look) -> Iterator[Finding]:
    """Limits of `demo` in Cinder and in Neutron."""
    limits = {row["Resource"]: row["Limit"] for row in look.all("quota show demo")}
    for name, wanted in (("volumes", 4), ("gigabytes", 40), ("routers", 2)):
        yield finding(limits.get(name) == wanted, f"the limit of {name} is {wanted}")


@check("day3.7")
def a_database_server(look: Look) -> Iterator[Finding]:
    """A MariaDB server `blog` with the database `posts`."""
    blog = look.one("database instance show blog") or {}
    yield finding(blog.get("status") == "ACTIVE", "there is a database server named blog, and it is ACTIVE")
    yield finding(blog.get("datastore") == "mariadb", "its datastore is mariadb")
    yield finding(blog.get("volume") == 3, "its volume has 3 GiB")
    held = look.all("database db list blog") if blog else []
    yield finding(any(row["Name"] == "posts" for row in held), "it has a database named posts")


@check("day4.9")
def a_host_out_of_use(look: Look) -> Iterator[Finding]:
    """The nova-compute of `compute2` is disabled, with a reason; the others are not."""
    found = {s["Host"]: s for s in look.all("compute service list --service nova-compute --long")}
    mine = found.get("compute2", {})
    yield finding(mine.get("Status") == "disabled", "nova-compute on compute2 is disabled")
    yield finding(mine.get("Disabled Reason") == "new disks", "the reason is: new disks")
    others = [s["Status"] for host, s in found.items() if host != "compute2"]
    yield finding(mine and set(others) <= {"enabled"}, "the other hosts are in use")


@check("day4.12")
def a_server_that_no_host_can_hold(look: Look) -> Iterator[Finding]:
    """A server `toobig` of the flavor `giant`, in ERROR because no host was valid."""
    yield finding(look.one("flavor show giant"), "there is a flavor named giant")
    server = look.one("server show toobig") or {}
    yield finding("giant" in str(server.get("flavor")), "there is a server named toobig, of that flavor")
    yield finding(server.get("status") == "ERROR", "it is in ERROR")
    yield finding("No valid host" in str(server.get("fault")), "its fault says: No valid host was found")


@check("day4.13")
def a_zone_of_one_host(look: Look) -> Iterator[Finding]:
    """An aggregate `east` that makes a zone of `compute3`."""
    aggregate = look.one("aggregate show east") or {}
    yield finding(aggregate, "there is an aggregate named east")
    yield finding(aggregate.get("availability_zone") == "east", "its zone is east")
    yield finding("compute3" in (aggregate.get("hosts") or []), "the host compute3 is in it")
