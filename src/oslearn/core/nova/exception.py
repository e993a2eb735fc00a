"""Nova's errors, as far as a boot meets them, and the fault that one leaves behind.

Interface: `as_fault` and the classes.
Upstream: nova/exception.py; nova/compute/utils.py, `add_instance_fault_from_exc`.
"""

from __future__ import annotations

from oslearn.core.nova.objects import Fault
from oslearn.core.oslo.exception import BadRequest, Conflict, Forbidden, NotFound, OpenStackError


class NoValidHost(OpenStackError):
    """No host passes the filters. `dropped` says why each one did not."""

    message = "No valid host was found. %(reason)s"


class InstanceNotFound(NotFound):
    """404: there is none, or it is another project's."""

    message = "Instance %(instance_id)s could not be found."


class FlavorNotFound(NotFound):
    """404: there is none that the caller may use; 400 where a body names it."""

    message = "Flavor %(flavor_id)s could not be found."


class FlavorDiskTooSmall(BadRequest):
    message = (
        "Flavor's disk is too small for requested image. Flavor disk is %(flavor)d bytes, image is %(image)d bytes."
    )


class FlavorDiskSmallerThanMinDisk(BadRequest):
    message = (
        "Flavor's disk is smaller than the minimum size specified in image metadata. "
        "Flavor disk is %(flavor)d bytes, minimum size is %(image)d bytes."
    )


class BootFromVolumeRequiredForZeroDiskFlavor(Forbidden):
    message = "Only volume-backed servers are allowed for flavors with zero disk."


class FlavorMemoryTooSmall(BadRequest):
    message = "Flavor's memory is too small for requested image."


class NoMoreFixedIps(OpenStackError):
    message = "No fixed IP addresses available for network: %(net)s"


class RescheduledException(OpenStackError):
    """A build failed on one host and may be tried on another."""

    message = "Build of instance %(instance_uuid)s was re-scheduled: %(reason)s"


class BuildAbortException(OpenStackError):
    """A build failed in a way that no other host would mend."""

    message = "Build of instance %(instance_uuid)s aborted: %(reason)s"


class ComputeResourcesUnavailable(OpenStackError):
    message = "Insufficient compute resources: %(reason)s."


class VirtualInterfaceCreateException(OpenStackError):
    """Neutron did not say in time that the ports are plugged."""

    message = "Virtual Interface creation failed"


class PortBindingFailed(OpenStackError):
    message = "Binding failed for port %(port_id)s, please check neutron logs for more information."


class PortLimitExceeded(Forbidden):
    message = "Maximum number of ports exceeded"


class TooManyInstances(Forbidden):
    message = "Quota exceeded for %(overs)s: Requested %(req)s, but already used %(used)s of %(allowed)s %(overs)s"


class InvalidBDM(BadRequest):
    message = "Block Device Mapping is Invalid: %(reason)s"


class UnexpectedTaskStateError(Conflict):
    """Somebody else does something with the instance, or it is gone."""

    message = "Conflict updating instance %(instance_uuid)s."


class VolumeNotCreated(OpenStackError):
    message = "Volume %(volume_id)s did not finish being created."


MAX_MESSAGE = 255


def as_fault(error: Exception) -> Fault:
    """Code, message and details of a fault. An unforeseen error shows its class, as upstream does."""
    code, message = 500, str(error) if isinstance(error, OpenStackError) else type(error).__name__
    dropped = getattr(error, "values", {}).get("dropped", {})
    details = "\n".join(f"{host}: {why}" for host, why in dropped.items()) or f"{type(error).__name__}: {error}"
    return {"code": code, "message": message[:MAX_MESSAGE], "details": details}
