"""What the checks of day 4 look at."""

from __future__ import annotations

from collections.abc import Iterator

from oslearn.course.labs.checks.registry import check
from oslearn.course.labs.look import Finding, Look, finding


@check("day4.9")
def a_host_out_of_use(look: Look) -> Iterator[Finding]:
    """The nova-compute of `compute2` is disabled, with a reason; the others are not."""
    found = {s["Host"]: s for s in look.all("compute service list --service nova-compute --long")}
    mine = found.get("compute2", {})
    put = 'compute service set --disable --disable-reason "new disks" compute2 nova-compute'
    yield finding(mine.get("Status") == "disabled", "nova-compute on compute2 is disabled", mine.get("Status"), put)
    reason = mine.get("Disabled Reason")
    yield finding(reason == "new disks", "the reason is: new disks", reason or "none", put)
    others = [host for host, s in found.items() if host != "compute2" and s["Status"] == "disabled"]
    back = [f"compute service set --enable {host} nova-compute" for host in others]
    yield finding(not others, "the other hosts are in use", ", ".join(others), back)


@check("day4.12")
def a_server_that_no_host_can_hold(look: Look) -> Iterator[Finding]:
    """A server `toobig` of the flavor `giant`, in ERROR because no host was valid."""
    flavor, server = look.one("flavor show giant"), look.one("server show toobig")
    fits = flavor and flavor["disk"] <= 400 and flavor["ram"] <= 32256 and flavor["vcpus"] <= 256
    new = "flavor create --vcpus 1 --ram 512 --disk 500 giant"
    what = flavor and f"{flavor['disk']} GiB of disk, {flavor['ram']} MiB of memory"
    yield finding(flavor and not fits, "there is a flavor named giant that no host can hold", what,
                  ["flavor delete giant", new] if flavor else new)  # fmt: skip
    fault = str((server or {}).get("fault") or "")
    right = server and "giant" in str(server.get("flavor")) and "No valid host" in fault
    make = "server create --flavor giant --image cirros --network provider toobig"
    state = server and f"{server.get('status')} {fault}"
    yield finding(right, "there is a server named toobig of it, in ERROR: No valid host was found", state,
                  ["server delete --wait toobig", make] if server else make)  # fmt: skip


@check("day4.15")
def a_zone_of_one_host(look: Look) -> Iterator[Finding]:
    """An aggregate `east` that makes a zone of `compute3`."""
    found = look.one("aggregate show east")
    aggregate = found or {}
    yield finding(found, "there is an aggregate named east", repair="aggregate create --zone east east")
    zone = aggregate.get("availability_zone")
    yield finding(zone == "east", "its zone is east", found and (zone or "none"),
                  "aggregate set --zone east east" if found else ())  # fmt: skip
    hosts = aggregate.get("hosts") or []
    yield finding(
        "compute3" in hosts, "the host compute3 is in it", ", ".join(hosts), "aggregate add host east compute3"
    )


@check("day4.1")
def a_service_in_the_catalog(look: Look) -> Iterator[Finding]:
    """A service `weather` of the type `forecast` with a public endpoint."""
    service = look.one("service show weather")
    new = "service create --name weather forecast"
    yield finding(service, "there is a service named weather", repair=new)
    kind = (service or {}).get("type")
    yield finding(
        kind == "forecast", "its type is forecast", kind, "service set --type forecast weather" if kind else ()
    )
    url = "http://127.0.0.1:9999/"
    endpoints = look.all("endpoint list --service weather") if service else []
    mine = [one for one in endpoints if (one["Interface"], one["Region"]) == ("public", "RegionOne")]
    right = [(one["URL"], one["Enabled"]) for one in mine] == [(url, True)]
    found = "; ".join(
        f"{one['Interface']} {one['URL']} in {one['Region']}{'' if one['Enabled'] else ', disabled'}"
        for one in endpoints
    )
    drop = [f"endpoint delete {one['ID']}" for one in mine]
    yield finding(right, f"it has a public endpoint {url} in RegionOne", found,
                  [*drop, f"endpoint create --region RegionOne weather public {url}"])  # fmt: skip


