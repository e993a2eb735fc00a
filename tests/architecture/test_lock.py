"""What the README promises of Python holds: each pin of requirements.lock takes the oldest one."""

import importlib.metadata
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from architecture.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROMISE = re.compile(r"Python (3\.\d+)(?: or newer|\.0)")
PINS = {
    pin.name: pin for line in LOCK.splitlines() if re.match(r"\w", line) for pin in [Requirement(line.rstrip("\\ "))]
}
HERE = [pin for pin in PINS.values() if pin.marker is None or pin.marker.evaluate()]


def oldest() -> str:
    """The first release of the Python that the README names."""
    return f"{PROMISE.findall((ROOT / 'README.md').read_text('utf-8'))[0]}.0"


@pytest.mark.parametrize("file", ["README.md", "docs/index.rst", "Makefile", "requirements.lock"])
def test_every_place_promises_the_same_python(file):
    assert {f"{told}.0" for told in PROMISE.findall((ROOT / file).read_text("utf-8"))} == {oldest()}


def test_the_package_promises_it_too():
    assert PROJECT["project"]["requires-python"] == f">={oldest().removesuffix('.0')}"
    assert f"OLDEST := {oldest()}\n" in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("pin", HERE, ids=lambda pin: pin.name)
def test_a_pin_takes_the_oldest_python(pin):
    """Read from what is installed: no registry is asked."""
    installed = importlib.metadata.metadata(pin.name)
    assert pin.specifier.contains(installed["Version"], prereleases=True), "another version is installed: run `make`"
    assert SpecifierSet(installed["Requires-Python"] or "").contains(oldest())


def test_a_pin_is_one_version_with_hashes_and_names_no_host():
    blocks = re.split(r"^(?=\w)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PINS), "a package is pinned twice"
    for block in blocks:
        assert re.match(r"[\w.-]+==\S+ ", block), block
        assert "--hash=sha256:" in block, block
    assert "://" not in LOCK
    assert not [pin for pin in PINS.values() if pin.marker and "python_" in str(pin.marker).replace("python_impl", "")]


def test_what_is_needed_is_pinned():
    extras = PROJECT["project"]["optional-dependencies"] | {"tab": []}  # it has a lock of its own: docs/_tab
    wanted = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["build-system"]["requires"],
        *(n for e in extras.values() for n in e),
    ]
    names = {Requirement(word).name.lower().replace(".", "-") for word in wanted}
    assert names <= {name.lower().replace(".", "-") for name in PINS}
