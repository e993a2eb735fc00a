"""The part of `rpds` that `referencing` and `jsonschema` use, on plain dicts: `rpds` is Rust, without a wheel for wasm.

Persistent: each change returns a new value. A copy costs O(n), and n is here a few dozen schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class HashTrieMap(Mapping[Any, Any]):
    """A dict that is never changed."""

    def __init__(self, *given: Any, **more: Any) -> None:
        self._items = dict(*given, **more)

    @classmethod
    def convert(cls, value: Any) -> HashTrieMap:
        return value if isinstance(value, cls) else cls(value)

    def __getitem__(self, key: Any) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"HashTrieMap({self._items!r})"

    def insert(self, key: Any, value: Any) -> HashTrieMap:
        return HashTrieMap({**self._items, key: value})

    def update(self, *given: Any, **more: Any) -> HashTrieMap:
        return HashTrieMap({**self._items, **dict(*given, **more)})

    def remove(self, key: Any) -> HashTrieMap:
        left = dict(self._items)
        del left[key]
        return HashTrieMap(left)

    def discard(self, key: Any) -> HashTrieMap:
        return self.remove(key) if key in self._items else self


class HashTrieSet(frozenset[Any]):
    """A frozenset that can grow into a new one."""

    def insert(self, value: Any) -> HashTrieSet:
        return HashTrieSet(self | {value})

    def update(self, *values: Iterable[Any]) -> HashTrieSet:
        return HashTrieSet(self.union(*values))

    def remove(self, value: Any) -> HashTrieSet:
        if value not in self:
            raise KeyError(value)
        return HashTrieSet(self - {value})

    def discard(self, value: Any) -> HashTrieSet:
        return HashTrieSet(self - {value})


class List(tuple[Any, ...]):
    """A list whose front grows."""

    def __new__(cls, *given: Any) -> List:
        return super().__new__(cls, given[0] if len(given) == 1 else given)

    @property
    def first(self) -> Any:
        return self[0]

    @property
    def rest(self) -> List:
        return List(self[1:])

    def push_front(self, value: Any) -> List:
        return List((value, *self))

    def drop_first(self) -> List:
        return self.rest
