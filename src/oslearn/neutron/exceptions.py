"""Neutron's errors; a class's name is the `type` in the body.

Upstream: neutron_lib/exceptions, neutron/extensions/securitygroup.py, neutron/ipam/exceptions.py.
"""

from __future__ import annotations

from oslearn.oslo.exception import BadRequest, Conflict, NotFound, ServiceUnavailable


class HTTPBadRequest(BadRequest):
    """400: the body or the query is not understood."""


class InvalidInput(BadRequest):
    """400."""

    message = "Invalid input for operation: %(error_message)s."


class OutOfBoundsAllocationPool(BadRequest):
    """400."""

    message = "The allocation pool %(pool)s spans beyond the subnet cidr %(subnet_cidr)s."


class InvalidAllocationPool(BadRequest):
    """400."""

    message = "The allocation pool %(pool)s is not valid."


class InvalidIpForSubnet(BadRequest):
    """400."""

    message = "IP address %(ip_address)s is not a valid IP for the specified subnet."


class InvalidIpForNetwork(BadRequest):
    """400."""

    message = "IP address %(ip_address)s is not a valid IP for any of the subnets on the specified network."


class SecurityGroupInvalidPortRange(BadRequest):
    """400."""

    message = "For TCP/UDP protocols, port_range_min must be <= port_range_max"


class SecurityGroupProtocolRequiredWithPorts(BadRequest):
    """400."""

    message = "Must also specify protocol if port range is given."


class SecurityGroupRemoteGroupAndRemoteIpPrefix(BadRequest):
    """400."""

    message = "Only remote_ip_prefix or remote_group_id may be provided."


class NetworkNotFound(NotFound):
    """404."""

    message = "Network %(id)s could not be found."


class SubnetNotFound(NotFound):
    """404."""

    message = "Subnet %(id)s could not be found."


class PortNotFound(NotFound):
    """404."""

    message = "Port %(id)s could not be found."


class SecurityGroupNotFound(NotFound):
    """404."""

    message = "Security group %(id)s does not exist"


class SecurityGroupRuleNotFound(NotFound):
    """404."""

    message = "Security group rule %(id)s does not exist"


class ExtensionNotFound(NotFound):
    """404."""

    message = "Extension with alias %(id)s does not exist"


class QuotaExceeded(Conflict):
    """409: `OverQuota`, which is a 403 elsewhere, is a conflict here."""

    type = "OverQuota"
    message = "Quota exceeded for resources: %(overs)s."


class OverlappingAllocationPools(Conflict):
    """409."""

    message = "Found overlapping allocation pools: %(pool_1)s %(pool_2)s for subnet %(subnet_cidr)s."


class GatewayConflictWithAllocationPools(Conflict):
    """409."""

    message = "Gateway ip %(ip_address)s conflicts with allocation pool %(pool)s."


class IpAddressGenerationFailure(Conflict):
    """409: the pools are exhausted."""

    message = "No more IP addresses available on network %(net_id)s."


class IpAddressAlreadyAllocated(Conflict):
    """409."""

    message = "IP address %(ip)s already allocated in subnet %(subnet_id)s"


class MacAddressInUse(Conflict):
    """409."""

    message = "Unable to complete operation for network %(net_id)s. The mac address %(mac)s is in use."


class NetworkInUse(Conflict):
    """409."""

    message = (
        "Unable to complete operation on network %(net_id)s. There are one or more ports still in use on the network, "
        "id for these ports is: %(ports)s."
    )


class SubnetInUse(Conflict):
    """409."""

    message = (
        "Unable to complete operation on subnet %(subnet_id)s: One or more ports have an IP allocation from this "
        "subnet."
    )


class PortSecurityPortHasSecurityGroup(Conflict):
    """409."""

    message = (
        "Port has security group associated. Cannot disable port security or IP address until security group is "
        "removed."
    )


class SecurityGroupInUse(Conflict):
    """409."""

    message = "Security Group %(id)s in use."


class SecurityGroupCannotRemoveDefault(Conflict):
    """409."""

    message = "Insufficient rights for removing default security group."


class SecurityGroupDefaultAlreadyExists(Conflict):
    """409."""

    message = "Default security group already exists."


class SecurityGroupRuleExists(Conflict):
    """409."""

    message = "Security group rule already exists. Rule id is %(rule_id)s."


class MacAddressGenerationFailure(ServiceUnavailable):
    """503."""

    message = "Unable to generate unique mac on network %(net_id)s."
