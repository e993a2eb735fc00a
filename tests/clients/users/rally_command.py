"""A user of `rally`: scenarios of each service in a row, with projects, users and networks that rally makes."""

import json
import os
from pathlib import Path

from steps import run, same, step, tell

ADMIN = json.loads(os.environ["ADMIN"])


def scenario(title: str, contexts: dict[str, object] | None = None, **words: object) -> dict[str, object]:
    """A subtask that runs twice, by two users."""
    return {
        "title": title,
        "scenario": {title: words},
        "runner": {"constant": {"times": 2, "concurrency": 2}},
        "contexts": {"users": {"tenants": 1, "users_per_tenant": 2}, **(contexts or {})},
        "sla": {"failure_rate": {"max": 0}},
    }


KINDS = ("boot", "delete", "reboot", "start", "stop", "resize", "resize_confirm", "image_create", "image_delete")
SOON = [f"nova_server_{kind}_{what} = 0.1" for kind in KINDS for what in ("prepoll_delay", "poll_interval")]
LOOKS = ("create_prepoll_delay", "create_poll_interval", "delete_poll_interval")
SOON += [f"{thing}_{look} = 0.1" for thing in ("cinder_volume", "glance_image") for look in LOOKS]
CONFIG = "\n".join(["[database]", "connection = sqlite:///rally.sqlite", "[openstack]", *SOON, ""])
"""Rally waits seconds before its first look, as a cloud of machines takes them."""
PLAIN = {"flavor": {"name": "m1.tiny"}, "image": {"name": "cirros"}}
BOOT = {**PLAIN, "auto_assign_nic": True}
BOOT_WITH_VOLUMES = {**PLAIN, "volume_size": 1, "volume_num": 2, "boot_server_kwargs": {"auto_assign_nic": True}}
NET = {"network": {}}
Path("image.raw").write_bytes(b"image" * 1000)
IMAGE = {"container_format": "bare", "disk_format": "raw", "image_location": str(Path("image.raw").resolve())}
SCENARIOS = [
    scenario("Authenticate.keystone"),
    scenario("KeystoneBasic.create_update_and_delete_tenant"),
    scenario("KeystoneBasic.create_user_update_password"),
    scenario("NovaServers.boot_and_delete_server", NET, **BOOT),
    scenario("NovaServers.boot_and_bounce_server", NET, **BOOT, actions=[{"hard_reboot": 1}, {"stop_start": 1}]),
    scenario("NovaServers.boot_server_attach_volume_and_list_attachments", NET,
             **BOOT_WITH_VOLUMES),
    scenario("NovaServers.resize_server", NET, **BOOT, to_flavor={"name": "m1.small"}, confirm=True),
    scenario("NovaServers.snapshot_server", NET, **BOOT),
    scenario("NovaServers.boot_and_associate_floating_ip", NET, **BOOT),
    scenario("NovaKeypair.create_and_delete_keypair"),
    scenario("CinderVolumes.create_and_extend_volume", size=1, new_size=2),
    scenario("CinderVolumes.create_and_delete_snapshot", {"volumes": {"size": 1}}),
    scenario("CinderVolumes.create_and_accept_transfer", size=1),
    scenario("GlanceImages.create_and_download_image", **IMAGE),
    scenario("NeutronNetworks.create_and_delete_routers", subnets_per_network=1, router_create_args={}),
    scenario("NeutronNetworks.create_and_delete_ports", NET, ports_per_network=2, port_create_args={}),
    scenario("NeutronSecurityGroup.create_and_delete_security_group_rule"),
    scenario("SwiftObjects.create_container_and_object_then_download_object",
             {"roles": ["member"]}, objects_per_container=2, object_size=1024),
]  # fmt: skip

with step("the cloud is known"):
    users = {"username": "username", "password": "password", "project_name": "project_name",
             "user_domain_name": "user_domain_name", "project_domain_name": "project_domain_name"}  # fmt: skip
    spec = {"existing@openstack": {
        "auth_url": ADMIN["auth_url"], "region_name": "RegionOne", "admin": {to: ADMIN[of] for to, of in users.items()},
    }}  # fmt: skip
    Path("spec.json").write_text(json.dumps(spec))
    Path("rally.conf").write_text(CONFIG)
    CONF = ("--config-file", "rally.conf")
    run("rally", *CONF, "db", "create")
    run("rally", *CONF, "env", "create", "--name", "served", "--spec", "spec.json")
    run("rally", *CONF, "env", "check")
with step("the task is run"):
    task = {"version": 2, "title": "served", "subtasks": SCENARIOS}
    Path("task.json").write_text(json.dumps(task))
    run("rally", *CONF, "task", "start", "task.json")
with step("its results are read"):
    results = json.loads(run("rally", *CONF, "task", "report", "--json") or "{}")
    same(len(results["tasks"][0]["subtasks"]), len(SCENARIOS))
for subtask in results["tasks"][0]["subtasks"]:
    for workload in subtask["workloads"]:
        errors = [each["error"][-1] for each in workload["data"] if each["error"]]
        tell(subtask["title"], "" if workload["pass_sla"] else "; ".join(map(str, errors)) or "it had no result")
