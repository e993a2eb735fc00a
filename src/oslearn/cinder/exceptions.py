"""Cinder's errors.

Upstream: cinder/exception.py.
"""

from __future__ import annotations

from oslearn.oslo.exception import BadRequest, NotFound, RequestEntityTooLarge


class InvalidVolume(BadRequest):
    """400: the volume is not in a state for this."""

    message = "Invalid volume: %(reason)s"


class InvalidInput(BadRequest):
    """400."""

    message = "Invalid input received: %(reason)s"


class VersionNotFoundForAPIMethod(NotFound):
    """404: the method came with a later microversion."""

    message = "API version %(version)s is not supported on this method."


class VolumeNotFound(NotFound):
    """404."""

    message = "Volume %(volume_id)s could not be found."


class VolumeTypeNotFound(NotFound):
    """404."""

    message = "Volume type %(volume_type_id)s could not be found."


class VolumeTypeNotFoundByName(NotFound):
    """404."""

    message = "Volume type with name %(volume_type_name)s could not be found."


class VolumeAttachmentNotFound(NotFound):
    """404."""

    message = "Volume attachment could not be found with filter: attachment_id = %(attachment_id)s."


class VolumeLimitExceeded(RequestEntityTooLarge):
    """413."""

    message = "VolumeLimitExceeded: Maximum number of volumes allowed (%(allowed)d) exceeded for quota 'volumes'."


class VolumeSizeExceedsAvailableQuota(RequestEntityTooLarge):
    """413."""

    message = (
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested "
        "%(requested)sG, quota is %(quota)sG and %(consumed)sG has been consumed."
    )
