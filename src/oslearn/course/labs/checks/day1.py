"""What the checks of day 1 look at."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, collapse_addresses, summarize_address_range
from itertools import chain

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


@check("day1.2", 2)
def a_subnet_with_a_pool(look: Look) -> Iterator[Finding]:
    """A network `quiet` whose subnet `quiet` hands out a part of its range."""
    network, subnet = look.one("network show quiet") or {}, look.one("subnet show quiet") or {}
    pool = "--allocation-pool start=172.20.0.100,end=172.20.0.199"
    make = f"subnet create --network quiet --subnet-range 172.20.0.0/24 {pool} quiet"
    yield finding(network, "there is a network named quiet", repair="network create quiet")
    cidr, on_it = subnet.get("cidr"), network and subnet.get("network_id") == network.get("id")
    drop = ["subnet delete quiet"] if subnet else []
    placed = on_it and cidr == "172.20.0.0/24"
    found = cidr if on_it else subnet and "one of another network"
    yield finding(placed, "it has a subnet quiet of the range 172.20.0.0/24", found, [*drop, make])
    pools = subnet.get("allocation_pools", [])
    right = placed and handed_out(pools) == handed_out([{"start": "172.20.0.100", "end": "172.20.0.199"}])
    change = f"subnet set --no-allocation-pool {pool} quiet" if placed else ()
    found = ", ".join(f"{pool['start']} to {pool['end']}" for pool in pools)
    yield finding(right, "it hands out 172.20.0.100 to 172.20.0.199", found, change)


@check("day1.3")
def a_spare_key(look: Look) -> Iterator[Finding]:
    """A key pair `spare`."""
    names = [str(pair["Name"]) for pair in look.all("keypair list")]
    others = ", ".join(name for name in names if name not in ("mykey", "spare"))
    make = "keypair create --private-key spare.pem spare"
    yield finding("spare" in names, "there is a key pair named spare", others, make)


@check("day1.4")
def a_second_server(look: Look) -> Iterator[Finding]:
    """A server `vm2` of the right size, with the key, on the network."""
    found = look.one("server show vm2")
    server = found or {}
    make = "server create --flavor m1.small --image cirros --network selfservice --key-name mykey --wait vm2"
    again = [f"server delete --wait {server['id']}", make] if found else [make]  # none of it can be changed
    flavor, network = name_of(server.get("flavor")), ", ".join(server.get("addresses") or {})
    wanted = [
        (found, "there is a server named vm2", ""),
        (server.get("status") == "ACTIVE", "it is ACTIVE", server.get("status")),
        ("m1.small" in flavor, "its flavor is m1.small", flavor),
        (server.get("key_name") == "mykey", "it has the key mykey", server.get("key_name") or (found and "no key")),
        (network == "selfservice", "it is on the network selfservice", network),
    ]
    first = next((n for n, (right, *_) in enumerate(wanted) if not right), None)
    for n, (right, words, instead) in enumerate(wanted):
        yield finding(right, words, instead, again if n == first else ())


@check("day1.4", 2)
def two_servers_at_once(look: Look) -> Iterator[Finding]:
    """Servers `pair-1` and `pair-2`, from one command or from two."""
    servers = {str(server["Name"]): server for server in look.all("server list")}
    there = [servers[name] for name in ("pair-1", "pair-2") if name in servers]
    right = ("ACTIVE", "m1.nano", ["selfservice"])
    wrong = [one for one in there if (one["Status"], one["Flavor"], [*(one["Networks"] or {})]) != right]
    alone = [name for name in servers if name == "pair"]
    found = ", ".join([*(str(server["Name"]) for server in there), *alone])
    drop = [f"server delete --wait {name}" for name in [*(str(server["Name"]) for server in there), *alone]]
    make = "server create --flavor m1.nano --image cirros --network selfservice --min 2 --max 2 --wait pair"
    both = len(there) == 2
    yield finding(both, "there are two servers, pair-1 and pair-2", found, [*drop, make])
    is_there = "; ".join(
        f"{one['Name']}: {one['Status']}, {one['Flavor']}, on {', '.join(one['Networks'] or ['nothing'])}"
        for one in wrong
    )
    again = [*drop, make] if both else ()
    yield finding(both and not wrong, "both are ACTIVE, of the flavor m1.nano, on selfservice", is_there, again)


@check("day1.5")
def a_way_out_for_green(look: Look) -> Iterator[Finding]:
    """A router from the subnet `green` to the external network."""
    network, subnet = look.one("network show green") or {}, look.one("subnet show green") or {}
    router = look.one("router show router-green") or {}
    yield finding(network, "there is a network named green", repair="network create green")
    there = [one for one in look.all("subnet list --long") if network and one["Network"] == network["id"]]
    plugged = [str(side["subnet_id"]) for side in router.get("interfaces_info") or []]
    away = [f"router remove subnet router-green {one['ID']}" for one in there if one["ID"] in plugged]
    drop = [*away, *(f"subnet delete {one['ID']}" for one in there)]
    make = [*drop, "subnet create --network green --subnet-range 10.50.0.0/24 green"]
    ranges = ", ".join(f"{one['Name'] or one['ID']} {one['Subnet']}" for one in there)
    right = [(one["Name"], one["Subnet"]) for one in there] == [("green", "10.50.0.0/24")]
    yield finding(right, "its one subnet is green, of the range 10.50.0.0/24", ranges, make)
    create = "router create --external-gateway provider router-green"
    yield finding(router, "there is a router named router-green", repair=create)
    set_it = "router set --external-gateway provider router-green" if router else ()
    gateway, provider = router.get("external_gateway_info") or {}, look.one("network show provider") or {}
    out = gateway and gateway["network_id"] == provider.get("id")
    found = router and ("one on another network" if gateway else "no gateway")
    yield finding(out, "its gateway is on provider", found, set_it)
    joined = bool(subnet) and subnet["id"] in plugged
    found = router and (f"{len(plugged)} interfaces, none on green" if plugged else "no interface")
    yield finding(joined, "the subnet green is plugged into it", found, "router add subnet router-green green")


@check("day1.6")
def an_address_for_a_port(look: Look) -> Iterator[Finding]:
    """A floating IP that leads to the port `spot`."""
    port = look.one("port show spot") or {}
    mine = [address for address in look.all("floating ip list --long") if address["Description"] == "front"]
    network = look.one("network show selfservice") or {}
    right = port and port.get("network_id") == network.get("id")
    again = [*(["port delete spot"] if port else []), "port create --network selfservice spot"]
    yield finding(right, "there is a port named spot on selfservice", port and "on another network", again)
    make = "floating ip create --description front --port spot provider"
    yield finding(mine, "there is a floating IP with the description front", repair=make)
    leads = [address for address in mine if port and address["Port"] == port["id"]]
    found = mine and ("it leads to another port" if mine[0]["Port"] else "it leads to no port")
    give = f"floating ip set --port spot {mine[0]['Floating IP Address']}" if mine else ()
    yield finding(leads, "it leads to the port spot", found, give)


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


@check("day1.8")
def a_server_that_sleeps(look: Look) -> Iterator[Finding]:
    """A server `sleeper` that is suspended."""
    server = look.one("server show sleeper") or {}
    status = server.get("status")
    make = "server create --flavor m1.nano --image cirros --network selfservice --wait sleeper"
    flavor, networks = name_of(server.get("flavor")), ", ".join(server.get("addresses") or {})
    right = (flavor, networks) == ("m1.nano", "selfservice")
    again = [*(["server delete --wait sleeper"] if server else []), make]
    found = server and f"{flavor}, on {networks}"
    yield finding(right, "there is a server named sleeper, of the flavor m1.nano, on selfservice", found, again)
    wake = {"SHUTOFF": ["server start sleeper"], "PAUSED": ["server unpause sleeper"]}.get(str(status) * right, [])
    yield finding(status == "SUSPENDED", "its status is SUSPENDED", status, [*wake, "server suspend sleeper"])


def handed_out(pools: list[dict[str, str]]) -> list[IPv4Network]:
    """What pools of IPv4 give out, however it is cut into pools."""
    every = (summarize_address_range(IPv4Address(pool["start"]), IPv4Address(pool["end"])) for pool in pools)
    return list(collapse_addresses(chain.from_iterable(every)))


def rule_of(rule: dict[str, object]) -> tuple[object, object, object]:
    """Protocol, ports and range of a rule."""
    return rule["IP Protocol"], rule["Port Range"], rule["IP Range"]


def name_of(flavor: object) -> str:
    """A flavor's name, which the client shows among its properties."""
    return str(flavor["original_name"]) if isinstance(flavor, dict) else str(flavor or "")
