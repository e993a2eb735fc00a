"""Nova's errors of all that is no boot. Upstream: nova/exception.py."""

from __future__ import annotations

from oslearn.core.nova.exception import NoValidHost
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound, OpenStackError


class MarkerNotFound(BadRequest):
    """400 in a list: nothing has that id."""

    message = "marker [%(marker)s] not found"


class InstanceInvalidState(Conflict):
    """409: the instance is in a state in which that cannot be done."""

    message = "Cannot '%(method)s' instance %(instance_uuid)s while it is in %(attr)s %(state)s"


class InstanceNotReady(Conflict):
    """409: no host has it."""

    message = "Instance %(instance_id)s is not ready"


class FlavorIdExists(Conflict):
    """409: an id names one flavor."""

    message = "Flavor with ID %(flavor_id)s already exists."


class FlavorExists(Conflict):
    """409: a name names one flavor."""

    message = "Flavor with name %(name)s already exists."


class FlavorAccessExists(Conflict):
    """409: the project may use it already."""

    message = "Flavor access already exists for flavor %(flavor_id)s and project %(project_id)s combination."


class FlavorAccessNotFound(NotFound):
    """404: the project may not use it anyway."""

    message = "Flavor access not found for %(flavor_id)s / %(project_id)s combination."


class KeyPairExists(Conflict):
    """409: a name names one key pair of a user."""

    message = "Key pair '%(key_name)s' already exists."


class AggregateNotFound(NotFound):
    """404: there is none with that number."""

    message = "Aggregate %(aggregate_id)s could not be found."


class AggregateNameExists(Conflict):
    """409: a name names one aggregate."""

    message = "Aggregate %(aggregate_name)s already exists."


class AggregateHostExists(Conflict):
    """409: the host is in it already."""

    message = "Aggregate %(aggregate_id)s already has host %(host)s."


class AggregateHostNotFound(NotFound):
    """404: the host is not in it."""

    message = "Aggregate %(aggregate_id)s has no host %(host)s."


class InvalidKeypair(BadRequest):
    """400: that is no key, or no name for one."""

    message = "Keypair data is invalid: %(reason)s"


class ComputeServiceUnavailable(BadRequest):
    """400: the host's nova-compute does not answer."""

    message = "Compute service of %(host)s is unavailable at this time."


class NotSupported(OpenStackError):
    """501: no hypervisor here can do that."""

    code, title = 501, "Not Implemented"
    message = "The requested functionality is not supported."


class InstanceIsLocked(Conflict):
    """409: only an admin may touch it."""

    message = "Instance %(instance_uuid)s is locked"


class KeypairNotFound(NotFound):
    """404: that user has none of that name."""

    message = "Keypair %(name)s not found for user %(user_id)s"


class InstanceGroupNotFound(NotFound):
    """404: there is none, or it is another project's."""

    message = "Instance group %(group_uuid)s could not be found."


class VolumeSmallerThanMinDisk(BadRequest):
    message = (
        "Volume is smaller than the minimum size specified in image metadata. "
        "Volume size is %(volume)d bytes, minimum size is %(image)d bytes."
    )


class InvalidImageConfigDrive(BadRequest):
    message = "Image's config drive option '%(config_drive)s' is invalid"


class NetworkAmbiguous(Conflict):
    message = "Multiple possible networks found, use a Network ID to be more specific."


class MaxRetriesExceeded(NoValidHost):
    message = "Exceeded maximum number of retries. %(reason)s"
