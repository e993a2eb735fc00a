"""The stand-ins of a page do what the real libraries do, as far as they are used."""

import base64
import importlib.util
from pathlib import Path

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

import rpds

SHIMS = Path(__file__).parents[2] / "docs" / "_tab" / "shims"


def shim(name):
    """A stand-in, beside the real library and not in its place."""
    spec = importlib.util.spec_from_file_location(f"shim_{name}", SHIMS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OURS, KEYS = shim("rpds"), shim("ed25519_keys")
WORDS = st.dictionaries(st.text(max_size=3), st.integers(), max_size=5)


@given(WORDS, st.text(max_size=3), st.integers())
def test_a_map_changes_as_the_real_one(start, key, value):
    seen = []
    for library in (OURS, rpds):
        first = library.HashTrieMap(start)
        second = first.insert(key, value)
        third = second.update({"more": 1}).remove(key)
        made = [first, second, third, second.discard(key), library.HashTrieMap.convert(start)]
        told = len(second), second[key], first.get("none"), second == second.insert(key, value)
        seen.append(([dict(one) for one in made], told))
        with pytest.raises(KeyError):
            third.remove(key if key != "more" else "none")
    assert seen[0] == seen[1]


@given(st.lists(st.integers(), max_size=5), st.integers())
def test_a_set_and_a_list_change_as_the_real_ones(items, item):
    seen = []
    for library in (OURS, rpds):
        kept, row = library.HashTrieSet(items), library.List(items)
        grown = row.push_front(item)
        sets = [kept, kept.insert(item), kept.update([item], [1, 2]), kept.insert(item).remove(item)]
        rows = [row, grown, grown.rest, grown.drop_first()]
        seen.append(([*map(set, sets)], [*map(list, rows)], grown.first, len(grown)))
        with pytest.raises(KeyError):
            kept.discard(item).remove(item)
    assert seen[0] == seen[1]


def test_what_uses_the_maps_uses_nothing_else_of_them():
    used = set()
    for package in (jsonschema, __import__("referencing")):
        for path in Path(package.__file__).parent.glob("*.py"):
            text = path.read_text("utf-8")
            used |= {line.split("import ")[1] for line in text.splitlines() if line.startswith("from rpds import")}
    names = {name.strip() for line in used for name in line.split(",")}
    assert names
    assert all(hasattr(OURS, name) for name in names)


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_the_one_that_cryptography_makes(secret):
    real, ours = Ed25519PrivateKey.from_private_bytes(secret), KEYS.Ed25519PrivateKey(secret)
    public = real.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert ours.public_key().public_bytes() == public
    read = load_ssh_private_key(ours.private_bytes(), None)
    assert read.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()) == secret


def test_a_key_is_drawn():
    first, second = (KEYS.Ed25519PrivateKey.generate().private_bytes() for _ in range(2))
    assert first != second
    assert base64.b64decode(b"".join(first.splitlines()[1:-1])).startswith(b"openssh-key-v1\0")
