"""The scheduler: never more than a host has, and always a host if one fits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oslearn.core.config import Config
from oslearn.core.nova.db.cells import CELL1, Databases
from oslearn.core.nova.db.models import ApiBase, Base
from oslearn.core.nova.exception import NoValidHost
from oslearn.core.nova.scheduler.classic import ClassicHostManager, ClassicSchedulerManager
from oslearn.core.nova.scheduler.filters import ENABLED, RESOURCES
from oslearn.core.oslo.clock import Ids, SteppedClock
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.oslo.database import open_database

CONFIG = Config(cpu_allocation_ratio=2.0, reserved_host_memory_mb=0)
HOST = st.tuples(st.integers(1, 8), st.integers(256, 4096), st.integers(1, 50))
AARCH64 = "ImagePropertiesFilter: cannot run an image for aarch64"
ASKED = st.tuples(st.integers(1, 8), st.integers(64, 2048), st.integers(0, 20))


class Scheduler:
    """A scheduler over hosts of (vCPUs, MiB, GiB), with a fake bus that keeps the casts."""

    def __init__(self, hosts: list[tuple[int, int, int]], down: set[str] = frozenset()) -> None:
        handle = open_database("nova", Config()).create(ApiBase).create(Base).handle("test")
        self.db = ExtendedDB(Databases(handle, handle, {CELL1: handle}, Ids(1), SteppedClock(), CONFIG))
        self.db.services.create(("nova-compute", f"compute{n}", "compute") for n in range(1, len(hosts) + 1))
        self.db.hosts.create([node(n, *capacity) for n, capacity in enumerate(hosts, 1)])
        self.casts: list[tuple[str, str]] = []
        self.manager = ClassicSchedulerManager(
            self.db, ClassicHostManager(self.db, lambda host: host not in down, CONFIG, RESOURCES | ENABLED), self
        )
        self.answer: Any = None

    def reply(self, value: Any) -> None:
        self.answer = value

    def run_instance(self, context: Any, host: str, uuid: str, networks: list[Any]) -> None:
        self.casts.append((host, uuid))

    def boot(self, vcpus: int, memory_mb: int, root_gb: int, **spec: Any) -> str:
        """The chosen host. Raises NoValidHost."""
        size = {"vcpus": vcpus, "memory_mb": memory_mb, "root_gb": root_gb}
        instance = self.db.instances.create(
            size
            | {
                "project_id": "p",
                "user_id": "u",
                "display_name": "vm",
                "image_ref": "i",
                "flavor": {},
                "vm_state": "building",
            }
        )
        self.manager.run_instance(self, instance["uuid"], size | spec, [])
        assert self.casts[-1] == (self.answer["host"], instance["uuid"])
        return self.answer["host"]

    def fits(self, vcpus: int, memory_mb: int, root_gb: int) -> list[str]:
        """The hosts with room, reckoned without the scheduler."""
        return [
            n.host
            for n in self.db.hosts.get_all()
            if n.memory_mb - n.memory_mb_used >= memory_mb
            and n.local_gb - n.local_gb_used >= root_gb
            and n.vcpus * 2 - n.vcpus_used >= vcpus
            and n.vcpus >= vcpus
        ]


def node(number: int, vcpus: int, memory_mb: int, local_gb: int, **more: Any) -> dict[str, Any]:
    return {
        "host": f"compute{number}", "vcpus": vcpus, "memory_mb": memory_mb, "local_gb": local_gb,
        "free_ram_mb": memory_mb, "hypervisor_type": "QEMU", "supported_instances": [["x86_64", "qemu", "hvm"]],
        "availability_zone": "nova",
    } | more  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(HOST, min_size=1, max_size=40), st.lists(ASKED, max_size=25))
def test_no_host_gets_more_than_it_has_and_none_that_fits_is_missed(
    hosts: list[tuple[int, int, int]], asked: list[tuple[int, int, int]]
) -> None:
    scheduler = Scheduler(hosts)
    for size in asked:
        room = scheduler.fits(*size)
        if room:
            assert scheduler.boot(*size) in room
            continue
        with pytest.raises(NoValidHost) as caught:
            scheduler.boot(*size)
        assert len(caught.value.values["dropped"]) == len(hosts)
    for host in scheduler.db.hosts.get_all():
        assert host.memory_mb_used <= host.memory_mb
        assert host.local_gb_used <= host.local_gb
        assert host.vcpus_used <= host.vcpus * CONFIG.cpu_allocation_ratio


def test_most_free_memory_first_then_fewest_instances() -> None:
    scheduler = Scheduler([(8, 2048, 100), (8, 4096, 100), (8, 4096, 100)])
    assert [scheduler.boot(1, 1024, 1) for _ in range(4)] == ["compute2", "compute3", "compute2", "compute3"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"memory_mb": 9000}, "RamFilter: 9000 MiB asked, 4096 MiB free"),
        ({"root_gb": 200}, "DiskFilter: 200 GiB of disk asked, 100 GiB free"),
        ({"vcpus": 9}, "CoreFilter: 9 vCPUs asked, the host has 8"),
        ({"availability_zone": "az2"}, "AvailabilityZoneFilter: is in zone nova, not az2"),
        ({"image_properties": {"hw_architecture": "aarch64"}}, AARCH64),
    ],
)
def test_each_filter_says_why(spec: dict[str, Any], why: str) -> None:
    scheduler = Scheduler([(8, 4096, 100)])
    wanted = {"vcpus": 1, "memory_mb": 64, "root_gb": 1} | spec
    with pytest.raises(NoValidHost) as caught:
        scheduler.boot(**wanted)
    assert caught.value.values["dropped"] == {"compute1": why}
    assert str(caught.value) == "No valid host was found. "


def test_a_host_that_is_down_is_dropped() -> None:
    scheduler = Scheduler([(8, 4096, 100)], down={"compute1"})
    dropped: dict[str, str] = {}
    assert list(scheduler.manager.hosts.select({"memory_mb": 64, "vcpus": 1, "root_gb": 1}, dropped)) == []
    assert dropped == {"compute1": "ComputeFilter: nova-compute is down"}
