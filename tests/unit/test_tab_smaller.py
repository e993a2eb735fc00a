"""A library's code in the page is smaller, and does the same; what is missing comes when it is imported."""

import importlib.util
import io
import marshal
import sys
import traceback
import types
import zipfile
from pathlib import Path

import pytest

import later
import smaller

SOURCE = '''
"""Words."""
import dataclasses

def add(a: int, b: int = 2, *, c: "str" = "") -> int:
    """Words."""
    def inner(d: int) -> int:
        return a + d
    return inner(b)

@dataclasses.dataclass
class Point:
    """Words."""
    x: int
    y: int = 3

    def far(self, other: "Point") -> int:
        return abs(self.x - other.x) + abs(self.y - other.y) // 0
'''


def made() -> types.SimpleNamespace:
    """The module's names, of code that was made small."""
    names: dict[str, object] = {"__name__": "made"}
    sys.modules["made"] = types.ModuleType("made")
    exec(smaller.small(compile(SOURCE, "made.py", "exec", dont_inherit=True, optimize=2)), names)
    return types.SimpleNamespace(**names)


def test_small_code_does_the_same():
    small = made()
    assert small.add(1) == 3
    assert small.add.__doc__ is None
    assert small.Point(1) == small.Point(1, 3)
    with pytest.raises(ZeroDivisionError) as caught:
        small.Point(1).far(small.Point(2))
    (frame,) = [one for one in traceback.extract_tb(caught.tb) if one.filename == "made.py"]
    assert frame.name == "far"
    assert frame.lineno == [*map(str.strip, SOURCE.splitlines())].index('def far(self, other: "Point") -> int:') + 1


def test_small_code_is_smaller():
    whole = compile(SOURCE * 3, "made.py", "exec", optimize=2)
    assert len(marshal.dumps(smaller.small(whole))) < len(marshal.dumps(whole))


@pytest.fixture
def archive(tmp_path: Path) -> tuple[later.Later, list[str]]:
    """An archive with a module, and which were read."""
    packed, asked = io.BytesIO(), list[str]()
    with zipfile.ZipFile(packed, "w") as into:
        into.writestr("there_late.py", "WORD = 'late'\n")

    def read(name: str) -> bytes:
        asked.append(name)
        return packed.getvalue()

    archives = {"rest.zip": later.Archive(frozenset({"there_late"}), tmp_path)}
    return later.Later(archives, read), asked


def test_an_archive_comes_when_a_module_of_it_is_imported(archive, tmp_path, monkeypatch):
    importer, asked = archive
    monkeypatch.syspath_prepend(str(tmp_path))
    importer.armed()
    try:
        assert importlib.util.find_spec("there_never") is None
        assert asked == []
        import there_late  # type: ignore[import-not-found]
    finally:
        sys.meta_path.remove(importer)
    assert there_late.WORD == "late"
    assert asked == ["rest.zip"]
