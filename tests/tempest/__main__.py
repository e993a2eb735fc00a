"""Run Tempest, OpenStack's own integration tests, against `oslearn serve`: `make tempest [ONLY=tempest.api.volume]`.

course.txt lists the tests, known.toml those that fail for a reason. Exits with 1 if another test fails, if a known one
passes, or if fewer than the wanted share of the whole list pass. A few that fail are tried once more, and named.
"""

from __future__ import annotations

import argparse
import json
import re
import string
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openstack
from keystoneauth1.exceptions import EndpointNotFound
from tests.serving import served

HERE = Path(__file__).resolve().parent
TEMPEST = HERE.parents[1] / ".tempest" / "bin" / "python"
WANTED = 0.97
WORKERS = 2
AGAIN = 10
"""So many tests that fail are tried a second time: a machine may have been slow."""
FIXTURE = re.compile(r"(?:setUpClass|tearDownClass) \((.+)\)$")
RAW: dict[str, Any] = {"disk_format": "raw", "container_format": "bare", "visibility": "public"}


def prepare(admin: Mapping[str, Any], folder: Path) -> None:
    """Make what Tempest takes for granted, and write tempest.conf."""
    conn = openstack.connect(load_yaml_config=False, load_envvars=False, **admin)
    if not conn.identity.find_role("ResellerAdmin"):
        conn.identity.create_role(name="ResellerAdmin")
    images = [conn.image.create_image(name=name, data=name.encode() * 4096, **RAW) for name in ("one", "two")]
    flavors = {flavor.name: flavor.id for flavor in conn.compute.flavors()}
    public = next(conn.network.networks(is_router_external=True))
    pools = attempt(lambda: [*conn.block_storage.backend_pools()]) or []
    known = {
        "folder": folder,
        "password": admin["auth"]["password"],
        "auth_url": admin["auth"]["auth_url"],
        "region": admin["region_name"],
        "image_ref": images[0].id,
        "image_ref_alt": images[1].id,
        "flavor_ref": flavors["m1.nano"],
        "flavor_ref_alt": flavors["m1.tiny"],
        "hosts": len([*conn.compute.hypervisors()]),
        "public_network_id": public.id,
        "public_network_name": public.name,
        "network_extensions": ",".join(sorted(e.alias for e in conn.network.extensions())),
        "volume_type": "block-storage",
        "vendor_name": pools[0].capabilities.get("vendor_name") if pools else "",
        "storage_protocol": pools[0].capabilities.get("storage_protocol") if pools else "",
        "swift_features": ",".join(sorted(attempt(lambda: conn.object_store.get_info().to_dict()) or {})),
        **{f"{name}_max": newest(conn, kind) for name, kind in NEWEST.items()},
    }
    template = string.Template((HERE / "tempest.conf").read_text("utf-8"))
    text = re.sub(r"(?m)^.*= *$\n", "", template.substitute(known))
    (folder / "tempest.conf").write_text(text, "utf-8")


def attempt(work: Callable[[], Any]) -> Any:
    """What `work` returns; nothing from a service that is not there, so that the others are tested."""
    try:
        return work()
    except (openstack.exceptions.SDKException, EndpointNotFound) as error:
        print(f"not prepared: {error}")
        return None


NEWEST = {"compute": "compute", "volume": "block-storage", "placement": "placement"}


def newest(conn: Any, kind: str) -> str:
    """The newest microversion of an API."""
    found = conn.session.get_endpoint_data(service_type=kind, region_name=conn.config.region_name, interface="public")
    return ".".join(map(str, found.max_microversion)) if found and found.max_microversion else ""


def short(test: str) -> str:
    """A test's name without its marks."""
    return test.partition("[")[0]


