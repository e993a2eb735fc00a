"""The embedded cloud needs no thread, no socket and no other process; the interpreter itself is the witness."""

from __future__ import annotations

import subprocess
import sys

WITNESS = """
import sys, threading
from oslearn.cloud import Cloud
from oslearn.course.reference import Lab
seen = []
watched = "socket.", "subprocess.", "os.fork"
sys.addaudithook(lambda name, args: seen.append(name) if name.startswith(watched) else None)
lab = Lab.prepare(Cloud(seed=7))
server = lab.boot()
assert lab.cloud.connect("demo").compute.get(f"/servers/{server}").json()["server"]["status"] == "ACTIVE"
print(threading.active_count(), seen)
"""


def test_a_boot_opens_no_socket_and_starts_no_thread() -> None:
    done = subprocess.run([sys.executable, "-c", WITNESS], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 []"
