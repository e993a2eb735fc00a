"""What `openstack keypair create` needs of `cryptography`, in plain Python: an Ed25519 key pair in OpenSSH's format.

RFC 8032, section 5.1, and OpenSSH's PROTOCOL.key. It makes keys for the course's cloud; it signs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
GY = 4 * pow(5, -1, P) % P
Point = tuple[int, int, int, int]


def _x(y: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == 0 else P - x


BASE: Point = (_x(GY), GY, 1, _x(GY) * GY % P)


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def public(secret: bytes) -> bytes:
    """The public key of 32 secret bytes."""
    number = int.from_bytes(hashlib.sha512(secret).digest()[:32], "little") & ((1 << 254) - 8) | 1 << 254
    found, step = (0, 1, 1, 0), BASE
    while number:
        if number & 1:
            found = add(found, step)
        step, number = add(step, step), number >> 1
    inverse = pow(found[2], -1, P)
    x, y = found[0] * inverse % P, found[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


class Ed25519PublicKey:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.wire = string(b"ssh-ed25519") + string(raw)

    def public_bytes(self, *_: object) -> bytes:
        return b"ssh-ed25519 " + base64.b64encode(self.wire)


class Ed25519PrivateKey:
    def __init__(self, secret: bytes) -> None:
        self.secret, self._public = secret, Ed25519PublicKey(public(secret))

    @classmethod
    def generate(cls) -> Ed25519PrivateKey:
        return cls(os.urandom(32))

    def public_key(self) -> Ed25519PublicKey:
        return self._public

    def private_bytes(self, *_: object) -> bytes:
        check = os.urandom(4)
        inner = check * 2 + self._public.wire + string(self.secret + self._public.raw) + string(b"")
        inner += bytes(range(1, -len(inner) % 8 + 1))
        whole = b"openssh-key-v1\0" + string(b"none") * 2 + string(b"") + struct.pack(">I", 1)
        text = base64.b64encode(whole + string(self._public.wire) + string(inner)).decode()
        lines = [text[start : start + 70] for start in range(0, len(text), 70)]
        return "\n".join(
            ["-----BEGIN OPENSSH PRIVATE KEY-----", *lines, "-----END OPENSSH PRIVATE KEY-----", ""]
        ).encode()
