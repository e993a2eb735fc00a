"""Time and identifiers: the two sources of chance, so that a seeded cloud repeats itself byte for byte.

Interface: `Clock` (now, peek, sleep, skip_to), `SteppedClock`, `Ids` (uuid, hex, secret, password, mac); `iso`,
`iso_micro`.
Invariants: time never goes backwards; a stepped clock moves only when somebody looks at it or sleeps.
Upstream: oslo.utils' timeutils and uuidutils.
"""

from __future__ import annotations

import random
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""When a stepped clock starts, in UTC."""


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time in UTC, without a zone, as OpenStack keeps it in its databases."""
        return datetime.now(UTC).replace(tzinfo=None)

    def peek(self) -> float:
        """Seconds since some moment: to tell how long something takes."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the machine's time."""
        time.sleep(seconds)

    def skip_to(self, moment: float) -> bool:
        """Be at a moment of `peek` at once; False if the clock moves only by itself."""
        return False


class SteppedClock(Clock):
    """A clock that only moves when it is moved: a microsecond with each look, and by what is slept."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def now(self) -> datetime:
        """The start of the epoch plus what has passed. No two looks show the same time."""
        self._seconds += 1e-6
        return EPOCH + timedelta(seconds=self._seconds)

    def peek(self) -> float:
        """What has passed; to peek does not move the clock."""
        return self._seconds

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self._seconds += seconds

    def skip_to(self, moment: float) -> bool:
        """Move on to there."""
        self._seconds = max(self._seconds, moment)
        return True


class Ids:
    """Identifiers: from the operating system, or from a seed."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()

    def uuid(self) -> str:
        """A random UUID with dashes, as Nova, Neutron, Glance and Cinder name things."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hex(self) -> str:
        """A random UUID without dashes, as Keystone names things."""
        return uuid.UUID(int=self._random.getrandbits(128), version=4).hex

    def secret(self, size: int) -> bytes:
        """`size` bytes for keys and salts."""
        return self._random.randbytes(size) if type(self._random) is random.Random else secrets.token_bytes(size)

    def password(self, length: int = 12) -> str:
        """A generated password: letters and digits that are not mistaken for each other."""
        alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        return "".join(self._random.choice(alphabet) for _ in range(length))

    def mac(self, base: str) -> str:
        """A MAC address with Neutron's `base_mac`."""
        return base + "".join(f":{self._random.randrange(256):02x}" for _ in range(3))


def iso(moment: datetime | None) -> str | None:
    """`2026-01-01T00:00:00Z`, as Nova, Neutron and Glance write a time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def iso_micro(moment: datetime | None) -> str | None:
    """`2026-01-01T00:00:00.000000`, as Cinder writes a time; Keystone puts a Z behind it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") if moment else None
