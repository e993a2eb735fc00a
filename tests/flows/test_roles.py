"""Who may do what: every operation of every API, tried by six callers. roles.txt has upstream's answer for each.

A line: the API, the method, the path, and a mark each for nobody (no token), a member of another project, a reader, a
member and a manager of the project, and the cloud's admin. `+` may, `-` may not (401 without a token, else 403), `h` is
told that there is no such thing (404). Upstream: each service's `policies/`, release 2026.2.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from flows.everything import CALLERS, Everything

TABLE = {
    tuple(words[:3]): words[3]
    for line in Path(__file__).with_name("roles.txt").read_text("utf-8").splitlines()
    if (words := line.split()) and not line.startswith("#")
}


@pytest.fixture(scope="module")
def everything() -> Everything:
    return Everything.make()


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def test_every_operation_is_in_the_table(everything: Everything) -> None:
    assert set(everything.routes()) == set(TABLE)


@pytest.mark.parametrize("operation", TABLE, ids=" ".join)
def test_the_role_decides(everything: Everything, operation: tuple[str, str, str]) -> None:
    method, path = operation[1:]
    changes = method == "DELETE" or (method not in ("GET", "HEAD") and path.endswith("}"))
    for caller, mark in zip(CALLERS, TABLE[operation], strict=True):
        # Who may change something is let try it on what is not there: the others need the real thing.
        status = everything.status(caller, *operation, real=not (changes and mark == "+"))
        refused = status == (401 if caller == "nobody" else 403)
        assert (refused, mark != "h" or status == 404) == (mark == "-", True), f"{caller} got {status}"
