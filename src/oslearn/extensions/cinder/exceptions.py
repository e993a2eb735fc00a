"""Cinder's other errors, with those of the core.

Upstream: cinder/exception.py.
"""

from __future__ import annotations

from oslearn.core.cinder.exceptions import InvalidVolume, ResourceNotFound
from oslearn.core.oslo.exception import BadRequest, Conflict, RequestEntityTooLarge

__all__ = ["ConflictNovaUsingAttachment", "Invalid", "InvalidInput", "InvalidVolume", "QuotaError", "ResourceNotFound"]


class InvalidInput(BadRequest):
    """400."""

    message = "Invalid input received: %(reason)s"


class Invalid(BadRequest):
    """400: the same of anything else; upstream has an error for each."""

    message = "Invalid %(what)s: %(reason)s"


class ConflictNovaUsingAttachment(Conflict):
    """409."""

    message = "Detach volume from instance %(instance_id)s using the Compute API"


class QuotaError(RequestEntityTooLarge):
    """413: upstream has one for each resource, and tells its name."""

    message = "%(error)s: %(reason)s"
