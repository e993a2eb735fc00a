"""`make bench`: measure, and set the figures beside the aims and a real cloud, or beside another state of the code.

    python -m benchmarks                      everything, and the table of docs/reference/speed.rst
    python -m benchmarks boots served         only these
    python -m benchmarks --against REV boots  both states in turn, and their ratios with the spread

Each measurement runs in a new process. Ratios of one run can be trusted, figures of two runs cannot: machines differ,
and shared ones are noisy.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import FIGURES

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "reference" / "speed.csv"
MEASURES = {
    "starts": "in_process", "boots": "in_process", "hosts": "in_process", "age": "in_process", "memory": "in_process",
    "served": "over_http", "crowd": "over_http", "listing": "over_http", "site": "site",
}  # fmt: skip
"""Where each stands."""
Found = dict[str, list[float]]


def main() -> None:
    """Everything that the command line asks for."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the cloud and the site.")
    asked.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    asked.add_argument("--against", metavar="REV", help="measure that state of the repository in turn with this one")
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    names = given.measures or [*MEASURES]
    if unknown := {*names} - MEASURES.keys():
        asked.error(f"no such measure: {', '.join(unknown)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {given.rounds} rounds", flush=True)
    if given.against:
        with checkout(given.against) as tree:
            for name in names:
                ours, theirs = rounds(name, given.rounds, ROOT, tree)
                show_pairs(ours, theirs, given.against)
        return
    found: Found = {}
    for name in names:
        (ours,) = rounds(name, given.rounds, ROOT)
        show(ours)
        found |= ours
    if names == [*MEASURES]:
        write(found)


def rounds(name: str, count: int, *trees: Path) -> list[Found]:
    """The figures of each tree, measured in turn."""
    found: list[Found] = [{} for _ in trees]
    for _ in range(count):
        for tree, figures in zip(trees, found, strict=True):
            for figure, value in measured(name, tree).items():
                figures.setdefault(figure, []).append(value)
    return found


def measured(name: str, tree: Path) -> Mapping[str, float]:
    """The figures of one measure, of the code in a tree, in a new process; none of a state that has no such thing."""
    words = f"import json; from benchmarks.{MEASURES[name]} import {name}; print(json.dumps({name}()))"
    places = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (tree / "src", ROOT)))}
    places.pop("PYTHONDONTWRITEBYTECODE", None)  # whoever uses the cloud imports what was compiled before
    command = [sys.executable, "-P", "-c", words]
    done = subprocess.run(command, cwd=tree, env=places, stdout=subprocess.PIPE, text=True, check=tree == ROOT)
    found: dict[str, float] = json.loads(done.stdout) if done.returncode == 0 else {}
    return found


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """The files of another state, for a while."""
    with tempfile.TemporaryDirectory() as name:
        archive = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", name], input=archive, check=True)
        yield Path(name)


def show(found: Found) -> None:
    """Each figure's median, how far its rounds lie apart, the aim and the real cloud."""
    for name, values in found.items():
        figure = FIGURES[name]
        beside = [f"aim {figure.aim:g}" if figure.aim else "", f"real cloud {figure.real:g}" if figure.real else ""]
        print(f"{figure.title:<44}{statistics.median(values):9.3g} {figure.unit:<6}"
              f"{min(values):9.3g} to {max(values):<9.3g} {', '.join(filter(None, beside))}", flush=True)  # fmt: skip


def show_pairs(ours: Found, theirs: Found, revision: str) -> None:
    """Each figure of both states, and the ratio of each round."""
    for name, values in ours.items():
        figure, before = FIGURES[name], theirs.get(name, [])
        if len(before) < len(values):
            print(f"{figure.title:<44}{statistics.median(values):9.3g} {figure.unit:<6} {revision} cannot be measured")
            continue
        ratios = [now / then for now, then in zip(values, before, strict=True)]
        print(f"{figure.title:<44}{statistics.median(before):9.3g} to {statistics.median(values):<9.3g}{figure.unit:<6}"
              f" x {statistics.median(ratios):5.2f}  ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)  # fmt: skip


def write(found: Found) -> None:
    """The table that the reference shows."""
    with TABLE.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["", "oslearn", "a real cloud", "times better"])
        for name, figure in FIGURES.items():
            if name in found:
                ours = statistics.median(found[name])
                better = (ours / figure.real if figure.more else figure.real / ours) if figure.real else None
                rows.writerow([figure.title.replace("`", "``"), worded(ours, figure.unit),
                               worded(figure.real, figure.unit), f"{better:.0f}" if better else ""])  # fmt: skip


def worded(value: float | None, unit: str) -> str:
    """A figure with its unit; three digits tell enough."""
    if value is None:
        return ""
    digits = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits}{unit}" if unit == "/s" else f"{digits} {unit}"


if __name__ == "__main__":
    main()
