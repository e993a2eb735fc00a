"""What a message can have called: the methods that somebody sends messages for, and nothing else."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from architecture.sources import SOURCE
from oslearn.cloud import Cloud
from oslearn.core.config import Config


@cache
def words(service: str) -> frozenset[str]:
    """Every string that stands by itself in a service's code: a message's method is one of them."""
    return frozenset(
        node.value
        for path in SOURCE
        if service in path.parts and "deploy" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_an_endpoint_has_no_public_method_that_nobody_sends(flow: str) -> None:
    """Whoever reaches the bus can call what is public: a step of a build, or a start, would be anybody's to take."""
    cloud = Cloud(Config(flow=flow), trace=False)
    seen, open_to_all = 0, set()
    for listener in cloud.bus._listeners.values():
        for endpoint in filter(None, listener.endpoints):
            service = type(endpoint).__module__.split(".")[2]
            for name in (name for name in dir(endpoint) if not name.startswith("_")):
                if callable(getattr(endpoint, name)):
                    seen += 1
                    if name in vars(endpoint) or name not in words(service):
                        open_to_all.add(f"{type(endpoint).__name__}.{name}")
    assert seen > 50, "the endpoints are not found"
    assert not open_to_all
