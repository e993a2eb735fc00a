"""`fields=` shows of each of Neutron's resources what the whole of it shows, whether it is read as an object or not."""

from __future__ import annotations

from functools import cache

import pytest
from tests.flows.everything import Everything

COLLECTIONS = ("networks", "subnets", "ports", "routers", "floatingips", "security-groups", "security-group-rules",
               "subnetpools", "agents")  # fmt: skip
TIMES = {"heartbeat_timestamp"}
"""What moves with the clock, which a request moves."""


@cache
def everything() -> Everything:
    made = Everything.make()
    net = made.users["admin"].network
    outside = {"network": {"name": "outside", "router:external": True, "is_default": True}}
    network = net.post("/networks", json=outside).json()["network"]["id"]
    net.post("/subnets", json={"subnet": {"network_id": network, "ip_version": 4, "cidr": "203.0.113.0/24"}})
    net.post("/floatingips", json={"floatingip": {"floating_network_id": network}})
    return made


@pytest.mark.parametrize("user", ["admin", "member"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_field_alone_is_what_it_is_in_the_whole(collection: str, user: str) -> None:
    net, plural = everything().users[user].network, collection.replace("-", "_")
    if (collection, user) == ("agents", "member"):
        assert net.get("/agents").json()["agents"] == []
        return
    whole = net.get(f"/{collection}").json()[plural]
    assert whole
    for name in sorted({name for row in whole for name in row} - TIMES):
        expected = [{name: row[name]} if name in row else {} for row in whole]
        assert net.get(f"/{collection}?fields={name}").json()[plural] == expected
        for row, one in zip(whole, expected, strict=True):
            assert net.get(f"/{collection}/{row['id']}?fields={name}").json() == {plural.removesuffix("s"): one}
    for asked, expected in (("nosuch", {}), ("id&fields=nosuch", {"id": whole[0]["id"]})):
        assert net.get(f"/{collection}?fields={asked}").json()[plural][0] == expected
        assert net.get(f"/{collection}/{whole[0]['id']}?fields={asked}").json() == {plural.removesuffix("s"): expected}
    for filter in ("tags=a", "tags-any=a", "not-tags=a", "changed_since=2020-01-01T00:00:00"):
        assert net.get(f"/{collection}?{filter}", raise_exc=False).status_code == (
            400 if collection == "agents" else 200
        )
    names = "&fields=".join(sorted(whole[0].keys() - TIMES))
    assert net.get(f"/{collection}?fields={names}").json()[plural] == [
        {name: value for name, value in row.items() if name not in TIMES} for row in whole
    ]
