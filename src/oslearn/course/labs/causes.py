"""What each break-fix lab's check looks at: the cause, and that the user has what they wanted.

Interface: `CAUSES`, a function for each lab, by its number; it is given a `Scene`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from oslearn.course.labs import Outcome
from oslearn.course.labs.look import Finding, Look, finding
from oslearn.course.processes import Process

Packet = tuple[str, int | None, str]
"""Where to, to which port, by which protocol."""


@dataclass(frozen=True)
class Scene:
    """A cloud as the user sees it, as the admin sees it, and what runs in it.

    `reaches` follows a packet from outside; `client` runs the client in another environment: it says how that ended.
    """

    demo: Look
    admin: Look
    processes: Sequence[Process]
    reaches: Callable[[Packet], bool]
    client: Callable[[list[str], Mapping[str, str]], Outcome]

    def up(self, name: str) -> bool:
        """Whether all processes of that name run, on whichever host."""
        return all(process.up for process in self.processes if process.name.partition("@")[0] == name)


Cause = Callable[[Scene], Iterator[Finding]]
CAUSES: dict[int, Cause] = {}


def cause(number: int) -> Callable[[Cause], Cause]:
    """Register the check of a lab."""

    def register(function: Cause) -> Cause:
        CAUSES[number] = function
        return function

    return register


def mended(right: object) -> Finding:
    """The cause is mended: in words that do not tell what it is."""
    return finding(right, "the cause is mended")


def active(look: Look, name: str) -> Finding:
    """The user's server runs."""
    server = look.one(f"server show {name}") or {}
    return finding(server.get("status") == "ACTIVE", f"the server {name} is ACTIVE", server.get("status", "no server"))


def on_network(look: Look, name: str, network: str) -> Finding:
    """The user's server has an address of a network."""
    server = look.one(f"server show {name}") or {}
    networks = [*(server.get("addresses") or {})]
    there = ", ".join(networks) or "on none"
    return finding(networks == [network] or (name == "vm1" and network in networks),
                   f"the server {name} is on the network {network}", there)  # fmt: skip


@cause(1)
def hosts_disabled(scene: Scene) -> Iterator[Finding]:
    """A host takes servers again."""
    hosts = scene.admin.all("compute service list --service nova-compute")
    yield mended(any(host["Status"] == "enabled" for host in hosts))
    yield active(scene.demo, "web1")


@cause(2)
def no_conductor(scene: Scene) -> Iterator[Finding]:
    """The conductor, which hands a build on, runs again."""
    yield mended(scene.up("nova-conductor"))
    yield active(scene.demo, "web1")


@cause(3)
def no_agents(scene: Scene) -> Iterator[Finding]:
    """The agents that plug ports run on every host."""
    yield mended(scene.up("neutron-openvswitch-agent"))
    yield active(scene.demo, "web1")


@cause(4)
def no_dhcp(scene: Scene) -> Iterator[Finding]:
    """The DHCP agent runs."""
    yield mended(scene.up("neutron-dhcp-agent"))
    yield active(scene.demo, "web1")


@cause(5)
def no_agent_on_one_host(scene: Scene) -> Iterator[Finding]:
    """The agent of the server's host runs."""
    yield mended(scene.up("neutron-openvswitch-agent"))
    yield on_network(scene.demo, "vm1", "storage")


@cause(6)
def no_rule_for_ping(scene: Scene) -> Iterator[Finding]:
    """A rule lets ICMP in."""
    yield finding(scene.reaches(("vm1", None, "icmp")), "a ping from outside reaches vm1")


@cause(7)
def floating_address_of_another_port(scene: Scene) -> Iterator[Finding]:
    """The server has a floating address, SSH gets there, and no address leads to a port that nobody has."""
    spare = (scene.demo.one("port show old-server") or {}).get("id", "?")
    yield mended(not [one for one in scene.demo.all("floating ip list") if one["Port"] == spare])
    yield finding(scene.reaches(("vm1", 22, "tcp")), "TCP port 22 of vm1 is reached from outside")


@cause(8)
def router_without_gateway(scene: Scene) -> Iterator[Finding]:
    """The server has a floating address."""
    ports = [port["ID"] for port in scene.demo.all("port list --server shop1")]
    given = [one for one in scene.demo.all("floating ip list") if one["Port"] in ports]
    yield finding(given, "shop1 has a floating address")


