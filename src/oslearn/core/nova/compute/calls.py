"""Whom a compute host calls: other processes of Nova over the bus, other services over HTTP.

Interface: `Calls`.
Invariants: none of them is a database.
"""

from __future__ import annotations

from dataclasses import dataclass

from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI, ConductorAPI
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.adapter import Client


@dataclass(frozen=True)
class Calls:
    """Stubs and clients, the same for all hosts of one process; `admin` is Neutron as an operator sees it."""

    conductor: ConductorAPI
    tasks: ComputeTaskAPI
    scheduler: SchedulerAPI
    compute: ComputeAPI
    placement: SchedulerReportClient
    image_api: ImageAPI
    network_api: NetworkAPI
    volume_api: VolumeAPI
    admin: Client
