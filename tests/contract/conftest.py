"""One replay serves all tests: a command's tests run it, and those before it, if they did not run yet."""

import pytest

from . import inside
from .replay import Replay


@pytest.fixture(scope="session")
def happened():
    """What happened inside, by command; `replay` fills it."""
    return {}


@pytest.fixture(scope="session")
def replay(tmp_path_factory, happened):
    """The recorded commands in a fresh cloud."""

    def observe(command, trace):
        if command.name in inside.recorded():
            happened[command.name] = inside.seen(trace)

    return Replay(tmp_path_factory.mktemp("replay"), observe)
