"""Two projects do what they like, in any order; what must hold, holds after every step."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.course.fill import fill

UNKNOWN = "3d1f2a5b-0000-4000-8000-000000000000"
V344 = {"OpenStack-API-Version": "volume 3.44"}
PROJECTS = ("demo", "rival")
WHO = st.sampled_from(PROJECTS)
PICK = st.integers(0, 7)
"""Which of the things there are; a number beyond them picks an id of nothing."""
ACTIONS = ("os-start", "os-stop", "pause", "unpause", "suspend", "resume", "lock", "unlock", "shelve", "shelveOffload",
           "unshelve", "confirmResize", "revertResize", "rescue", "unrescue", "reboot", "resize", "rebuild",
           "createImage", "os-getConsoleOutput", "forceDelete", "restore", "nonsense")  # fmt: skip
ARGUMENTS: dict[str, Any] = {
    "reboot": {"type": "HARD"},
    "resize": {"flavorRef": "2"},
    "createImage": {"name": "snap"},
    "os-getConsoleOutput": {},
}
PLURAL = {
    "server": ("compute", "/servers"),
    "network": ("network", "/networks"),
    "port": ("network", "/ports"),
    "router": ("network", "/routers"),
    "floatingip": ("network", "/floatingips"),
    "security_group": ("network", "/security-groups"),
    "volume": ("volume", "/{project_id}/volumes"),
    "snapshot": ("volume", "/{project_id}/snapshots"),
}
SETTLED = {
    "ACTIVE",
    "ERROR",
    "SHUTOFF",
    "PAUSED",
    "SUSPENDED",
    "SHELVED",
    "SHELVED_OFFLOADED",
    "VERIFY_RESIZE",
    "RESCUE",
}


class TwoProjects(RuleBasedStateMachine):
    """One cloud, two projects, an admin who looks."""

    @initialize()
    def begin(self) -> None:
        """Two hosts with little room, so that some boots find none."""
        config = Config(hosts=2, host_vcpus=2, host_memory_mb=4096, host_disk_gb=60, password_hash_cost=16)
        self.cloud = Cloud(config, seed=5, trace=False)
        fill(self.cloud)
        self.admin = self.cloud.connect("admin")
        self.users = {"demo": self.cloud.connect("demo"), "rival": second_project(self.cloud, self.admin)}
        self.image = self.admin.image.get("/images").json()["images"][0]["id"]
        self.external = self.admin.network.get("/networks").json()["networks"][0]["id"]
        self.made: dict[str, list[tuple[str, str]]] = {kind: [] for kind in PLURAL}
        for who in PROJECTS:
            network = self.make(who, "network", {"name": f"{who}-net"})
            self.make_subnet(who, network)

    def send(self, who: str, api: str, method: str, path: str, **options: Any) -> Any:
        """A request; whatever it is, it breaks nothing and an error says what was wrong."""
        user = self.users[who]
        path = path.replace("{project_id}", user.project_id)
        reply = getattr(user, api).request(path, method, raise_exc=False, **options)
        assert reply.status_code < 500, f"{method} {path} {options}: {reply.text}"
        if reply.status_code >= 400:
            assert reply.text.strip(), f"{method} {path}"
        return reply

    def make(self, who: str, kind: str, fields: dict[str, Any]) -> str:
        """A new thing's id, or an id of nothing if it was refused."""
        api, path = PLURAL[kind]
        reply = self.send(who, api, "POST", path, json={kind: fields})
        if reply.status_code >= 300:
            return UNKNOWN
        id = str(reply.json()[kind]["id"])
        self.made[kind].append((who, id))
        return id

    def pick(self, kind: str, number: int) -> str:
        """Any project's thing of that kind, gone or not; or an id of nothing."""
        made = self.made[kind][-6:]
        return made[number][1] if number < len(made) else UNKNOWN

    def make_subnet(self, who: str, network: str) -> None:
        """A subnet of a network."""
        body = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/29" if who == "demo" else "10.0.0.0/28"}
        self.send(who, "network", "POST", "/subnets", json={"subnet": body})

    @rule(who=WHO, network=PICK, volume=PICK, flavor=st.sampled_from(["0", "1", "2", "4", "x"]),
          count=st.sampled_from([1, 1, 1, 2, 9]),
          extra=st.sampled_from(["", "", "volume", "port", "boot", "none"]))  # fmt: skip
    def boot(self, who: str, network: int, volume: int, flavor: str, count: int, extra: str) -> None:
        """Servers with whatever network, port and volume."""
        device = {"uuid": self.pick("volume", volume), "source_type": "volume", "destination_type": "volume"}
        body: dict[str, Any] = {"name": "s", "imageRef": self.image, "flavorRef": flavor, "max_count": count}
        body["networks"] = [{"uuid": self.pick("network", network)}]
        if extra == "port":
            body["networks"] = [{"port": self.pick("port", network)}]
        if extra == "none":
            body["networks"] = "none"
        if extra == "volume":
            body["block_device_mapping_v2"] = [device | {"boot_index": -1}]
        if extra == "boot":
            body["block_device_mapping_v2"] = [device | {"boot_index": 0}]
            del body["imageRef"]
        headers = {"OpenStack-API-Version": "compute 2.60"}
        reply = self.send(who, "compute", "POST", "/servers", json={"server": body}, headers=headers)
        if reply.status_code == 202:
            self.made["server"].append((who, str(reply.json()["server"]["id"])))

    @rule(who=WHO, server=PICK, action=st.sampled_from(ACTIONS))
    def act(self, who: str, server: int, action: str) -> None:
        """An action on a server, allowed or not."""
        argument = {"imageRef": self.image} if action == "rebuild" else ARGUMENTS.get(action)
        path = f"/servers/{self.pick('server', server)}/action"
        self.send(who, "compute", "POST", path, json={action: argument})

    @rule(who=WHO, kind=st.sampled_from(sorted(PLURAL)), number=PICK)
    def delete(self, who: str, kind: str, number: int) -> None:
        """Delete anything of anybody."""
        api, path = PLURAL[kind]
        self.send(who, api, "DELETE", f"{path}/{self.pick(kind, number)}")

    @rule(
        who=WHO,
        size=st.sampled_from([1, 2, 400, 2000]),
        source=st.sampled_from(["", "", "snapshot", "volume", "image"]),
        number=PICK,
    )
    def volume(self, who: str, size: int, number: int, source: str) -> None:
        """A volume, empty or from something."""
        body: dict[str, Any] = {"size": size}
        if source == "snapshot":
            body["snapshot_id"] = self.pick("snapshot", number)
        if source == "volume":
            body["source_volid"] = self.pick("volume", number)
        if source == "image":
            body["imageRef"] = self.image
        self.make(who, "volume", body)

    @rule(who=WHO, number=PICK)
    def snapshot(self, who: str, number: int) -> None:
        """A snapshot of any volume."""
        self.make(who, "snapshot", {"volume_id": self.pick("volume", number), "force": True})

    @rule(who=WHO, server=PICK, volume=PICK, method=st.sampled_from(["POST", "POST", "DELETE"]))
    def attach(self, who: str, server: int, volume: int, method: str) -> None:
        """Attach or detach a volume."""
        path, id = f"/servers/{self.pick('server', server)}/os-volume_attachments", self.pick("volume", volume)
        if method == "POST":
            self.send(who, "compute", "POST", path, json={"volumeAttachment": {"volumeId": id}})
        else:
            self.send(who, "compute", "DELETE", f"{path}/{id}")

    @rule(who=WHO, network=PICK)
    def port(self, who: str, network: int) -> None:
        """A port on any network."""
        self.make(who, "port", {"network_id": self.pick("network", network)})

    @rule(who=WHO, router=PICK, what=st.sampled_from(["make", "gateway", "add", "remove"]), number=PICK)
    def router(self, who: str, router: int, what: str, number: int) -> None:
        """A router and its interfaces."""
        path = f"/routers/{self.pick('router', router)}"
        if what == "make":
            self.make(who, "router", {"name": "r"})
        elif what == "gateway":
            gateway = {"router": {"external_gateway_info": {"network_id": self.external}}}
            self.send(who, "network", "PUT", path, json=gateway)
        else:
            subnets = self.send(who, "network", "GET", "/subnets").json()["subnets"]
            subnet = subnets[number % len(subnets)]["id"] if subnets else UNKNOWN
            self.send(who, "network", "PUT", f"{path}/{what}_router_interface", json={"subnet_id": subnet})

    @rule(who=WHO, number=PICK, what=st.sampled_from(["make", "associate", "free"]), port=PICK)
    def floating(self, who: str, number: int, what: str, port: int) -> None:
        """A floating address and where it leads."""
        if what == "make":
            self.make(who, "floatingip", {"floating_network_id": self.external})
            return
        ports = self.send(who, "network", "GET", "/ports").json()["ports"]
        id = ports[port % len(ports)]["id"] if ports and what == "associate" else None
        path = f"/floatingips/{self.pick('floatingip', number)}"
        self.send(who, "network", "PUT", path, json={"floatingip": {"port_id": id}})

    @rule(who=WHO, name=st.sampled_from(["web", "default", ""]))
    def security_group(self, who: str, name: str) -> None:
        """A security group."""
        self.make(who, "security_group", {"name": name})

    @invariant()
    def nobody_sees_the_others_things(self) -> None:
        """A list has only what is the project's own or shared with all."""
        for kind, (api, path) in PLURAL.items():
            key = {"floatingip": "floatingips", "security_group": "security_groups"}.get(kind, f"{kind}s")
            for who in PROJECTS:
                shown = {thing["id"] for thing in self.send(who, api, "GET", path).json()[key]}
                others = {id for owner, id in self.made[kind] if owner != who}
                assert not shown & others, f"{who} sees the other project's {kind}"

    @invariant()
    def every_server_is_settled(self) -> None:
        """After a request was answered and its casts delivered, no server is on its way."""
        for server in self.servers():
            assert server["status"] in SETTLED, server["status"]
            assert server["OS-EXT-STS:task_state"] is None, server

    @invariant()
    def usage_is_what_exists(self) -> None:
        """Limits count exactly the servers, the volumes and their snapshots that there are."""
        for who in PROJECTS:
            project = self.users[who].project_id
            servers = [s for s in self.servers() if s["tenant_id"] == project]
            limits = self.send(who, "compute", "GET", "/limits").json()["limits"]["absolute"]
            assert limits["totalInstancesUsed"] == len(servers)
            volumes = self.send(who, "volume", "GET", "/{project_id}/volumes/detail").json()["volumes"]
            snapshots = self.send(who, "volume", "GET", "/{project_id}/snapshots/detail").json()["snapshots"]
            absolute = self.send(who, "volume", "GET", "/{project_id}/limits").json()["limits"]["absolute"]
            assert absolute["totalVolumesUsed"] == len(volumes)
            assert absolute["totalSnapshotsUsed"] == len(snapshots)
            assert absolute["totalGigabytesUsed"] == sum(v["size"] for v in [*volumes, *snapshots])

    @invariant()
    def nothing_is_orphaned(self) -> None:
        """Ports, attachments, domains and claims belong to servers that exist."""
        servers = {server["id"]: server for server in self.servers()}
        ports = self.admin.network.get("/ports").json()["ports"]
        owners = {p["device_id"] for p in ports if p["device_owner"].startswith("compute:")}
        assert owners <= set(servers)
        for who in PROJECTS:
            path = "/{project_id}/attachments/detail"
            found = self.send(who, "volume", "GET", path, headers=V344).json()["attachments"]
            assert {a["instance"] for a in found if a["instance"]} <= set(servers)
        domains = {uuid for host in self.cloud.hypervisors.values() for uuid in host.listAllDomains()}
        assert domains <= set(servers)
        failed = {id for id, server in servers.items() if server["status"] == "ERROR"}
        assert not domains & failed

    def servers(self) -> list[dict[str, Any]]:
        """All servers, as the admin sees them."""
        return list(self.admin.compute.get("/servers/detail?all_tenants=1").json()["servers"])


def second_project(cloud: Cloud, admin: Connection) -> Connection:
    """A user of a project of their own."""
    project = admin.identity.post("/projects", json={"project": {"name": "rival"}}).json()["project"]["id"]
    user = {"name": "rival", "password": "known-only-here"}
    user_id = admin.identity.post("/users", json={"user": user}).json()["user"]["id"]
    roles = admin.identity.get("/roles").json()["roles"]
    member = next(role["id"] for role in roles if role["name"] == "member")
    admin.identity.put(f"/projects/{project}/users/{user_id}/roles/{member}")
    return cloud.connect("rival", password="known-only-here", project="rival")


def test_whatever_two_projects_do(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        TwoProjects,
        settings=settings(
            max_examples=6, stateful_step_count=20, derandomize=True, deadline=None, database=None,
            suppress_health_check=checks,
        ),
    )  # fmt: skip
