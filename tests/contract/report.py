"""Print where this cloud differs from the recorded one: `python -m tests.contract.report [DAY] [--service compute]`.

`--all` shows accepted differences too, `--inside` what differs between the services.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from . import inside
from .compare import Difference
from .replay import Command, Replay, left, recorded

LOGIN = "/identity"
SERVICES = {"compute", "identity", "image", "networking", "volume", "object-store", "placement"}


def service(command: Command, found: Difference) -> str:
    """Whose API differs; of what is printed, the API that the command asked most."""
    routes = [found.exchange] if found.exchange else [exchange.route() for exchange in command.exchanges]
    asked = Counter(re.split("[/?]", route)[1] for route in routes if LOGIN not in route or found.exchange)
    return asked.most_common(1)[0][0] if asked else "identity"


def main() -> int:
    """Run all, print what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.report", description=__doc__)
    parser.add_argument("day", nargs="?", type=int, help="this day only")
    parser.add_argument("--service", choices=sorted(SERVICES), help="this API only")
    parser.add_argument("--all", action="store_true", help="accepted differences too")
    parser.add_argument("--inside", action="store_true", help="what differs inside, instead")
    asked = parser.parse_args()
    happened: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        replay = Replay(Path(folder), lambda command, trace: happened.update({command.name: inside.seen(trace)}))
        results = [(command, replay.result(n)) for n, command in enumerate(recorded())]
    failing = [command.name for command, found in results if left(command, found)]
    differing = {name: [*inside.compare(name, happened[name])] for name in inside.recorded()}
    if asked.inside:
        print("\n".join("\n    ".join([f"\n{name}", *found]) for name, found in differing.items()))
        return int(any(differing.values()))
    counts: Counter[str] = Counter()
    by_service: dict[str, list[tuple[Command, Difference]]] = defaultdict(list)
    for command, found in results:
        for difference in found if asked.all else left(command, found):
            by_service[service(command, difference)].append((command, difference))
            counts[service(command, difference)] += 1
    for name in sorted(by_service):
        if not asked.service or asked.service == name:
            show(name, [item for item in by_service[name] if not asked.day or item[0].day == asked.day])
    print("\nDifferences by API:", ", ".join(f"{name} {n}" for name, n in sorted(counts.items())) or "none")
    print(f"{len(results) - len(failing)} of {len(results)} commands pass.")
    return bool(failing)


def show(name: str, items: list[tuple[Command, Difference]]) -> None:
    """Print an API's differences, a command's together; what a command showed before is not shown again."""
    print(f"\n=== {name}")
    seen: set[Difference] = set()
    last = None
    again: Counter[str] = Counter()
    for command, difference in items:
        if difference in seen:
            again[command.name] += 1
            continue
        seen.add(difference)
        if command is not last:
            print(f"\n{command.name}")
            last = command
        print(f"    {difference}")
    if again:
        print(f"\n{sum(again.values())} more of the same kinds in {len(again)} commands")


if __name__ == "__main__":
    sys.exit(main())
