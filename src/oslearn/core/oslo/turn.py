"""Computations that take long and read no state: who serves several clients lets others have their turn meanwhile.

Interface: `with aside.get()():` around such a computation. In a cloud that is embedded nothing happens.
Invariants: what runs aside knows nothing of the cloud, and what it was computed from may have changed when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar

aside: ContextVar[Callable[[], AbstractContextManager[None]]] = ContextVar("aside", default=nullcontext)
"""What gives the turn away; the port sets it for a request (`oslearn.port.turn`)."""
