"""Cinder's errors.

Upstream: cinder/exception.py.
"""

from __future__ import annotations

from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound


class InvalidVolume(BadRequest):
    """400: the volume is not in a state for this."""

    message = "Invalid volume: %(reason)s"


class ResourceConflict(Conflict):
    message = "Resource conflict: %(reason)s"


class ResourceNotFound(NotFound):
    """404: upstream has one for each kind of resource, and words them alike."""

    message = "%(title)s %(id)s could not be found."


class VolumeAttachmentNotFound(NotFound):
    message = "Volume attachment could not be found with filter: attachment_id = %(id)s."
