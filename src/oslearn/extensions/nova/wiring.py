"""Nova's operations beyond a boot, put beside the core's.

Interface: `application`, the process nova-api.
Invariants: each part is handed what it needs, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from keystoneauth1.session import Session

from oslearn.core.config import Config
from oslearn.core.nova.api import app as nova_api
from oslearn.core.nova.api.classic import ClassicAPI
from oslearn.core.nova.api.external_events import EventsDoor
from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.views import ServerReader
from oslearn.core.nova.compute.api import API
from oslearn.core.nova.compute.manager import Calls
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.wsgi import Application
from oslearn.extensions.nova.api.action_handlers import ActionHandlers
from oslearn.extensions.nova.api.actions import ServerActions
from oslearn.extensions.nova.api.aggregates import Aggregates
from oslearn.extensions.nova.api.attach_interfaces import Interfaces, VolumeAttachments
from oslearn.extensions.nova.api.boots import ServerBoots
from oslearn.extensions.nova.api.common import Projects
from oslearn.extensions.nova.api.flavors import FlavorAccess, FlavorExtraSpecs, Flavors
from oslearn.extensions.nova.api.hypervisors import AvailabilityZones, Hosts, Hypervisors
from oslearn.extensions.nova.api.keypairs import KeyPairs
from oslearn.extensions.nova.api.migrations import ActionLog, Migrations, ServerMigrations
from oslearn.extensions.nova.api.network_proxies import FloatingIPProxies, NetworkProxies
from oslearn.extensions.nova.api.proxies import ImageProxies, Neutron, SecurityGroupProxies
from oslearn.extensions.nova.api.quotas import Limits, QuotaClasses, QuotaSets
from oslearn.extensions.nova.api.remote_consoles import Consoles
from oslearn.extensions.nova.api.server_fields import ServerFields, status_of
from oslearn.extensions.nova.api.server_groups import ServerGroups
from oslearn.extensions.nova.api.servers import ServerEnds, ServerLists, ServerMetadata, ServerTags, ServerUpdates
from oslearn.extensions.nova.api.services import ComputeSwitch, Services, ServiceStates
from oslearn.extensions.nova.api.usage import Usage
from oslearn.extensions.nova.api.versions import ExtensionInfo, Versions, choices
from oslearn.extensions.nova.compute.actions import ActionRunner, HostCalls, InstanceActions
from oslearn.extensions.nova.compute.boot import ClassicPlaces, ExtendedBootChecks, Places
from oslearn.extensions.nova.compute.boot_devices import ClassicDeviceChecks, DeviceChecks
from oslearn.extensions.nova.compute.deletion import Deletion, HostAPI
from oslearn.extensions.nova.compute.devices import Devices
from oslearn.extensions.nova.compute.images import Images
from oslearn.extensions.nova.compute.moves import Moves
from oslearn.extensions.nova.conductor.rpcapi import MoveTaskAPI
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.network.instance_ports import InstancePorts
from oslearn.extensions.nova.network.requested import RequestedNetworkAPI
from oslearn.extensions.nova.routes import ROUTES, RULES
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI
from oslearn.extensions.oslo.webob import Front

Parts = dict[str, object]
"""The API's objects by the names that routes give them."""


@dataclass(frozen=True)
class Core:
    """What nova-api has already, without which nothing can be done with a server."""

    db: ExtendedDB
    api: API | ClassicAPI
    reader: ServerReader
    checks: ExtendedBootChecks
    deletion: Deletion
    external_events: EventsDoor
    hosts: HostAPI
    default_zone: str
    calls: Calls
    ids: Ids
    clock: Clock


@dataclass(frozen=True)
class Rest:
    """The APIs of other services, as nova-api reaches them with its own session."""

    identity: Client
    image: Client
    networking: Client
    placement: Client


def boot_checks(db: ExtendedDB, calls: Calls, ids: Ids, default_zone: str, classic: bool) -> ExtendedBootChecks:
    """What nova-api looks at before it accepts a boot; in 2013 it had no volumes made."""
    volume_api, network_api = ExtendedVolumeAPI.of(calls.volume_api), cast("RequestedNetworkAPI", calls.network_api)
    devices = (ClassicDeviceChecks if classic else DeviceChecks)(calls.image_api, volume_api)
    places = (ClassicPlaces if classic else Places)(db, default_zone)
    return ExtendedBootChecks(db, calls.image_api, network_api, volume_api, ids, places, devices)


