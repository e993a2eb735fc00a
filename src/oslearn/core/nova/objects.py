"""What Nova's processes tell each other: the shapes of what is in their messages and leaves their database.

Interface: `Instance` and `BuildRequest`, `Flavor`, `BlockDevice`, `RequestSpec`, `Selection`, `Build`, `Fault` and what
they are made of; `VIF`, one port of an instance, and `NetworkInfo`, all of them.
Invariants: everything here is JSON; a time is text, as `datetime.isoformat` writes it.
Upstream: nova/network/model.py; nova/objects/, one module an object, with versions and with methods that the conductor
runs.
"""

from __future__ import annotations

from typing import Any, TypedDict

Values = dict[str, Any]
"""Some fields of a row: those that are written, or that change."""


class SecurityGroupName(TypedDict, total=False):
    """A security group that a boot asks for: Neutron's id of it, and what the user called it."""

    id: str
    name: str


class SubnetInfo(TypedDict):
    cidr: str
    gateway: str | None
    dns: list[str]
    dhcp_server: str | None


class VIF(TypedDict, total=False):
    """A port of an instance, as the instance's info cache has it. In 2013 it had no more than its addresses."""

    port_id: str
    network_id: str
    label: str
    mac_address: str
    fixed_ips: list[str]
    floating_ips: list[str]
    subnets: list[SubnetInfo]
    type: str
    active: bool
    mtu: int | None
    preserve_on_delete: bool
    physical_network: str | None


NetworkInfo = list[VIF]


class Flavor(TypedDict):
    """A size, as an instance keeps it: memory and swap in MiB, disks in GiB."""

    id: int
    flavorid: str
    name: str
    memory_mb: int
    vcpus: int
    root_gb: int
    ephemeral_gb: int
    swap: int
    rxtx_factor: float
    disabled: bool
    is_public: bool
    description: str | None
    extra_specs: dict[str, str]


class Instance(TypedDict):
    """A virtual machine and what is known of it: a row of a cell, or a build request."""

    id: int
    uuid: str
    project_id: str
    user_id: str
    display_name: str
    display_description: str | None
    image_ref: str
    flavor: Flavor
    memory_mb: int
    vcpus: int
    root_gb: int
    host: str | None
    launched_on: str | None
    availability_zone: str | None
    vm_state: str
    task_state: str | None
    power_state: int
    metadata: dict[str, str]
    network_info: list[VIF]
    security_groups: list[SecurityGroupName]
    created_at: str
    updated_at: str | None
    launched_at: str | None
    terminated_at: str | None
    deleted: bool
    deleted_at: str | None
    node: str | None
    hostname: str | None
    key_name: str | None
    key_data: str | None
    user_data: str | None
    config_drive: str
    access_ip_v4: str | None
    access_ip_v6: str | None
    auto_disk_config: bool
    locked_by: str | None
    reservation_id: str | None
    launch_index: int
    root_device_name: str | None
    kernel_id: str
    ramdisk_id: str
    progress: int
    system_metadata: dict[str, Any]
    trusted_certs: list[str] | None
    old_flavor: Flavor | None
    new_flavor: Flavor | None
    pinned_availability_zone: str | None
    scheduler_hints: dict[str, Any]


class BlockDevice(TypedDict):
    """A disk of an instance: a volume, or (`destination_type` local) a file on its host. Sizes in GiB."""

    id: int
    uuid: str
    instance_uuid: str
    volume_id: str | None
    attachment_id: str | None
    device_name: str | None
    delete_on_termination: bool
    source_type: str
    destination_type: str
    boot_index: int | None
    image_id: str | None
    snapshot_id: str | None
    volume_size: int | None
    volume_type: str | None
    guest_format: str | None
    device_type: str | None
    disk_bus: str | None
    tag: str | None
    connection_info: dict[str, Any] | None


class BuildRequest(Instance):
    """An instance that is asked for and in no cell yet."""

    block_device_mappings: list[BlockDevice]
    tags: list[str]


class ImageMeta(TypedDict, total=False):
    """An image, as Glance shows it; its further properties stand beside these fields. Sizes in bytes, MiB and GiB."""

    id: str
    name: str
    status: str
    size: int | None
    min_ram: int
    min_disk: int
    container_format: str
    disk_format: str
    img_config_drive: str
    block_device_mapping: str


class RequestedNetwork(TypedDict, total=False):
    """A network that an instance is to be connected to; `port_id` if the user made the port."""

    id: str
    name: str
    port_id: str
    fixed_ip: str | None
    tag: str | None
    physical_network: str | None


class ServerGroup(TypedDict, total=False):
    """A server group, as a request for a host carries it; `hosts` are those that have a member."""

    uuid: str
    policy: str
    rules: dict[str, Any]
    members: list[str]
    hosts: list[str]


class RequestSpec(TypedDict, total=False):
    """What an instance asks of a host: memory and swap in MiB, disks in GiB. It is kept for the next move."""

    memory_mb: int
    vcpus: int
    root_gb: int
    ephemeral_gb: int
    swap: int
    extra_specs: dict[str, str]
    project_id: str
    user_id: str
    num_instances: int
    is_bfv: bool
    availability_zone: str | None
    image_properties: dict[str, str]
    forced: bool
    hints: dict[str, list[str]]
    group: ServerGroup
    destination: str | None
    ignore_hosts: list[str]
    requested_ports: list[str]


class Allocation(TypedDict):
    """How much of one provider, by resource class."""

    resources: dict[str, int]


class AllocationRequest(TypedDict):
    """What to PUT to Placement to claim a host: amounts by the provider's uuid."""

    allocations: dict[str, Allocation]


class Selection(TypedDict):
    """A host that the scheduler chose, or an alternate of it, and how it is claimed."""

    service_host: str
    nodename: str
    compute_node_uuid: str
    availability_zone: str | None
    allocation_request: AllocationRequest
    allocation_request_version: str


class Retry(TypedDict, total=False):
    """How often a build was tried, where (host and node), and what the last try failed with."""

    num_attempts: int
    hosts: list[list[str]]
    exc_reason: str


class FilterProperties(TypedDict):
    """What a build takes along for the next try."""

    retry: Retry


class Handed(TypedDict):
    """What nova-api hands on with a boot and every build of it carries, as it came."""

    image: ImageMeta
    admin_password: str
    injected_files: list[dict[str, str]]
    requested_networks: list[RequestedNetwork]
    block_device_mapping: list[BlockDevice]


class Build(Handed):
    """What a host is told of a build besides the instance."""

    request_spec: RequestSpec
    filter_properties: FilterProperties
    node: str
    host_list: list[Selection]


class Fault(TypedDict):
    """Why something failed: an HTTP code, one line for the user, and details for an operator."""

    code: int
    message: str
    details: str


class ExternalEvent(TypedDict, total=False):
    """What another service says of an instance: a name, and whom it is about (`tag`, such as a port)."""

    name: str
    server_uuid: str
    status: str
    tag: str


class Node(TypedDict):
    """Which row, and which provider in Placement, a compute host is."""

    id: int
    uuid: str
