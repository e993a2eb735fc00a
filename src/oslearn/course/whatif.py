"""What if one message of a boot goes wrong? The boot runs again, and the outcome says what came of it.

Interface: `what_if(flow, n, how)` → `Outcome`; `Bench`, a cloud in which that can be asked again and again;
`held(lab)`, what instances hold.
Invariants: each run is seeded, so it is the same each time; after a question the bench is as before.
"""

from __future__ import annotations

from dataclasses import dataclass

from keystoneauth1.exceptions import ClientException, HttpError

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.course import control
from oslearn.course.faults import ANSWERS, Fault
from oslearn.course.reference import SEED, Lab
from oslearn.trace.lens import Lens, Step
from oslearn.trace.profiler import Trace

MICROVERSION = {"OpenStack-API-Version": "volume 3.44"}
REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What came of a boot of which one step went wrong.

    `status` is the server's, or `refused` if the user got no server; `message` is its fault's, or what the client
    said; both once what was stopped runs again. `noticed` is the process that met the failure: none, if a message is
    lost that nobody waits for. `left` is what instances hold then, by kind; of a server that runs, that is its own.
    """

    step: Step
    how: str
    reached: int
    status: str
    message: str
    noticed: str
    left: dict[str, list[str]]
    trace: Trace


def what_if(flow: str, n: int, how: str) -> Outcome:
    """Boot in a fresh cloud of that flow, and have step `n` go wrong. Raises ValueError."""
    return Bench(flow).ask(n, how)


class Bench:
    """A cloud in which one boot after another goes wrong."""

    def __init__(self, flow: str) -> None:
        self.fault, self.lens = Fault(), Lens.load(flow)
        self.lab = Lab.prepare(Cloud(Config(flow=flow, password_hash_cost=16), seed=SEED, probes=[self.fault]))

    def ask(self, n: int, how: str) -> Outcome:
        """Have step `n` go wrong. Raises ValueError."""
        cloud = self.lab.cloud
        cloud.trace.clear()
        self.fault.arm(cloud, self.lens, n, how)
        user = cloud.connect("demo")
        server_id = message = ""
        try:
            server_id = self.lab.boot(user)
        except ClientException as error:
            message = words(error)
        trace, reached, hit = Trace(list(cloud.trace)), self.fault.reached, self.fault.hit
        self.fault.disarm()
        assert hit is not None, f"step {n} did not come"
        self.repair()
        status = REFUSED
        if server_id:
            server = cloud.connect("demo").compute.get(f"/servers/{server_id}").json()["server"]
            status, message = server["status"], server.get("fault", {}).get("message", "")
        outcome = Outcome(
            self.lens.steps[n - 1], how, reached, status, message, noticed(trace, hit.n, how), held(self.lab), trace
        )
        self.clean()
        return outcome

    def repair(self) -> None:
        """Start what was stopped; as it starts, each settles what it, or the one before it, left half done."""
        cloud = self.lab.cloud
        down = [process.name for process in control.processes(cloud) if not process.up]
        for name in down:
            control.start(cloud, name)
        if down:
            cloud.init_host()
        cloud.tick()

    def clean(self) -> None:
        """Delete the servers."""
        demo = self.lab.cloud.connect("demo")
        for server in demo.compute.get("/servers").json()["servers"]:
            demo.compute.delete(f"/servers/{server['id']}")


def words(error: ClientException) -> str:
    """What the service said: keystoneauth reads no `computeFault`, which the user's client shows."""
    said = str(error)
    if not isinstance(error, HttpError) or error.response is None or not said.startswith("Unrecognized schema"):
        return said
    body = next(iter(error.response.json().values()))
    return f"{body['message']} (HTTP {error.http_status})"


WORDS = {
    "lose": "is lost",
    "error": "is answered with an error",
    "slow": "takes too long",
    "stop": "finds its receiver stopped",
}
UNSENT = "does not come: its sender has stopped"
"""Of an answer whose sender is stopped: who waits for it notices."""
KINDS = {
    "ports": "port", "attachments": "attachment", "volume": "volume that is not available", "domains": "domain",
    "hosts": "host with an instance on it", "allocations": "allocation",
}  # fmt: skip
"""What an instance may hold, in the singular."""


def told(outcome: Outcome) -> str:
    """The outcome in a few lines."""
    step, said = outcome.step, outcome.message.partition("\n")[0]
    left = [f"{len(what)} {KINDS[kind]}{'s' * (len(what) > 1)}" for kind, what in outcome.left.items()]
    lines = [
        f"Step {step.n}, {step.source} to {step.target}: {step.label}",
        f"The message {UNSENT if outcome.how == 'stop' and step.pattern['phase'] in ANSWERS else WORDS[outcome.how]}.",
        f"Steps that came, in order:  {'1 to ' * (outcome.reached > 1)}{outcome.reached}",
        f"Who noticed:                {outcome.noticed or 'nobody'}",
        f"What the user sees:         {outcome.status}{said and f': {said}'}",
        f"What instances hold then:   {', '.join(left) or 'nothing'}",
    ]
    return "\n".join(lines)


def noticed(trace: Trace, n: int, how: str) -> str:
    """Who met the failure of event `n`: who sent it, or who waits for what it brings; nobody waits for a cast."""
    event = trace[n - 1]
    if event.phase == "cast" and how in ("lose", "slow"):
        return ""
    if event.phase == "deliver":
        sent = next(iter(trace.ancestors(event)), None)
        return sent.source if sent is not None and sent.phase == "call" else ""
    if event.kind == "rpc" and event.phase == "reply":
        asked = next((one for one in trace.ancestors(event) if one.phase == "call"), event)
        return asked.source
    return event.target if event.phase in ("reply", "receive") else event.source


def held(lab: Lab) -> dict[str, list[str]]:
    """What instances hold, by kind; empty when nothing is left."""
    admin, demo = lab.cloud.connect("admin"), lab.cloud.connect("demo")
    ports = admin.network.get("/ports").json()["ports"]
    volume = demo.volume.get(f"/{demo.project_id}/volumes/{lab.volume_id}").json()["volume"]
    attachments = demo.volume.get(f"/{demo.project_id}/attachments", headers=MICROVERSION).json()["attachments"]
    hosts = admin.compute.get("/os-hypervisors/detail").json()["hypervisors"]
    found = {
        "ports": [p["id"] for p in ports if p["device_id"] and not p["device_owner"].startswith("network:")],
        "attachments": [attachment["id"] for attachment in attachments],
        "volume": [volume["status"]] if volume["status"] != "available" else [],
        "domains": [uuid for hypervisor in lab.cloud.hypervisors.values() for uuid in hypervisor.listAllDomains()],
        "hosts": [h["hypervisor_hostname"] for h in hosts if h["vcpus_used"] or h["running_vms"]],
        "allocations": [consumer for provider in providers(admin) for consumer in consumers(admin, provider)],
    }
    return {kind: what for kind, what in found.items() if what}


def providers(admin: Connection) -> list[str]:
    """The ids of the hosts' providers in Placement."""
    found = admin.placement.get("/resource_providers").json()["resource_providers"]
    return [provider["uuid"] for provider in found]


def consumers(admin: Connection, provider: str) -> list[str]:
    """Who has claims on a host."""
    return list(admin.placement.get(f"/resource_providers/{provider}/allocations").json()["allocations"])
