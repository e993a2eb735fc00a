"""What is in a page's Python before the page begins: the build imports it, and runs it once, and keeps the memory.

Interface: `prepare()` imports what a page needs; `warm()` runs what pages run, once.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import pkgutil
import warnings
from importlib import import_module

import absent
import later
import page
import seen
import smaller
import typed

GROUPS = ("cli", "cli.base", "cli.extension", "common", "compute.v2", "network.v2", "image.v2", "volume.v3",
          "identity.v3", "object_store.v1", "database.v1", "placement.v1")  # fmt: skip
"""The client's commands that this cloud answers."""
COMMANDS = {
    "openstackclient.compute.v2": "console flavor hypervisor keypair server server_event server_volume service",
    "openstackclient.image.v2": "image",
    "openstackclient.network.v2": "floating_ip network network_agent port router security_group security_group_rule "
                                  "subnet",
    "openstackclient.volume.v3": "volume volume_snapshot",
    "openstackclient.identity.v3": "catalog endpoint project service token user",
    "openstackclient.common": "quota",
}  # fmt: skip
"""The client's commands that most lessons use; the others' modules come when they are used."""

WHOLE = ("oslearn",)
"""Packages of which every module is wanted."""
LATE = ("_strptime", "_suggestions", "encodings.ascii")
"""What is imported only when it is used."""
WARM = "day2.1"
"""A lab that many lessons begin with."""
LINES = (
    "export OS_CLOUD=oslearn-demo",
    "openstack network create warm",
    "openstack subnet create --network warm --subnet-range 10.9.0.0/24 warm -c cidr",
    "openstack router create warm",
    "openstack router add subnet warm warm",
    "openstack security group create warm -f value -c name",
    "openstack server create --image cirros --flavor m1.nano --network warm --wait warm",
    "openstack volume create --size 1 warm",
    "openstack server show warm -f json",
    "openstack server list",
    "oslearn trace warm | head -3",
)
NEEDS_A_BROKER = "oslearn.apart"
NEEDS_A_PORT = ("oslearn.__main__", "oslearn.port.listen", "oslearn.port.server")


def prepare() -> None:
    """Import what pages use, so that a memory snapshot has it and no file of it is needed."""
    smaller.shrink()
    absent.fill_in()
    absent.leave_out_services()
    logging.getLogger("oslearn").addHandler(logging.NullHandler())  # a lesson breaks things on purpose
    warnings.simplefilter("ignore")
    from importlib.metadata import entry_points

    import console  # noqa: F401
    import happened  # noqa: F401
    import inline_svg  # noqa: F401
    import transfer  # noqa: F401
    from oslearn.port.prepared import made_by

    for name in (*LATE, *page.CALLS.values()):
        import_module(name)
    for package in WHOLE:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if module.name not in NEEDS_A_PORT and not module.name.startswith(NEEDS_A_BROKER):
                with contextlib.suppress(ImportError):
                    import_module(module.name)
    from oslearn.course import client

    client._shell_class()
    for package, names in COMMANDS.items():
        for name in names.split():
            import_module(f"{package}.{name}")
    for kind in ("list", "show"):
        for entry in entry_points(group=f"cliff.formatter.{kind}"):
            entry.load()
    made_by()
    later.kept = later.found()


THRESHOLD = 20_000
"""As `oslearn serve` has it: a command makes thousands of objects, and few that refer to each other."""


def warm() -> None:
    """Run what pages run once: what is compiled and cached at its first use is in the memory, too."""
    opened = page.open_page(WARM)
    for line in LINES:
        list(opened.run("console", f"$ {line}\n"))
    typed.typed(opened, "console", "openstack network list")
    for look, width in (("wide", 736), ("narrow", 358)):
        seen.inside(opened, look)
        seen.map(opened, width)
    typed.complete(opened, "openstack server create --image ", 32)
    list(opened.run("pycon", ">>> import openstack\n>>> openstack.connect(cloud='oslearn-demo').list_servers()\n"))
    page.clear()
    del opened
    gc.collect()
    gc.freeze()  # what the memory has stays: to look for garbage in it takes a tenth of a second each time
    gc.set_threshold(THRESHOLD)
