"""What the cloud costs in the process that asks it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from oslearn.cloud import Cloud, Connection
from oslearn.core.config import Config
from oslearn.course.reference import Lab

UNLIMITED = {"quota_instances": 10**6, "quota_cores": 10**6, "quota_ram": 10**9, "quota_volumes": 10**6,
             "quota_gigabytes": 10**6, "quota_ports": 10**6}  # fmt: skip
BATCH, BATCHES = 20, 7
IMPORT = "import time; start = time.perf_counter(); import oslearn.cloud; print(time.perf_counter() - start)"


def starts() -> dict[str, float]:
    """Seconds of an import in a new interpreter, and of a command that imports little."""
    imported = [float(command("-c", IMPORT)) for _ in range(5)]
    helped = [seconds("-m", "oslearn", "--help") for _ in range(5)]
    return {"import": statistics.median(imported), "help": statistics.median(helped)}


def command(*words: str) -> str:
    """What a Python prints."""
    return subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True).stdout


def seconds(*words: str) -> float:
    """How long a Python takes."""
    start = time.perf_counter()
    command(*words)
    return time.perf_counter() - start


def boots() -> dict[str, float]:
    """Boots a second without a trace and with one, in turn, so that a slow moment of the machine meets both."""
    off, on = Booting(trace=False), Booting(trace=True)
    pairs = [(off.batch(), on.batch()) for _ in range(BATCHES)]
    cost = [traced / untraced for untraced, traced in pairs]
    untraced, traced = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"untraced": 1 / untraced, "traced": 1 / traced, "tracing": statistics.median(cost)}


def hosts() -> dict[str, float]:
    """What more hosts cost a boot, and how long 1,000 take to start."""
    few, start = Booting(10), time.perf_counter()
    many = Booting(1_000)
    begun = time.perf_counter() - start
    found = {"start1000": begun, "hosts1000": few.against(many)}
    del many
    return found | {"hosts10000": few.against(Booting(10_000))}


def age() -> dict[str, float]:
    """What a boot costs in a cloud with 1,000 servers, against one in a cloud with ten."""
    cloud = Booting()
    young = statistics.median(cloud.batch() for _ in range(3))
    for _ in range(1_000 // BATCH - 6):
        cloud.batch()
    return {"age": statistics.median(cloud.batch() for _ in range(3)) / young}


def memory() -> dict[str, float]:
    """Megabytes of a process that has booted 200 servers and kept their trace."""
    cloud = Booting(trace=True)
    for _ in range(200):
        cloud.boot()
    return {"memory": resident("self")}


def resident(process: int | str) -> float:
    """Megabytes of memory that a process holds. Linux only."""
    status = Path(f"/proc/{process}/status")
    found = [row for row in status.read_text().splitlines() if row.startswith("VmRSS")] if status.exists() else []
    return int(found[0].split()[1]) / 1000 if found else float("nan")


class Booting:
    """A cloud in which a user boots servers with a network and no volume."""

    def __init__(self, hosts: int = 3, trace: bool = False) -> None:
        config = Config(hosts=hosts, host_vcpus=10**6, host_memory_mb=10**9, host_disk_gb=10**7, **UNLIMITED)  # type: ignore[arg-type]
        self.lab = Lab.prepare(Cloud(config, seed=1, trace=trace))
        self.user: Connection = self.lab.cloud.connect("demo")
        self.boot()

    def boot(self) -> None:
        """Boot one."""
        self.lab.boot(self.user, block_device_mapping_v2=None)

    def batch(self) -> float:
        """The seconds that one boot takes, of a batch of them."""
        start = time.perf_counter()
        for _ in range(BATCH):
            self.boot()
        took = (time.perf_counter() - start) / BATCH
        self.lab.cloud.trace.clear()
        return took

    def against(self, other: Booting) -> float:
        """How many times as long the other's boots take, in turn with ours."""
        return statistics.median(other.batch() / self.batch() for _ in range(3))
