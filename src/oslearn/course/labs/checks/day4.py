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


@check("day4.13")
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