@cause(9)
def two_networks(scene: Scene) -> Iterator[Finding]:
    """The server is on the network that the user wants."""
    yield active(scene.demo, "web1")
    yield on_network(scene.demo, "web1", "provider")


@cause(10)
def no_addresses(scene: Scene) -> Iterator[Finding]:
    """The server got an address of the network."""
    yield active(scene.demo, "web1")
    yield on_network(scene.demo, "web1", "desk")


@cause(11)
def another_key(scene: Scene) -> Iterator[Finding]:
    """The server was started first with the user's key."""
    server = scene.demo.one("server show web1") or {}
    yield active(scene.demo, "web1")
    yield finding(server.get("key_name") == "mykey", "it lets in who has mykey", server.get("key_name") or "no key")


@cause(12)
def no_metadata(scene: Scene) -> Iterator[Finding]:
    """The metadata agent runs."""
    yield mended(scene.up("neutron-metadata-agent"))


@cause(13)
def reader(scene: Scene) -> Iterator[Finding]:
    """The user is a member again, and not more."""
    roles = {row["Role"] for row in scene.admin.all("role assignment list --user demo --project demo --names")}
    yield mended("member" in roles)
    yield finding("admin" not in roles, "the user may do no more than before", ", ".join(sorted(roles)))
    yield finding(scene.demo.one("network show plans"), "there is the network plans that the user wanted")


@cause(14)
def address_in_the_wrong_place(scene: Scene) -> Iterator[Finding]:
    """Who uses the file is let in."""
    yield logs_in(scene, "mia")


@cause(15)
def clouds_with_another_name(scene: Scene) -> Iterator[Finding]:
    """Who uses the file is let in."""
    yield logs_in(scene, "mia")


def logs_in(scene: Scene, name: str) -> Finding:
    """Whether the cloud of a user's own file lets them in."""
    done = scene.client(["token", "issue"], {"OS_CLIENT_CONFIG_FILE": f"{name}.yaml", "OS_CLOUD": name})
    said = " ".join((done.stderr or done.stdout).split())[:120]
    return finding(done.status == 0, f"with {name}.yaml the user {name} is let in", said)


@cause(16)
def ports_used_up(scene: Scene) -> Iterator[Finding]:
    """A second server has a port."""
    yield active(scene.demo, "vm1")
    yield active(scene.demo, "web1")


@cause(17)
def reserved_for_nobody(scene: Scene) -> Iterator[Finding]:
    """The volume has one attachment, which is that of the server."""
    volume, server = scene.demo.one("volume show vol2") or {}, scene.demo.one("server show vm1") or {}
    kept = scene.demo.all("--os-volume-api-version 3.54 volume attachment list")
    mine = [one for one in kept if one["Volume ID"] == volume.get("id")]
    yield mended(not [one for one in mine if one["Server ID"] != server.get("id")])
    state = volume.get("status", "no volume")
    yield finding(state == "in-use" and len(mine) == 1, "the volume vol2 is attached to vm1", state)


@cause(18)
def no_data(scene: Scene) -> Iterator[Finding]:
    """There is one image of the name, and it has data."""
    found = [image["Status"] for image in scene.demo.all("image list") if image["Name"] == "golden"]
    yield finding(found == ["active"], "there is one image golden, and it is active", ", ".join(found) or "none")


@cause(19)
def image_asks_for_more(scene: Scene) -> Iterator[Finding]:
    """A server started from the image."""
    yield active(scene.demo, "web1")
    image = str((scene.demo.one("server show web1") or {}).get("image", ""))
    yield finding(image.startswith("cirros"), "its image is cirros", image or "no server")


@cause(20)
def still_in_use(scene: Scene) -> Iterator[Finding]:
    """The network is gone, and what the user needs is there."""
    yield finding(not scene.demo.one("network show old"), "the network old is gone", "it is there")
    yield active(scene.demo, "vm1")
    router = scene.demo.one("router show router1") or {}
    serves = "192.168.1.1" in str(router.get("interfaces_info")) and router.get("external_gateway_info")
    yield finding(serves, "router1 still leads from selfservice to the world")
