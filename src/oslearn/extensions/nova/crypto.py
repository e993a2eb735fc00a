"""Key pairs as `ssh-keygen` makes them, and fingerprints of those that a user brings.

Interface: `generate_key_pair`, `generate_fingerprint`; `Chance(size)` gives the bytes that a key is made from, so that
a seeded cloud makes the same key again.
Upstream: nova/crypto.py, which leaves the arithmetic to `cryptography`; that package does not run in a browser.
Left out: certificates (the type `x509` of key pairs).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import struct
from collections.abc import Callable
from typing import NamedTuple

from oslearn.extensions.nova.exception import InvalidKeypair

E, BITS = 65537, 2048
SMALL = math.prod(n for n in range(3, 2000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))
KINDS = {"ssh-rsa", "ssh-ed25519", "ssh-dss", *(f"ecdsa-sha2-nistp{size}" for size in (256, 384, 521)),
         "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"}  # fmt: skip

Chance = Callable[[int], bytes]


class Key(NamedTuple):
    """An RSA key: the modulus, the private exponent, and the two primes."""

    n: int
    d: int
    p: int
    q: int


def generate_key_pair(chance: Chance) -> tuple[str, str]:
    """A private key, and its public one."""
    key = rsa_key(chance)
    wire = b"".join(struct.pack(">I", len(part)) + part for part in (b"ssh-rsa", signed(E), signed(key.n)))
    return private_pem(key), f"ssh-rsa {base64.b64encode(wire).decode()} Generated-by-Nova"


def generate_fingerprint(public_key: str) -> str:
    """MD5 of a public key in OpenSSH's one-line form. Raises InvalidKeypair."""
    try:
        kind, data = public_key.split()[:2]
        wire = base64.b64decode(data, validate=True)
        parts, rest = [], wire
        while rest:
            (size,) = struct.unpack(">I", rest[:4])
            parts.append(rest[4 : 4 + size])
            if len(parts[-1]) != size:
                raise ValueError("too short")
            rest = rest[4 + size :]
        if kind not in KINDS or parts[0] != kind.encode() or len(parts) < 2:
            raise ValueError("no key")
    except (ValueError, struct.error, IndexError, binascii.Error):
        raise InvalidKeypair(reason="failed to generate fingerprint") from None
    digest = hashlib.md5(wire, usedforsecurity=False).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def rsa_key(chance: Chance) -> Key:
    """Two primes of half the size, and the exponent that undoes E."""
    p, q = prime(chance), prime(chance)
    return Key(p * q, pow(E, -1, math.lcm(p - 1, q - 1)), p, q)


def prime(chance: Chance) -> int:
    """The first prime after a random place whose two highest bits are set, so that a product has all bits."""
    n = int.from_bytes(chance(BITS // 16), "big") | 3 << (BITS // 2 - 2) | 1
    while math.gcd(n, SMALL) > 1 or math.gcd(n - 1, E) > 1 or not all(passes(n, base) for base in (2, 3, 5, 7, 11)):
        n += 2
    return n


def passes(n: int, base: int) -> bool:
    """Miller's and Rabin's test."""
    odd = (n - 1) // ((n - 1) & -(n - 1))
    x = pow(base, odd, n)
    while odd < n - 1 and x not in (1, n - 1):
        x, odd = x * x % n, odd * 2
    return x == n - 1 or odd % 2 == 1


def private_pem(key: Key) -> str:
    """PKCS#1, as upstream writes it."""
    n, d, p, q = key
    numbers = (0, n, E, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    text = base64.b64encode(tlv(0x30, b"".join(tlv(0x02, signed(number)) for number in numbers))).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----", ""])


def signed(value: int) -> bytes:
    """Big endian, with a bit for the sign."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def tlv(tag: int, value: bytes) -> bytes:
    """DER: tag, length and value; 2 is a whole number, 0x30 a row of values."""
    size = len(value)
    more = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(more)]) + more) + value
