"""A user of Ansible's collection openstack.cloud: a playbook twice, the second time without a change, and its end."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from steps import BIN, KEY, same, step, tell

HERE = Path(__file__).parent
VALUES = {"key": f"ssh-ed25519 {KEY} ansible", "folder": os.getcwd()}
SETTINGS = {
    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    "ANSIBLE_LOCALHOST_WARNING": "false",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    "ANSIBLE_HOME": os.getcwd(),
    "LC_ALL": "C.UTF-8",
}
Path("image.raw").write_bytes(b"image" * 1000)


def play(name: str) -> Any:
    """The report of a playbook."""
    words = [BIN / "ansible-playbook", HERE / name, "-e", json.dumps(VALUES)]
    path = f"{BIN}:{os.environ['PATH']}"
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **SETTINGS, "PATH": path})
    assert done.stdout.startswith("{"), f"{done.stdout} {done.stderr}"[-600:]
    return json.loads(done.stdout)


def tasks(report: Any, *, again: bool = False) -> None:
    """A step for each task; one that changes something the second time has failed."""
    for task in report["plays"][0]["tasks"]:
        result = task["hosts"]["localhost"]
        why = str(result.get("msg") or "failed") if result.get("failed") else ""
        if again and result.get("changed"):
            why = "it changes something the second time"
        tell(f"{task['task']['name']}{', again' if again else ''}", why)


with step("the playbook is run"):
    tasks(play("playbook.yaml"))
with step("the second time nothing changes"):
    report = play("playbook.yaml")
    tasks(report, again=True)
    same(report["stats"]["localhost"]["changed"], 0)
with step("the end is run"):
    tasks(play("playbook_end.yaml"))
