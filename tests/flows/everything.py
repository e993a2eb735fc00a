"""A cloud in which project demo has one of everything, and users of every role who try their hands at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.core.oslo.wsgi import Application
from oslearn.course.reference import Lab

CALLERS = ("nobody", "other", "reader", "member", "manager", "admin")
"""No token; a member of another project; in project demo a reader, a member, a manager; the cloud's admin."""
UNKNOWN = "3d1f2a5b-0000-4000-8000-000000000000"
GONE = (["os-hosts"], ["images"], ["os-security-groups"], ["os-hypervisors"], ["os-networks"],
        ["os-tenant-networks"], ["os-floating-ips"], ["os-floating-ip-pools"])  # fmt: skip
NEWEST = {"compute": "compute 2.96", "volume": "volume 3.71", "placement": "placement 1.39"}


@dataclass
class Everything:
    """The cloud, and the ids of what is in it by the word before them in a path."""

    cloud: Cloud
    users: dict[str, Connection]
    ids: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls) -> Everything:
        """One of everything."""
        lab = Lab.prepare(Cloud(Config(password_hash_cost=16), seed=41, trace=False))
        admin, demo = lab.cloud.connect("admin"), lab.cloud.connect("demo")
        other = admin.identity.post("/projects", json={"project": {"name": "other"}}).json()["project"]["id"]
        users = {"admin": admin, "member": demo}
        for name, project in (("reader", demo.project_id), ("manager", demo.project_id), ("other", other)):
            body = {"user": {"name": name, "password": f"secret of {name}"}}
            user = admin.identity.post("/users", json=body).json()["user"]["id"]
            (role,) = admin.identity.get(f"/roles?name={'member' if name == 'other' else name}").json()["roles"]
            admin.identity.put(f"/projects/{project}/users/{user}/roles/{role['id']}")
            users[name] = lab.cloud.connect(name, f"secret of {name}", "other" if name == "other" else "demo")
        made = cls(lab.cloud, users)
        made.ids = {"image": lab.image_id, "networks": lab.network_id, "project": demo.project_id}
        made.fill(lab, admin, demo)
        return made

    def fill(self, lab: Lab, admin: Connection, demo: Connection) -> None:
        """What the paths name."""
        net, compute, volume, ids = demo.network, demo.compute, demo.volume, self.ids
        server = lab.boot(demo)
        port = net.get(f"/ports?device_id={server}").json()["ports"][0]["id"]
        group = net.post("/security-groups", json={"security_group": {"name": "web"}}).json()["security_group"]
        router = net.post("/routers", json={"router": {"name": "r"}}).json()["router"]["id"]
        pool = {"subnetpool": {"name": "p", "prefixes": ["10.9.0.0/16"]}}
        spare = volume.post("/volumes", json={"volume": {"size": 1, "name": "spare"}}).json()["volume"]["id"]
        kept = volume.post("/volumes", json={"volume": {"size": 1, "metadata": {"k": "v"}}}).json()["volume"]["id"]
        snapshot = {"snapshot": {"volume_id": kept, "metadata": {"k": "v"}}}
        attached = volume.get("/attachments", headers={"OpenStack-API-Version": "volume 3.44"}).json()["attachments"]
        compute.post("/os-keypairs", json={"keypair": {"name": "key", "public_key": KEY}})
        compute.put(f"/servers/{server}/metadata", json={"metadata": {"k": "v"}})
        aggregate = admin.compute.post("/os-aggregates", json={"aggregate": {"name": "a"}}).json()["aggregate"]["id"]
        hypervisor = admin.compute.get("/os-hypervisors", headers=self.version("compute")).json()["hypervisors"][0]
        service = admin.compute.get("/os-services", headers=self.version("compute")).json()["services"][0]["id"]
        server_group = {"server_group": {"name": "g", "policies": ["affinity"]}}
        demo_user = admin.identity.get("/users?name=demo").json()["users"][0]["id"]
        ids |= {
            "servers": server, "flavors": "1", "images": ids["image"], "os-aggregates": str(aggregate),
            "os-keypairs": "key",
            "os-quota-sets": ids["project"], "os-security-groups": group["id"], "os-services": service,
            "os-server-groups": compute.post("/os-server-groups", json=server_group).json()["server_group"]["id"],
            "metadata": "k", "os-interface": port, "os-volume_attachments": lab.volume_id, "tags": "blue",
            "os-hosts": "compute1", "os-hypervisors": "1", "os-simple-tenant-usage": ids["project"],
            "ips": "selfservice", "subnets": net.get("/subnets").json()["subnets"][0]["id"], "ports": port,
            "routers": router, "security-groups": group["id"], "quotas": ids["project"],
            "security-group-rules": group["security_group_rules"][0]["id"], "extensions": "router",
            "subnetpools": net.post("/subnetpools", json=pool).json()["subnetpool"]["id"],
            "agents": admin.network.get("/agents").json()["agents"][0]["id"], "volumes": kept,
            "snapshots": volume.post("/snapshots", json=snapshot).json()["snapshot"]["id"],
            "backups": volume.post("/backups", json={"backup": {"volume_id": kept}}).json()["backup"]["id"],
            "attachments": attached[0]["id"], "types": volume.get("/types").json()["volume_types"][0]["id"],
            "users": demo_user, "projects": ids["project"], "domains": "default", "regions": "RegionOne",
            "roles": admin.identity.get("/roles?name=member").json()["roles"][0]["id"],
            "services": admin.identity.get("/services").json()["services"][0]["id"],
            "endpoints": admin.identity.get("/endpoints").json()["endpoints"][0]["id"],
            "policies": admin.identity.post("/policies", json=BODIES["identity", "policies"]).json()["policy"]["id"],
            "groups": admin.identity.post("/groups", json={"group": {"name": "g"}}).json()["group"]["id"],
            "resource_providers": hypervisor["id"], "traits": "HW_CPU_X86_VMX", "resource_classes": "VCPU",
            "inventories": "VCPU", "allocations": server, "schemas": "image", "default-types": ids["project"],
        }  # fmt: skip
        transfer = volume.post("/os-volume-transfer", json={"transfer": {"volume_id": spare}}).json()["transfer"]
        ids |= {"os-volume-transfer": transfer["id"], "volume-transfers": transfer["id"]}
        credential = {"application_credential": {"name": "robot"}}
        reply = demo.identity.post(f"/users/{demo_user}/application_credentials", json=credential).json()
        ids["application_credentials"] = reply["application_credential"]["id"]
        ids["access_rules"] = self.rule(demo, f"/users/{demo_user}/application_credentials")
        for kind in ("networks", "subnets", "subnetpools", "ports", "routers", "security-groups"):
            net.put(f"/{kind}/{ids[kind]}/tags/blue")
        compute.put(f"/servers/{server}/tags/blue", headers=self.version("compute"))
        ids["floatingips"] = self.floating(admin, demo)
        ids |= {
            "os-floating-ips": ids["floatingips"],
            "os-networks": ids["networks"],
            "os-tenant-networks": ids["networks"],
        }
        net.put(f"/floatingips/{ids['floatingips']}/tags/blue")
        ids |= {"stores": "fs", "fs": ids["image"], "version": 4, "prefixes": ["10.88.0.0/16"]}

    def rule(self, demo: Any, path: str) -> str:
        """A rule that no credential holds: that which it was made with is gone."""
        rule = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
        credential = {"application_credential": {"name": "brief", "access_rules": [rule]}}
        made = demo.identity.post(path, json=credential).json()["application_credential"]
        demo.identity.delete(f"{path}/{made['id']}")
        return str(made["access_rules"][0]["id"])

    def floating(self, admin: Connection, demo: Connection) -> str:
        """A floating address of an external network."""
        body = {"network": {"name": "outside", "router:external": True}}
        outside = admin.network.post("/networks", json=body).json()["network"]["id"]
        self.ids["outside"] = outside
        subnet = {"network_id": outside, "ip_version": 4, "cidr": "203.0.113.0/24"}
        admin.network.post("/subnets", json={"subnet": subnet})
        body = {"floatingip": {"floating_network_id": outside}}
        return str(demo.network.post("/floatingips", json=body).json()["floatingip"]["id"])

    def routes(self) -> list[tuple[str, str, str]]:
        """Every operation: the API, the method and the path's template."""
        apps = cast(dict[str, Application], self.cloud.router.apps())
        found = [(mount, one.method, one.path) for mount, app in apps.items() if mount != "info" for one in app.routes]
        return list(dict.fromkeys(found))

    def path(self, template: str, real: bool) -> str:
        """The template with what exists; if not `real`, its last part is one that nobody knows."""
        words: list[str] = []
        given = [word for word in template.split("/") if word.startswith("{")]
        for word in template.split("/"):
            name = word.strip("{}").partition(":")[0]
            if not word.startswith("{"):
                words.append(word)
            elif name == "account":
                words.append(f"AUTH_{self.ids['project']}")
            elif name == "project_id" and template.startswith(("/v1.0/{project_id}", "/v3/{project_id}")):
                words.append(self.ids["project"])
            elif word == given[-1] and not real:
                words.append(UNKNOWN)
            else:
                words.append(self.ids.get(words[-1], UNKNOWN))
        return "/".join(words)

    def body(self, mount: str, method: str, template: str) -> Any:
        """A body that would do, so that the caller's role decides."""
        words = ["", *template.strip("/").split("/")][-max(2, template.count("/")) :]
        if mount == "compute" and template == "/v2.1/servers":
            return {"server": {"name": "x", "imageRef": self.ids["image"], "flavorRef": "1", "networks": "none"}}
        for key in ((mount, words[1], words[-1]), (mount, words[-1])):
            if key in BODIES:
                return BODIES[key]
        if mount in ("networking", "identity") and words[1] in WANTED:
            singular = words[1].removesuffix("s").replace("-", "_")
            wanted = WANTED[words[1]] if method == "POST" else {}
            return {singular: {key: self.ids.get(value, value) for key, value in wanted.items()}}
        return {}

    def version(self, mount: str, template: str = "") -> dict[str, str]:
        """The microversion that is asked for: the oldest for what is gone from newer ones."""
        wanted = "compute 2.1" if mount == "compute" and template.split("/")[2:3] in GONE else NEWEST.get(mount)
        return {"OpenStack-API-Version": wanted} if wanted else {}

    def status(self, caller: str, mount: str, method: str, template: str, real: bool = True) -> int:
        """What the caller's request is answered with."""
        user = self.users["member" if caller == "nobody" else caller]
        options: dict[str, Any] = {"headers": self.version(mount, template), "authenticated": caller != "nobody"}
        if (mount, method, template) in IMAGE_BODIES:
            kind, options["data"] = IMAGE_BODIES[mount, method, template]
            options["headers"] |= {"Content-Type": kind}
        elif method in ("POST", "PUT", "PATCH"):
            options["json"] = self.body(mount, method, template)
        url = self.cloud.config.endpoint(mount) + self.path(template, real)
        return int(user.session.request(url, method, raise_exc=False, **options).status_code)