@check("day4.5")
def two_servers_apart(look: Look) -> Iterator[Finding]:
    """A server group `apart` whose policy is anti-affinity, with `apart1` and `apart2` in it."""
    group = look.one("server group show apart") or {}
    servers = {name: look.one(f"server show {name}") for name in ("apart1", "apart2")}
    there = [name for name, server in servers.items() if server]
    drop = [f"server delete --wait {name}" for name in there]
    new = "server group create --policy anti-affinity apart"
    policy = group.get("policy")
    right = policy == "anti-affinity"
    again = [*drop, "server group delete apart", new] if group else [new]
    yield finding(right, "there is a server group named apart with the policy anti-affinity", policy, again)
    for name, server in servers.items():
        inside = server and right and server["id"] in group.get("members", [])
        lone = [f"server delete --wait {name}"] if server and right else []
        yield finding(inside, f"the server {name} is a member of it", server and "a server that is none",
                      [*lone, f"server create --flavor m1.nano --image cirros --network selfservice "
                       f"--hint group=$(openstack server group show apart -f value -c id) --wait {name}"])  # fmt: skip


@check("day4.6")
def a_server_whose_flavor_is_gone(look: Look) -> Iterator[Finding]:
    """A server `icy` of the flavor `frozen`, which is there no more."""
    server, flavor = look.one("server show icy"), look.one("flavor show frozen")
    of = (server or {}).get("flavor", {}).get("original_name")
    new = [] if flavor else ["flavor create --vcpus 1 --ram 256 --disk 1 frozen"]
    old = ["server delete --wait icy"] if server else []
    make = "server create --flavor frozen --image cirros --network provider --wait icy"
    yield finding(of == "frozen", "there is a server named icy of the flavor frozen", of, [*old, *new, make])
    status = (server or {}).get("status")
    yield finding(status == "ACTIVE", "it is ACTIVE", status)
    gone = not flavor and of == "frozen"
    yield finding(gone, "the flavor frozen is deleted", flavor and "it is there", "flavor delete frozen")


@check("day4.7")
def a_server_with_two_disks(look: Look) -> Iterator[Finding]:
    """A volume `disk7` that is attached to the server `twodisks`."""
    volume, server = look.one("volume show disk7"), look.one("server show twodisks")
    yield finding(volume, "there is a volume named disk7", repair="volume create --size 1 disk7")
    make = "server create --flavor m1.nano --image cirros --network selfservice --wait twodisks"
    yield finding(server, "there is a server named twodisks", repair=make)
    to = [one["server_id"] for one in (volume or {}).get("attachments", [])]
    yield finding(server and server["id"] in to, "disk7 is attached to twodisks", volume and volume["status"],
                  "server add volume twodisks disk7")  # fmt: skip


@check("day4.10")
def a_diary_of_two_actions(look: Look) -> Iterator[Finding]:
    """A server `diary` that was made and stopped, and nothing else."""
    server = look.one("server show diary")
    make = "server create --flavor m1.nano --image cirros --network selfservice --wait diary"
    yield finding(server, "there is a server named diary", repair=make)
    written = sorted(one["Action"] for one in look.all("server event list diary")) if server else []
    again = ["server delete --wait diary", make] if server else []
    yield finding(written == ["create", "stop"], "its diary says create and stop, nothing else", ", ".join(written),
                  [*again, "server stop diary"])  # fmt: skip
    status = (server or {}).get("status")
    yield finding(status == "SHUTOFF", "it is SHUTOFF", status)


@check("day4.7", 2)
def a_port_that_came_first(look: Look) -> Iterator[Finding]:
    """A port `early` on `selfservice` that the server `planned` uses."""
    port, server = look.one("port show early"), look.one("server show planned")
    network = look.one("network show selfservice") or {}
    here = port and port["network_id"] == network.get("id")
    busy = ["server delete --wait planned"] if port and server and port["device_id"] == server["id"] else []
    anew = [*busy, *(["port delete early"] if port else []), "port create --network selfservice early"]
    yield finding(here, "there is a port named early on selfservice", port and "on another network", anew)
    uses = here and port and server and port["device_id"] == server["id"]
    old = ["server delete --wait planned"] if server and not busy else []
    found = server and f"its network is {', '.join(server['addresses'])}, by another port"
    yield finding(uses, "the server planned uses it", found,
                  [*old, "server create --flavor m1.nano --image cirros --port early --wait planned"])  # fmt: skip
    status = (port or {}).get("status")
    yield finding(status == "ACTIVE", "the port is ACTIVE", status)


@check("day4.17")
def a_tunnel_with_a_number(look: Look) -> Iterator[Finding]:
    """A network `tunnel55` in VXLAN segment 55."""
    network = look.one("network show tunnel55")
    found = network or {}
    old = ["network delete tunnel55"] if network else []
    yield finding(network, "there is a network named tunnel55")
    kind, segment = found.get("provider:network_type"), found.get("provider:segmentation_id")
    yield finding((kind, segment) == ("vxlan", 55), "its type is vxlan and its segment 55",
                  network and f"{kind}, segment {segment}",
                  [*old, "network create --provider-network-type vxlan --provider-segment 55 tunnel55"])  # fmt: skip
