"""The core stands apart: it is small, a boot runs much of it, and it needs nothing else to boot a server."""

from pathlib import Path

import pytest

from oslearn.course.reading import CORE, PACKAGE, WIRING, core_alone, run, started, written

CORE_LINES = 8_910
BOOT_LINES = 4000
SHARE = 0.38


def size(lines: dict[Path, frozenset[int]]) -> int:
    return sum(map(len, lines.values()))


def test_the_core_is_small() -> None:
    assert 4000 < sum(len(written(path)) for path in CORE) <= CORE_LINES


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_what_a_boot_runs_can_be_read_in_an_afternoon(flow: str) -> None:
    assert 1000 < size(run(flow)) <= BOOT_LINES


def test_a_boot_runs_much_of_the_core() -> None:
    """Tables, errors, imports and what gives everything back after a failure are the rest."""
    both = {path: run("classic").get(path, frozenset()) | run("current").get(path, frozenset()) for path in CORE}
    assert size(both) >= SHARE * sum(len(written(path)) for path in CORE)


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_the_wiring_that_counts_is_what_starts_the_core_alone(flow: str) -> None:
    assert {path for path in WIRING if path.name != "__init__.py"} <= started(flow).keys() <= set(CORE)


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_a_boot_runs_nothing_that_is_not_the_core(flow: str) -> None:
    """But for the course, which asks for it."""
    assert {path.relative_to(PACKAGE).parts[0] for path in run(flow)} <= {"core", "deploy", "cloud.py", "course"}


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_the_core_alone_boots_and_shows_a_server_and_can_do_little_else(flow: str) -> None:
    with core_alone(flow) as lab:
        demo = lab.cloud.connect("demo")
        server = lab.boot(demo)
        assert demo.compute.get(f"/servers/{server}").json()["server"]["status"] == "ACTIVE"
        assert [list(host.listAllDomains()) for host in lab.cloud.hypervisors.values()].count([server]) == 1
        assert demo.compute.get("/os-keypairs", raise_exc=False).status_code == 404