WANTED: dict[str, dict[str, Any]] = {
    "networks": {"name": "x"}, "routers": {"name": "x"}, "subnetpools": {"name": "x", "prefixes": "prefixes"},
    "subnets": {"network_id": "networks", "ip_version": "version", "cidr": "10.77.0.0/24"},
    "ports": {"network_id": "networks"}, "floatingips": {"floating_network_id": "outside"},
    "security-groups": {"name": "x"},
    "security-group-rules": {"security_group_id": "security-groups", "direction": "egress"},
    "agents": {}, "domains": {"name": "x"}, "projects": {"name": "x"}, "users": {"name": "x"}, "groups": {"name": "x"},
    "roles": {"name": "x"}, "services": {"type": "x"}, "regions": {},
    "endpoints": {"service_id": "services", "interface": "public", "url": "http://127.0.0.1"},
}  # fmt: skip
"""What a new one needs, by collection; a value that is the name of something stands for its id."""
BODIES: dict[tuple[str, ...], Any] = {
    ("networking", "tags"): {"tags": ["blue"]},
    ("identity", "tags"): {"tags": ["red"]},
    ("identity", "policies"): {"policy": {"type": "x", "blob": "x"}},
    ("identity", "policies", "{id}"): {"policy": {"type": "y"}},
    ("identity", "application_credentials"): {"application_credential": {"name": "x"}},
    ("image", "members"): {"member": UNKNOWN},
    ("image", "{member_id}"): {"status": "accepted"},
    ("image", "import"): {"method": {"name": "glance-direct"}},
    ("volume", "action"): {"os-unreserve": {}},
    ("compute", "{server_id}"): {"server": {"name": "x"}},
    ("compute", "servers", "action"): {"os-start": None},
    ("compute", "flavors", "action"): {"addTenantAccess": {"tenant": UNKNOWN}},
    ("compute", "os-aggregates", "action"): {"add_host": {"host": "compute9"}},
    ("compute", "remote-consoles"): {"remote_console": {"protocol": "vnc", "type": "novnc"}},
    ("compute", "os-security-groups"): {"security_group": {"name": "y", "description": "y"}},
    ("compute", "{group_id}"): {"security_group": {"name": "y", "description": "y"}},
    ("volume", "volumes", "{id}"): {"volume": {"name": "x"}},
    ("volume", "snapshots", "{id}"): {"snapshot": {"name": "x"}},
    ("volume", "groups"): {"group": {"group_type": "x", "volume_types": ["x"]}},
    ("volume", "backups", "{id}"): {"backup": {"name": "x"}},
    ("volume", "backups", "restore"): {"restore": {"name": "x"}},
    ("volume", "backups", "action"): {"os-reset_status": {"status": "available"}},
    ("compute", "metadata"): {"metadata": {"k": "w"}},
    ("compute", "{key}"): {"meta": {"k": "w"}},
    ("compute", "tags"): {"tags": ["blue"]},
    ("compute", "os-volume_attachments"): {"volumeAttachment": {"volumeId": UNKNOWN}},
    ("compute", "{volume_id}"): {"volumeAttachment": {"volumeId": UNKNOWN}},
    ("volume", "metadata"): {"metadata": {"k": "v"}},
    ("volume", "{key}"): {"meta": {"k": "v"}},
    ("volume", "attachments"): {"attachment": {"volume_uuid": UNKNOWN}},
}
BYTES = "application/octet-stream"
IMAGE_BODIES = {
    ("image", "PATCH", "/v2/images/{image_id}"): ("application/openstack-images-v2.1-json-patch", "[]"),
    ("image", "PUT", "/v2/images/{image_id}/file"): (BYTES, "x"),
    ("image", "PUT", "/v2/images/{image_id}/stage"): (BYTES, "x"),
}


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGQxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx demo"
