"""What each exercise's check looks at. `CHECKS` has one function for each exercise, by the lesson's id."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oslearn.labs.look import Finding, Look, finding

Check = Callable[[Look], Iterator[Finding]]
CHECKS: dict[str, Check] = {}


def check(lesson: str) -> Callable[[Check], Check]:
    """Register the check of a lesson's exercise."""

    def register(function: Check) -> Check:
        CHECKS[lesson] = function
        return function

    return register


@check("day1.2")
def a_second_network(look: Look) -> Iterator[Finding]:
    """A network `blue` whose subnet leads to its own gateway."""
    network = look.one("network show blue")
    yield finding(network, "there is a network named blue")
    subnets = [s for s in look.all("subnet list --long") if network and s["Network"] == network["id"]]
    yield finding(subnets, "it has a subnet")
    yield finding(any(s["Subnet"] == "10.20.0.0/24" for s in subnets), "the subnet's range is 10.20.0.0/24")
