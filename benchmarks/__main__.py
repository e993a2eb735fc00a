"""`python -m benchmarks`: cold start, boots a second, the cost of tracing, hosts, over HTTP, latency, memory, the site.

Each figure is the median of several runs. Quote ratios: machines differ, and shared ones are noisy.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import latency, listing, over_http
from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import Lab

ROOT = Path(__file__).parents[1]
HOSTS = (10, 100, 1_000, 10_000)
BOOTS = 100
UNLIMITED = {"quota_instances": 10**6, "quota_cores": 10**6, "quota_ram": 10**9, "quota_volumes": 10**6,
             "quota_gigabytes": 10**6, "quota_ports": 10**6}  # fmt: skip
COLD = """
import time; start = time.perf_counter()
from oslearn.cloud import Cloud
imported = time.perf_counter()
cloud = Cloud(trace=False)
made = time.perf_counter()
from oslearn.course.reference import Lab
Lab.prepare(cloud).boot()
print(imported - start, made - imported, time.perf_counter() - made)
"""


def timed(action: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def command(*words: str) -> float:
    """Seconds that a command takes."""
    return timed(lambda: subprocess.run(words, cwd=ROOT, check=True, capture_output=True))


def cold_start(runs: int = 5) -> None:
    """From nothing to the first boot, in a new interpreter each time."""
    parts, whole = [], []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", COLD], check=True, capture_output=True, text=True)
        whole.append(time.perf_counter() - start)
        parts.append([float(word) for word in done.stdout.split()])
    imported, made, booted = (statistics.median(column) for column in zip(*parts, strict=True))
    print(f"cold start      {statistics.median(whole):7.2f} s  process start to end, of it")
    print(f"  import        {imported:7.2f} s")
    print(f"  Cloud()       {made:7.2f} s")
    print(f"  first boot    {booted:7.2f} s  with its image, network and volume")


def boot_seconds(hosts: int = 3, trace: bool = False, runs: int = 5) -> float:
    """The median over batches of the seconds that one boot takes, network but no volume."""
    config = Config(hosts=hosts, host_vcpus=10**6, host_memory_mb=10**9, host_disk_gb=10**7, **UNLIMITED)  # type: ignore[arg-type]
    lab = Lab.prepare(Cloud(config, seed=1, trace=trace))
    user = lab.cloud.connect("demo")
    batch = BOOTS // runs
    lab.boot(user, block_device_mapping_v2=None)

    def several() -> None:
        for _ in range(batch):
            lab.boot(user, block_device_mapping_v2=None)
        lab.cloud.trace.clear()

    return statistics.median(timed(several) / batch for _ in range(runs))


def boots() -> None:
    """Boots a second: tracing off and on, few hosts and many."""
    off, on = boot_seconds(), boot_seconds(trace=True)
    print(f"boots a second  {1 / off:7.1f}    tracing off, 3 hosts")
    print(f"                {1 / on:7.1f}    tracing on: {on / off:.2f} times the cost")
    first = 0.0
    for hosts in HOSTS:
        cost = boot_seconds(hosts)
        first = first or cost
        ratio = f"a boot costs {cost / first:.2f} times that with {HOSTS[0]} hosts"
        print(f"  {hosts:>6} hosts  {1 / cost:7.1f}    {ratio}")


def site() -> None:
    """The site, from nothing and again."""
    build = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "-c", ".", "docs", "build/bench-html"]
    shutil.rmtree(ROOT / "build" / "bench-html", ignore_errors=True)
    print(f"make html cold  {command(*build):7.2f} s")
    print(f"  nothing new   {command(*build):7.2f} s")
    page = ROOT / "docs" / "day4" / "token.rst"
    page.touch()
    print(f"  one page      {command(*build):7.2f} s")
    shutil.rmtree(ROOT / "build" / "bench-html", ignore_errors=True)


def main() -> None:
    """Everything."""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    cold_start()
    boots()
    over_http.measure()
    listing.measure()
    latency.measure()
    site()


if __name__ == "__main__":
    main()
