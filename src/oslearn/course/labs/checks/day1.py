"""What the checks of day 1 look at."""

from __future__ import annotations

from collections.abc import Iterator

from oslearn.course.labs.checks.registry import check
from oslearn.course.labs.look import Finding, Look, finding


@check("day1.2")
def a_second_network(look: Look) -> Iterator[Finding]:
    """A network `blue` with one subnet of the right range."""
    network = look.one("network show blue") or {}
    yield finding(network, "there is a network named blue", repair="network create blue")
    subnets = [s for s in look.all("subnet list --long") if s["Network"] == network.get("id")]
    ranges = [str(s["Subnet"]) for s in subnets]
    make = "subnet create --network blue --subnet-range 10.20.0.0/24 blue"
    drop = [f"subnet delete {s['ID']}" for s in subnets]
    found = ", ".join(ranges)
    yield finding(ranges == ["10.20.0.0/24"], "its one subnet has the range 10.20.0.0/24", found, [*drop, make])


@check("day1.4")
def a_second_server(look: Look) -> Iterator[Finding]:
    """A server `vm2` of the right size, with the key, on the network."""
    found = look.one("server show vm2")
    server = found or {}
    make = "server create --flavor m1.small --image cirros --network selfservice --key-name mykey --wait vm2"
    again = [f"server delete --wait {server['id']}", make] if found else [make]  # none of it can be changed
    flavor, network = str(server.get("flavor", "")), str(server.get("addresses", ""))
    wanted = [
        (found, "there is a server named vm2", ""),
        (server.get("status") == "ACTIVE", "it is ACTIVE", server.get("status")),
        ("m1.small" in flavor, "its flavor is m1.small", flavor),
        (server.get("key_name") == "mykey", "it has the key mykey", server.get("key_name") or (found and "no key")),
        ("selfservice" in network, "it is on the network selfservice", network),
    ]
    first = next((n for n, (right, *_) in enumerate(wanted) if not right), None)
    for n, (right, words, instead) in enumerate(wanted):
        yield finding(right, words, instead, again if n == first else ())


@check("day1.7")
def a_group_for_the_web(look: Look) -> Iterator[Finding]:
    """A group `web` with one rule for what comes in."""
    group = look.one("security group show web")
    yield finding(group, "there is a security group named web", repair="security group create web")
    rules = [rule for rule in look.all("security group rule list web") if rule["Direction"] == "ingress"]
    wanted = ("tcp", "443:443", "10.0.0.0/8")
    others = [rule for rule in rules if rule_of(rule) != wanted]
    drop = [f"security group rule delete {rule['ID']}" for rule in others]
    there = any(rule_of(rule) == wanted for rule in rules)
    make = "security group rule create --proto tcp --dst-port 443 --remote-ip 10.0.0.0/8 web"
    found = "; ".join(" ".join(map(str, rule_of(rule))) for rule in rules)
    yield finding(there, "a rule lets in TCP port 443 from 10.0.0.0/8", found, make)
    yield finding(not others and there, "no other rule lets anything in", len(others) and found, drop)


def rule_of(rule: dict[str, object]) -> tuple[object, object, object]:
    """Protocol, ports and range of a rule."""
    return rule["IP Protocol"], rule["Port Range"], rule["IP Range"]
