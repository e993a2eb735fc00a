"""A boot as the API has read it: one spelling for what a body may say in many.

Interface: `ServerRequest`, with its `RequestedDevice`s.
Upstream: the arguments of nova/compute/api.py, `create`; nova/block_device.py, `BlockDeviceDict`.
"""

from __future__ import annotations

from typing import TypedDict

from oslearn.core.nova.objects import Values


class RequestedDevice(TypedDict, total=False):
    """A block device as it is asked for: made from `uuid`, a volume, a snapshot or an image, or blank. Size in GiB."""

    source_type: str
    destination_type: str
    uuid: str | None
    boot_index: int | None
    volume_size: int | None
    volume_type: str | None
    device_name: str | None
    delete_on_termination: bool
    guest_format: str | None
    device_type: str | None
    disk_bus: str | None
    tag: str | None
    no_device: bool


class ServerRequest(TypedDict):
    """All that is asked for; None, or empty, where the body says nothing."""

    name: str
    description: str | None
    hostname: str | None
    flavorRef: str
    imageRef: str
    devices: list[RequestedDevice]
    networks: list[Values] | str | None
    security_groups: list[str]
    key_name: str | None
    adminPass: str
    user_data: str | None
    config_drive: bool
    metadata: dict[str, str]
    personality: list[dict[str, str]]
    tags: list[str]
    accessIPv4: str | None
    accessIPv6: str | None
    disk_config: str
    trusted_image_certificates: list[str] | None
    scheduler_hints: Values
    availability_zone: str | None
    forced_host: str | None
    forced_node: str | None
    host: str | None
    hypervisor_hostname: str | None
    min_count: int
    max_count: int
    owner: dict[str, str]
