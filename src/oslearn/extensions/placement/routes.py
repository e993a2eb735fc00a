"""The table of contents of what extends Placement's API, and who may ask for it.

Interface: `ROUTES`, `RULES`.
Upstream: placement/handler.py, placement/policies/.
"""

from __future__ import annotations

from oslearn.core.oslo import policy
from oslearn.core.oslo.wsgi import Route
from oslearn.core.placement.api import PROVIDER
from oslearn.extensions.placement import schemas

INVENTORY = PROVIDER + "/inventories/{resource_class}"
ROUTES = [
    Route("GET /", "root.show_root", "show_root"),
    #
    # What could be used: providers, what they are like, what they have.
    Route("GET /resource_providers", "providers.list_providers", "list_providers"),
    Route("POST /resource_providers", "providers.create_provider", "create_provider", body=schemas.PROVIDERS),
    Route(f"GET {PROVIDER}", "providers.show_provider", "show_provider"),
    Route(f"PUT {PROVIDER}", "providers.update_provider", "update_provider", body=schemas.PROVIDERS),
    Route(f"DELETE {PROVIDER}", "providers.delete_provider", "delete_provider"),
    Route(f"GET {PROVIDER}/traits", "traits.list_provider_traits", "list_provider_traits", since=(1, 6)),
    Route(f"PUT {PROVIDER}/traits", "traits.set_provider_traits", "set_provider_traits", body=schemas.TRAITS,
          since=(1, 6)),
    Route(f"DELETE {PROVIDER}/traits", "traits.delete_provider_traits", "delete_provider_traits", since=(1, 6)),
    Route(f"GET {PROVIDER}/aggregates", "aggregates.list_aggregates", "list_aggregates", since=(1, 1)),
    Route(f"PUT {PROVIDER}/aggregates", "aggregates.set_aggregates", "set_aggregates",
          body=schemas.SETS_OF_AGGREGATES, since=(1, 1)),
    Route(f"GET {PROVIDER}/inventories", "inventories.list_inventories", "list_inventories"),
    Route(f"POST {PROVIDER}/inventories", "inventories.create_inventory", "create_inventory",
          body=schemas.POST_INVENTORY),
    Route(f"PUT {PROVIDER}/inventories", "inventories.set_inventories", "set_inventories",
          body=schemas.PUT_INVENTORIES),
    Route(f"DELETE {PROVIDER}/inventories", "inventories.delete_inventories", "delete_inventories"),
    Route(f"GET {INVENTORY}", "inventories.show_inventory", "show_inventory"),
    Route(f"PUT {INVENTORY}", "inventories.update_inventory", "update_inventory", body=schemas.PUT_INVENTORY),
    Route(f"DELETE {INVENTORY}", "inventories.delete_inventory", "delete_inventory"),

    # What is used, and by several at once.
    Route(f"GET {PROVIDER}/usages", "usages.list_usages", "list_usages"),
    Route("GET /usages", "usages.list_total_usages", "list_total_usages", since=(1, 9)),
    Route("POST /allocations", "many.set_many_allocations", "set_many_allocations", body=schemas.MANY_ALLOCATIONS,
          since=(1, 13)),

    # Names.
    Route("GET /resource_classes", "resource_classes.list_resource_classes", "list_resource_classes", since=(1, 2)),
    Route("POST /resource_classes", "resource_classes.create_resource_class", "create_resource_class",
          body=schemas.RESOURCE_CLASS, since=(1, 2)),
    Route("GET /resource_classes/{name}", "resource_classes.show_resource_class", "show_resource_class", since=(1, 2)),
    Route("PUT /resource_classes/{name}", "resource_classes.update_resource_class", "update_resource_class",
          since=(1, 7)),
    Route("DELETE /resource_classes/{name}", "resource_classes.delete_resource_class", "delete_resource_class",
          since=(1, 2)),

    Route("GET /traits", "trait_names.list_traits", "list_traits", since=(1, 6)),
    Route("GET /traits/{name}", "trait_names.show_trait", "show_trait", since=(1, 6)),
    Route("PUT /traits/{name}", "trait_names.put_trait", "put_trait", since=(1, 6)),
    Route("DELETE /traits/{name}", "trait_names.delete_trait", "delete_trait", since=(1, 6)),
]  # fmt: skip
RULES: dict[str, policy.Rule] = {str(route.policy): policy.admin_or_service for route in ROUTES}
RULES["show_root"] = lambda context, target: True
RULES["list_total_usages"] = policy.project_reader
