"""The tables of all services, made before their processes start.

Interface: `sync(settings)`.
Upstream: `nova-manage db sync`, `neutron-db-manage upgrade heads`, `keystone-manage db_sync` and their like.
"""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from oslearn.apart.settings import TEMPLATE, Settings
from oslearn.core.cinder import models as cinder
from oslearn.core.glance import models as glance
from oslearn.core.keystone import models as keystone
from oslearn.core.neutron import models as neutron
from oslearn.core.nova.db import models as nova
from oslearn.core.placement import models as placement
from oslearn.deploy import cinder as _cinder  # noqa: F401
from oslearn.deploy import glance as _glance  # noqa: F401
from oslearn.deploy import keystone as _keystone  # noqa: F401
from oslearn.deploy import neutron as _neutron  # noqa: F401
from oslearn.deploy import nova as _nova  # noqa: F401
from oslearn.deploy import placement as _placement  # noqa: F401
from oslearn.extensions.oslo.dialects import create_all, creation, serve
from oslearn.extensions.swift import models as swift
from oslearn.extensions.trove import models as trove

TABLES = {
    "keystone": (keystone.Base,),
    "glance": (glance.Base,),
    "placement": (placement.Base,),
    "neutron": (neutron.Base,),
    "cinder": (cinder.Base,),
    "swift": (swift.Base,),
    "trove": (trove.Base,),
    "nova_api": (nova.ApiBase,),
    "nova_cell0": (nova.Base,),
    "nova_cell1": (nova.Base,),
}
"""The bases of the tables in each database. What extends a service adds tables to its base: it is imported, too."""


def sync(settings: Settings) -> None:
    """Make databases and tables that are not there. Raises SQLAlchemyError."""
    first = make_url(settings.database)
    main = create_engine(maintenance(first), isolation_level="AUTOCOMMIT")
    with main.connect() as connection:
        for name in TABLES:
            with suppress(ProgrammingError):  # it is there
                connection.execute(text(creation(main.dialect.name, name)))
    main.dispose()
    for name, bases in TABLES.items():
        engine = serve(settings.database.replace(TEMPLATE, name))
        for base in bases:
            create_all(engine, base.metadata)
        engine.dispose()


def maintenance(url: URL) -> URL:
    """Where one connects to make a database."""
    return url.set(database="postgres" if url.get_backend_name() == "postgresql" else "")
