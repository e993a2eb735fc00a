"""Quotas of one image: its members, its own properties, its tags.

Interface: `check_members`, `check_properties`, `check_tags`; each raises RequestEntityTooLarge.
Invariants: what is exactly full is not too full; a negative limit is none; an image that has too many already may lose
some.
Upstream: glance/quota/__init__.py. Left out: `user_storage_quota`, locations, limits kept in Keystone.
"""

from __future__ import annotations

from collections.abc import Collection

from oslearn.core.config import Config
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import RequestEntityTooLarge

RESERVED = "os_glance"
"""Properties that begin so are Glance's own."""
EXCEEDED = "The limit has been exceeded on the number of allowed image {what}. Attempted: {n}, Maximum: {most}"


def check_members(config: Config, image_id: str, count: int) -> None:
    """Whether the image may be shared with so many projects."""
    if reason := over("members for this image", count, config.image_member_quota):
        raise RequestEntityTooLarge(f"Image member limit exceeded for image {image_id}: {reason}:")


def check_properties(config: Config, names: Collection[str]) -> None:
    """Whether it may have these properties."""
    count = sum(1 for name in names if not name.startswith(RESERVED))
    if reason := over("properties", count, config.image_property_quota):
        raise RequestEntityTooLarge(reason)


def check_tags(config: Config, tags: Collection[str], image_id: str = "") -> None:
    """Whether it may have these tags; one that is added alone is refused with the image's id."""
    if reason := over("tags", len(tags), config.image_tag_quota):
        raise RequestEntityTooLarge(f"Image tag limit exceeded for image {image_id}: {reason}:" if image_id else reason)


def over(what: str, count: int, most: int) -> str:
    """Why it is too much, or nothing."""
    return EXCEEDED.format(what=what, n=count, most=most) if policy.over({what: most}, {}, {what: count}) else ""
