"""Each of the steps 4 to 28 fails in turn; the outcome, the fault's text and what is left are checked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from keystoneauth1.exceptions import HttpError
from tests.flows.faults import MODES, Fault

from oslearn import Cloud
from oslearn.reference import Lab
from oslearn.trace.lens import Lens

STEPS = {step.n: step for step in Lens.load("classic").steps}
REFUSED, ERROR, ACTIVE = "refused", "ERROR", "ACTIVE"
GONE = r"Unable to connect|Timed out waiting|RuntimeError"
HTTP = r"ServiceUnavailable|InternalServerError|InternalError|ConnectFailure|ConnectTimeout|ConnectionError"
REMOTE = r"Remote error|currently unavailable|Timed out waiting"
OUTCOMES: dict[int, tuple[str, str]] = {
    4: (REFUSED, "503|500"),
    5: (REFUSED, "503"),
    6: (REFUSED, "500"),
    7: (REFUSED, "500"),
    8: (ERROR, GONE),
    9: (ERROR, REMOTE),
    10: (ERROR, "Remote error"),
    11: (ERROR, REMOTE),
    12: (ERROR, GONE),
    13: (ACTIVE, ""),
    14: (ERROR, GONE),
    15: (ERROR, REMOTE),
    16: (ERROR, "Remote error"),
    17: (ERROR, REMOTE),
    18: (ERROR, GONE),
    **dict.fromkeys(range(19, 28), (ERROR, HTTP)),
    28: (ERROR, "libvirtError|RuntimeError"),
}
EXCEPTIONS = {(17, "exception"): (ACTIVE, "")}
"""A conductor that breaks before it has answered: the call goes back to the queue and is served again."""
SKIP = {20: 1, 23: 1, 26: 1}
"""The first validation by this service belongs to nova-api's look before it accepts."""


def boot(step: int, mode: str) -> tuple[Lab, str, str]:
    """Boot with that fault: the lab, the outcome and the fault's or error's text."""
    fault = Fault(STEPS[step], mode, SKIP.get(step, 0))
    lab = Lab.prepare(Cloud(seed=step, trace=False, probes=[fault]))
    user = lab.cloud.connect("demo")
    assert user.project_id
    fault.armed = True
    try:
        server_id = lab.boot(user)
    except HttpError as error:
        assert fault.fired
        return lab, REFUSED, str(error.http_status)
    server = user.compute.get(f"/servers/{server_id}").json()["server"]
    assert fault.fired
    return lab, server["status"], server.get("fault", {}).get("message", "")


def left_behind(lab: Lab) -> dict[str, Any]:
    """What instances hold, by kind; empty when nothing is left."""
    admin, demo = lab.cloud.connect("admin"), lab.cloud.connect("demo")
    ports = admin.network.get("/ports").json()["ports"]
    volume = demo.volume.get(f"/{demo.project_id}/volumes/{lab.volume_id}").json()["volume"]
    attachments = demo.volume.get(f"/{demo.project_id}/attachments", headers=V344).json()["attachments"]
    hosts = admin.compute.get("/os-hypervisors/detail").json()["hypervisors"]
    held = {
        "ports": [p["id"] for p in ports if p["device_owner"].startswith("compute")],
        "attachments": attachments,
        "volume": volume["status"] if volume["status"] != "available" else "",
        "domains": [uuid for h in lab.cloud.hypervisors.values() for uuid in h.listAllDomains()],
        "hosts": [h["hypervisor_hostname"] for h in hosts if h["vcpus_used"] or h["local_gb_used"] or h["running_vms"]],
    }
    return {kind: what for kind, what in held.items() if what}


V344 = {"OpenStack-API-Version": "volume 3.44"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", range(4, 29))
def test_a_failing_step_leaves_nothing_and_all_can_be_used_again(step: int, mode: str) -> None:
    outcome, text = EXCEPTIONS.get((step, mode), OUTCOMES[step])
    lab, status, message = boot(step, mode)
    assert (status, bool(re.search(text, message))) == (outcome, True), message
    held = left_behind(lab)
    if status == ACTIVE:
        assert [len(held[kind]) for kind in ("ports", "attachments", "domains", "hosts")] == [1, 1, 1, 1]
    else:
        assert held == {}
    user = lab.cloud.connect("demo")
    for server in user.compute.get("/servers").json()["servers"]:
        assert user.compute.delete(f"/servers/{server['id']}").status_code == 204
    assert left_behind(lab) == {}
    assert user.compute.get(f"/servers/{lab.boot(user)}").json()["server"]["status"] == ACTIVE
