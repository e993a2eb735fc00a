# ruff: noqa: E501 - one error a line
"""Neutron's errors, as a table: a class's name is the `type` in the body, its base gives the status.

Interface: `exceptions.NetworkNotFound(id=...)`; the classes are made from `ERRORS`.
Upstream: neutron_lib/exceptions, neutron/extensions/securitygroup.py, neutron/ipam/exceptions.py; its `InUse` is a
conflict, its `InvalidInput` a bad request.
"""

from __future__ import annotations

from oslearn.oslo import exception as base

ERRORS: dict[type[base.OpenStackError], dict[str, str]] = {
    base.BadRequest: {
        "HTTPBadRequest": "The request is invalid.",
        "BadRequest": "Bad %(resource)s request: %(msg)s.",
        "InvalidInput": "Invalid input for operation: %(error_message)s.",
        "OutOfBoundsAllocationPool": "The allocation pool %(pool)s spans beyond the subnet cidr %(subnet_cidr)s.",
        "InvalidAllocationPool": "The allocation pool %(pool)s is not valid.",
        "InvalidIpForSubnet": "IP address %(ip_address)s is not a valid IP for the specified subnet.",
        "InvalidIpForNetwork": "IP address %(ip_address)s is not a valid IP for any of the subnets on the specified network.",
        "AllocationOnAutoAddressSubnet": "IPv6 address %(ip)s cannot be directly assigned to a port on subnet %(subnet_id)s as the subnet is configured for automatic addresses",
        "ExternalIpAddressExhausted": "Unable to find any IP address on external network %(net_id)s.",
        "SubnetMismatchForPort": "Subnet on port %(port_id)s does not match the requested subnet %(subnet_id)s.",
        "MinPrefixSubnetAllocationError": "Unable to allocate subnet with prefix length %(prefixlen)s, minimum allowed prefix is %(min_prefixlen)s.",
        "MaxPrefixSubnetAllocationError": "Unable to allocate subnet with prefix length %(prefixlen)s, maximum allowed prefix is %(max_prefixlen)s.",
        "EmptySubnetPoolPrefixList": "Empty subnet pool prefix list.",
        "PrefixVersionMismatch": "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.",
        "IllegalSubnetPoolPrefixBounds": "Illegal prefix bounds: %(prefix_type)s=%(prefixlen)s, %(base_prefix_type)s=%(base_prefixlen)s.",
        "IllegalSubnetPoolPrefixUpdate": "Illegal update to prefixes: %(msg)s.",
        "SubnetPoolDeleteError": "Unable to delete subnet pool: %(reason)s.",
        "NetworkSubnetPoolAffinityError": "Subnets hosted on the same network must be allocated from the same subnet pool.",
        "InvalidRoutes": "Invalid format for routes: %(routes)s, %(reason)s",
        "RoutesExhausted": "Unable to complete operation for %(router_id)s. The number of routes exceeds the maximum %(quota)s.",
        "DuplicateAddressPairInRequest": "Request contains duplicate address pair: mac_address %(mac_address)s ip_address %(ip_address)s.",
        "SecurityGroupInvalidPortRange": "For TCP/UDP protocols, port_range_min must be <= port_range_max",
        "SecurityGroupInvalidPortValue": "Invalid value for port %(port)s",
        "SecurityGroupInvalidIcmpValue": "Invalid value for ICMP %(field)s (%(attr)s) %(value)s. It must be 0 to 255.",
        "SecurityGroupMissingIcmpType": "ICMP code (port-range-max) %(value)s is provided but ICMP type (port-range-min) is missing.",
        "SecurityGroupInvalidProtocolForPort": "Invalid protocol %(protocol)s for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.",
        "SecurityGroupRuleInvalidProtocol": "Security group rule protocol %(protocol)s not supported. Only protocol values %(values)s and integer representations [0 to 255] are supported.",
        "SecurityGroupProtocolRequiredWithPorts": "Must also specify protocol if port range is given.",
        "SecurityGroupRemoteGroupAndRemoteIpPrefix": "Only remote_ip_prefix or remote_group_id may be provided.",
        "SecurityGroupRuleParameterConflict": "Conflicting value ethertype %(ethertype)s for CIDR %(cidr)s",
        "SecurityGroupEthertypeConflictWithProtocol": "Invalid ethertype %(ethertype)s for protocol %(protocol)s.",
        "SecurityGroupNotSingleGroupRules": "Only allowed to update rules for one security profile at a time",
    },
    base.NotFound: {
        "NetworkNotFound": "Network %(id)s could not be found.",
        "SubnetNotFound": "Subnet %(id)s could not be found.",
        "SubnetPoolNotFound": "Subnet pool %(id)s could not be found.",
        "PortNotFound": "Port %(id)s could not be found.",
        "RouterNotFound": "Router %(id)s could not be found",
        "RouterInterfaceNotFound": "Router %(router_id)s does not have an interface with id %(port_id)s",
        "RouterInterfaceNotFoundForSubnet": "Router %(router_id)s has no interface on subnet %(subnet_id)s",
        "FloatingIPNotFound": "Floating IP %(id)s could not be found",
        "ExternalGatewayForFloatingIPNotFound": "External network %(external_network_id)s is not reachable from subnet %(subnet_id)s.  Therefore, cannot associate Port %(port_id)s with a Floating IP.",
        "SecurityGroupNotFound": "Security group %(id)s does not exist",
        "SecurityGroupRuleNotFound": "Security group rule %(id)s does not exist",
        "AgentNotFound": "Agent %(id)s could not be found.",
        "TagNotFound": "Tag %(tag)s could not be found.",
    },
    base.Conflict: {
        "OverQuota": "Quota exceeded for resources: %(overs)s.",
        "QuotaLimitTooLow": "Quota limit %(limit)s for %(resource)s must be greater than or equal to already used resources: %(used)s.",
        "OverlappingAllocationPools": "Found overlapping allocation pools: %(pool_1)s %(pool_2)s for subnet %(subnet_cidr)s.",
        "GatewayConflictWithAllocationPools": "Gateway ip %(ip_address)s conflicts with allocation pool %(pool)s.",
        "GatewayIpInUse": "Current gateway ip %(ip_address)s already in use by port %(port_id)s. Unable to update.",
        "IpAddressGenerationFailure": "No more IP addresses available on network %(net_id)s.",
        "IpAddressAlreadyAllocated": "IP address %(ip)s already allocated in subnet %(subnet_id)s",
        "MacAddressInUse": "Unable to complete operation for network %(net_id)s. The mac address %(mac)s is in use.",
        "FlatNetworkInUse": "Unable to create the flat network. Physical network %(physical_network)s is in use.",
        "TunnelIdInUse": "Unable to create the network. The tunnel ID %(tunnel_id)s is in use.",
        "VlanIdInUse": "Unable to create the network. The VLAN %(vlan_id)s on physical network %(physical_network)s is in use.",
        "NetworkInUse": "Unable to complete operation on network %(net_id)s. There are one or more ports still in use on the network, id for these ports is: %(ports)s.",
        "InvalidSharedSetting": "Unable to reconfigure sharing settings for network %(network)s. Multiple tenants are using it.",
        "ExternalNetworkInUse": "External network %(net_id)s cannot be updated to be made non-external, since it has existing gateway ports.",
        "SubnetInUse": "Unable to complete operation on subnet %(subnet_id)s: One or more ports have an IP allocation from this subnet.",
        "SubnetAllocationError": "Failed to allocate subnet: %(reason)s.",
        "PortInUse": "Unable to complete operation on port %(port_id)s for network %(net_id)s. Port already has an attached device %(device_id)s.",
        "PortBound": "Unable to complete operation on port %(port_id)s, port is already bound, port type: %(vif_type)s, old_mac %(old_mac)s, new_mac %(new_mac)s.",
        "ServicePortInUse": "Port %(port_id)s cannot be deleted directly via the port API: has device owner %(owner)s.",
        "DeviceIDNotOwnedByTenant": "The following device_id %(device_id)s is not owned by your tenant or matches another tenants router.",
        "PortSecurityPortHasSecurityGroup": "Port has security group associated. Cannot disable port security or IP address until security group is removed.",
        "PortSecurityAndIPRequiredForSecurityGroups": "Port security must be enabled and port must have an IP address in order to use security groups.",
        "AddressPairAndPortSecurityRequired": "Port Security must be enabled in order to have allowed address pairs on a port.",
        "RouterInUse": "Router %(router_id)s still has ports",
        "RouterInterfaceInUseByFloatingIP": "Router interface for subnet %(subnet_id)s on router %(router_id)s cannot be deleted, as it is required by one or more floating IPs.",
        "RouterInterfaceInUseByRoute": "Router interface for subnet %(subnet_id)s on router %(router_id)s cannot be deleted, as it is required by one or more routes.",
        "RouterExternalGatewayInUseByFloatingIp": "Gateway cannot be updated for router %(router_id)s, since a gateway to external network %(net_id)s is required by one or more floating IPs.",
        "FloatingIPPortAlreadyAssociated": "Cannot associate floating IP %(floating_ip_address)s (%(fip_id)s) with port %(port_id)s using fixed IP %(fixed_ip)s, as that fixed IP already has a floating IP on external network %(net_id)s.",
        "SecurityGroupInUse": "Security Group %(id)s in use.",
        "SecurityGroupCannotRemoveDefault": "Insufficient rights for removing default security group.",
        "SecurityGroupCannotUpdateDefault": "Updating default security group not allowed.",
        "SecurityGroupDefaultAlreadyExists": "Default security group already exists.",
        "SecurityGroupRuleExists": "Security group rule already exists. Rule id is %(rule_id)s.",
        "NetworkHostedByDHCPAgent": "The network %(network_id)s has been already hosted by the DHCP Agent %(agent_id)s.",
        "NetworkNotHostedByDhcpAgent": "The network %(network_id)s is not hosted by the DHCP agent %(agent_id)s.",
        "RouterHostedByL3Agent": "The router %(router_id)s has been already hosted by the L3 Agent %(agent_id)s.",
        "RouterNotHostedByL3Agent": "The router %(router_id)s is not hosted by L3 agent %(agent_id)s.",
        "InvalidDHCPAgent": "Agent %(id)s is not a valid DHCP Agent or has been disabled.",
        "InvalidL3Agent": "Agent %(id)s is not a L3 Agent or has been disabled.",
    },
    base.ServiceUnavailable: {
        "NetworkMacAddressGenerationFailure": "Unable to generate unique mac on network %(net_id)s.",
        "NoNetworkAvailable": "Unable to create the network. No tenant network is available for allocation.",
    },
}
CLASSES: dict[str, type[base.OpenStackError]] = {
    name: type(name, (parent,), {"__module__": __name__, "__doc__": f"{parent.code}.", "message": message})
    for parent, messages in ERRORS.items()
    for name, message in messages.items()
}


def __getattr__(name: str) -> type[base.OpenStackError]:
    """The class of an error's name."""
    try:
        return CLASSES[name]
    except KeyError:
        raise AttributeError(name) from None