def run(tests: list[str], folder: Path) -> dict[str, tuple[str, str]]:
    """Run the tests; returns each one's status and why."""
    where = subprocess.run(
        [TEMPEST, "-c", "import os, tempest; print(os.path.dirname(tempest.__file__))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    conf = f"[DEFAULT]\ntest_path={where}/test_discover\ntop_dir={where}\ngroup_regex=([^\\.]*\\.)*\n"
    (folder / ".stestr.conf").write_text(conf, "utf-8")
    (folder / "list").write_text("".join(f"^{re.escape(test)}(\\[|$)\n" for test in tests), "utf-8")
    words = ["run", "--subunit", "--include-list", "list", "--concurrency", str(WORKERS)]
    environ = {"TEMPEST_CONFIG_DIR": str(folder), "TEMPEST_CONFIG": "tempest.conf", "PYTHON": str(TEMPEST)}
    stestr: list[str | Path] = [TEMPEST, "-m", "stestr", *words]
    told: dict[str, tuple[str, str]] = {}
    with (
        (folder / "stestr.log").open("wb") as log,
        subprocess.Popen(stestr, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log) as runner,
        subprocess.Popen([TEMPEST, HERE / "results.py"], stdin=runner.stdout, stdout=subprocess.PIPE) as reader,
    ):
        assert reader.stdout is not None
        for line in reader.stdout:
            test, status, why = json.loads(line)
            told[short(test)] = (status, why)
    return told


def verdicts(tests: list[str], told: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """What became of each test; if its class could not be set up, what became of the class."""
    classes = {match[1]: told[name] for name in told if (match := FIXTURE.match(name)) and name.startswith("setUp")}
    names = {"success": "passed", "skip": "skipped"}
    found = {}
    for test in tests:
        status, why = told.get(test) or classes.get(test.rpartition(".")[0], ("lost", "it was not reported"))
        found[test] = (names.get(status, "failed"), why)
    return found


def show(found: dict[str, tuple[str, str]], known: dict[str, str]) -> Counter[str]:
    """Print failures, skips and a table by service; returns how many passed, failed and were skipped."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    alike: dict[str, list[str]] = defaultdict(list)
    for test, (verdict, why) in found.items():
        words = test.split(".")
        table[words[2] if words[1] == "api" else words[1]][verdict] += 1
        if verdict != "passed":
            alike[f"{verdict}: {last_line(why)}"].append(f"    {test}{' (known)' if test in known else ''}")
    for why, tests in alike.items():
        print("\n".join([why, *tests]))
    print(f"\n{'service':<16}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for service, row in sorted(table.items()):
        print(f"{service:<16}{row['passed']:>8}{row['failed']:>8}{row['skipped']:>8}")
    return sum(table.values(), Counter())


def last_line(why: str) -> str:
    """What a traceback ends with, in one line."""
    lines = [line for line in why.splitlines() if line and not line.startswith((" ", "Traceback"))]
    return " ".join(lines)[:400]


def main() -> int:
    """Run the list, or the part of it that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="tests whose name holds this text")
    parser.add_argument("--list", type=Path, default=HERE / "course.txt", help="a file with a test's name a line")
    parser.add_argument("--keep", type=Path, help="a new folder for Tempest's log and configuration")
    asked = parser.parse_args()
    tests = [short(line) for line in asked.list.read_text("utf-8").split() if asked.only in line]
    known = {
        entry["test"]: entry["reason"] for entry in tomllib.loads((HERE / "known.toml").read_text("utf-8"))["known"]
    }
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep.resolve() if asked.keep else Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with served(folder) as clouds:
            admin = clouds["oslearn-admin"]
            prepare(admin, folder)
            found = verdicts(tests, run(tests, folder))
            again = [test for test, (verdict, _) in found.items() if verdict == "failed" and test not in known]
            if 0 < len(again) <= AGAIN:
                print("tried once more:", *again, sep="\n    ")
                found |= verdicts(again, run(again, folder))
        if not any(verdict == "passed" for verdict, _ in found.values()):
            print((folder / "stestr.log").read_text("utf-8"))
    count = show(found, known)
    unknown = [test for test, (verdict, _) in found.items() if verdict == "failed" and test not in known]
    mended = [test for test, (verdict, _) in found.items() if verdict == "passed" and test in known]
    for test in mended:
        print(f"passes now, take it off known.toml: {test}")
    took = round(time.monotonic() - started)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped of {len(tests)} in {took} s")
    return int(bool(unknown or mended) or count["passed"] < WANTED * len(tests))


if __name__ == "__main__":
    sys.exit(main())