def application(
    db: ExtendedDB, calls: Calls, config: Config, ids: Ids, clock: Clock, is_up: Callable[[str, str | None], bool],
    session: Session, auth: object, classic: bool,
) -> Application:  # fmt: skip
    """The process nova-api, whole."""
    if config.flavors:
        db.flavors.create_default()
    zone = config.availability_zone
    checks = boot_checks(db, calls, ids, zone, classic)
    api = nova_api.compute_api(db, checks, calls, classic)
    if isinstance(api, API):
        api.on_accept.append(checks.join_group)
    reader, events = ServerReader(db), EventsDoor(db, calls.compute)
    # Of nova-compute there is one a host, of the others one for all.
    hosts = HostAPI(db, lambda topic, host: is_up(topic, host if topic == "compute" else None))
    claims = [] if classic else [calls.placement.delete_allocation_for_instance]
    deletion = Deletion(db, hosts, calls.compute, calls.volume_api, calls.network_api, claims)
    rest = Rest(
        **{
            service: Client(session, config.endpoint(service), send_service_token=asks and not classic)
            for service, asks in {"image": True, "networking": True, "identity": False, "placement": False}.items()
        }
    )
    core = Core(db, api, reader, checks, deletion, events, hosts, zone, calls, ids, clock)
    app = nova_api.build(db, api, reader, events, ids, [Front(("v2", "v2.1"), choices), auth])
    access, ports = ServerAccess(db, app.door.policy), InstancePorts(rest.networking)
    parts = server_parts(core, rest, access, ports, checks.places)
    parts |= project_parts(core, access, Projects(rest.identity)) | operator_parts(core, rest, access)
    app.extend(parts | proxy_parts(rest), ROUTES, RULES)
    reader.status_of = status_of
    reader.more.append(ServerFields(db, hosts, ports).read)
    return app


def server_parts(core: Core, rest: Rest, access: ServerAccess, ports: InstancePorts, places: Places) -> Parts:
    """What is done with servers, and what is seen of them."""
    db, compute = core.db, core.calls.compute
    image_api, volume_api = ExtendedImageAPI.of(core.calls.image_api), ExtendedVolumeAPI.of(core.calls.volume_api)
    runner, calls = ActionRunner(db, compute, MoveTaskAPI(compute.client)), HostCalls(core.hosts, compute)
    actions = InstanceActions(runner, core.checks)
    images = Images(runner, core.checks, image_api, volume_api)
    moves = Moves(runner, calls, places, core.checks, images)
    core.deletion.before.append(moves.confirm_before_delete)
    core.external_events.elsewhere.append(moves.other_ends)
    devices = Devices(runner, calls, volume_api, ports)
    handlers = ActionHandlers(
        access, core.reader, runner, actions, moves, images, calls, ports, core.checks, core.deletion, core.ids,
        glance=rest.image.base_url,
    )  # fmt: skip
    return {
        "boots": ServerBoots(access, core.reader, core.api, core.ids),
        "servers": ServerLists(access, core.reader, db),
        "server_updates": ServerUpdates(access, core.reader, db),
        "server_ends": ServerEnds(access, core.deletion),
        "actions": ServerActions(access, runner, handlers),
        "metadata": ServerMetadata(access, actions),
        "tags": ServerTags(access, db),
        "volumes": VolumeAttachments(access, db, devices, volume_api),
        "interfaces": Interfaces(access, devices, ports),
        "action_log": ActionLog(access, db),
        "server_migrations": ServerMigrations(access, db),
        "consoles": Consoles(access, db, calls),
    }


def project_parts(core: Core, access: ServerAccess, projects: Projects) -> Parts:
    """What a project has beside its servers."""
    return {
        "flavors": Flavors(access, core.db, core.ids),
        "flavor_access": FlavorAccess(access, core.db, projects),
        "extra_specs": FlavorExtraSpecs(core.db),
        "keypairs": KeyPairs(access, core.db, core.ids),
        "server_groups": ServerGroups(access, core.db),
        "quotas": QuotaSets(access, core.db, projects),
        "quota_classes": QuotaClasses(core.db),
        "limits": Limits(access, core.db),
        "usage": Usage(access, core.db, core.clock),
    }


def operator_parts(core: Core, rest: Rest, access: ServerAccess) -> Parts:
    """What an operator has."""
    db, calls = core.db, HostCalls(core.hosts, core.calls.compute)
    states, switch = ServiceStates(core.hosts, core.default_zone), ComputeSwitch(db, core.calls.compute)
    return {
        "migrations": Migrations(db),
        "services": Services(db, states, switch, rest.placement),
        "zones": AvailabilityZones(db, states),
        "hosts": Hosts(db, states, switch),
        "hypervisors": Hypervisors(db, core.hosts, calls),
        "aggregates": Aggregates(access, db, core.default_zone),
    }


def proxy_parts(rest: Rest) -> Parts:
    """What clients of long ago ask."""
    neutron = Neutron(rest.networking)
    return {
        "versions": Versions(),
        "extension_info": ExtensionInfo(),
        "images": ImageProxies(rest.image),
        "groups": SecurityGroupProxies(neutron),
        "networks": NetworkProxies(neutron),
        "floating_ips": FloatingIPProxies(neutron),
    }
