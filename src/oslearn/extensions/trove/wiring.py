"""How Trove's processes are put together.

Interface: `api_parts(...)`, the parts of trove-api; `taskmanager(...)`, the manager and what looks after lost tasks.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.config import Config
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.extensions.trove.api import Backups, Datastores, Flavors, Instances, Versions
from oslearn.extensions.trove.base import Records, States
from oslearn.extensions.trove.cleanup import Cleanup
from oslearn.extensions.trove.clients import Services
from oslearn.extensions.trove.guestagent import GuestAgent, GuestAgents
from oslearn.extensions.trove.guests import Guests
from oslearn.extensions.trove.quota import Quotas, QuotaSets
from oslearn.extensions.trove.rpcapi import TaskManagerAPI
from oslearn.extensions.trove.taskmanager import Manager, Tasks


def api_parts(
    handle: Handle, ids: Ids, clock: Clock, config: Config, tasks: TaskManagerAPI, nova: Client
) -> dict[str, object]:
    """The parts of trove-api, by the names that the routes give them."""
    records, quotas, flavors = Records(handle, ids, clock), Quotas(config), Flavors(nova)
    states = States(records, quotas)
    return {
        "versions": Versions(),
        "instances": Instances(records, states, quotas, tasks, flavors),
        "guests": Guests(records, ids, tasks),
        "backups": Backups(records, states, quotas, tasks),
        "datastores": Datastores(),
        "flavors": flavors,
        "quotas": QuotaSets(handle, quotas),
    }


def taskmanager(
    handle: Handle, clock: Clock, api: TaskManagerAPI, services: Services, concerns: Callable[[str], bool]
) -> tuple[Manager, Cleanup]:
    """`concerns(id)` tells whether a message waits that is about something."""
    guests = GuestAgents(handle, GuestAgent())
    tasks = Tasks(handle, clock, api, services, guests)
    return Manager(handle, api, tasks, guests), Cleanup(handle, api, tasks, services, concerns)
