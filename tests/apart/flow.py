"""A boot apart, seen through the lens of today's flow: the same steps, each once.

Interface: `steps(cloud)`, the numbers of the steps in the order in which they happened. Raises LensMismatch.
"""

from __future__ import annotations

import time

from tests.apart.cloud import Apart

from oslearn.course.reference import IMAGE, Lab
from oslearn.trace.lens import Lens, LensMismatch
from oslearn.trace.profiler import Event, Trace

PATIENCE = 30
"""Seconds for a server to be ACTIVE."""
QUIET = 1.0
"""Seconds after which all that a boot has caused has been collected."""


def steps(cloud: Apart) -> list[int]:
    """Boot a server as the reference does, and match what happened."""
    lens = Lens.load("current")
    found = [event for event in boot(cloud) if event.source != "oslearn"]
    left = {step.n: step for step in lens.steps}
    order = []
    trace = Trace(found)
    for event in found:
        if any(rule.covers(event, trace) for rule in lens.rules):
            continue
        step = next((one for one in left.values() if event.matches(**one.pattern)), None)
        if step is None:
            raise LensMismatch(f"no step and no rule for {event}")
        order.append(step.n)
        del left[step.n]
    if left:
        raise LensMismatch(f"did not happen: {[f'{n}: {one.label}' for n, one in left.items()]}")
    return order


def boot(cloud: Apart) -> list[Event]:
    """The events of a boot with a network and a volume, by a user who logs in for it."""
    demo = cloud.demo
    about = {"name": "cirros", "disk_format": "qcow2", "container_format": "bare"}
    image = demo.image.post("/images", json=about).json()["id"]
    demo.image.put(f"/images/{image}/file", data=IMAGE, headers={"Content-Type": "application/octet-stream"})
    network = demo.network.post("/networks", json={"network": {"name": "selfservice"}}).json()["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "192.168.1.0/24", "name": "selfservice"}
    demo.network.post("/subnets", json={"subnet": subnet})
    body = {"volume": {"size": 1, "name": "data"}}
    volume = demo.volume.post(f"/{demo.project_id}/volumes", json=body).json()["volume"]["id"]
    until = time.monotonic() + PATIENCE
    path = f"/{demo.project_id}/volumes/{volume}"
    while (status := demo.volume.get(path).json()["volume"]["status"]) != "available":
        if status == "error" or time.monotonic() > until:
            raise LensMismatch(f"the volume is {status}")
        time.sleep(0.1)
    time.sleep(QUIET)
    cloud.owner.forget()
    demo.session.invalidate()
    request = Lab(None, image, network, volume).request()  # type: ignore[arg-type]  # a body needs no cloud
    server = demo.compute.post("/servers", json=request).json()["server"]["id"]
    time.sleep(QUIET)
    until = time.monotonic() + PATIENCE
    events = list(cloud.owner.since(0))
    while not any(event.operation == "object_action" and "'active'" in str(event.payload) for event in events):
        if time.monotonic() > until:
            raise LensMismatch(f"server {server} does not get ACTIVE")
        time.sleep(QUIET)
        events = list(cloud.owner.since(0))
    time.sleep(QUIET)
    return list(cloud.owner.since(0))
