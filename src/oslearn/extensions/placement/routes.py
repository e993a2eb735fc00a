"""The table of contents of what extends Placement's API, and who may ask for it.

Interface: `ROUTES`, `RULES`.
Upstream: placement/handler.py, placement/policies/.
"""

from __future__ import annotations

from oslearn.core.oslo import policy
from oslearn.core.oslo.route import Route
from oslearn.core.placement import schemas as core
from oslearn.core.placement.api import PROVIDER
from oslearn.extensions.placement import schemas

INVENTORY = PROVIDER + "/inventories/{resource_class}"
ROUTES = [
    Route(f"PUT {PROVIDER}", "changes.update_provider", "update_provider", body=core.PROVIDERS),
    Route(f"DELETE {PROVIDER}", "changes.delete_provider", "delete_provider"),
    Route(f"DELETE {PROVIDER}/traits", "changes.delete_provider_traits", "delete_provider_traits", since=(1, 6)),
    Route(f"GET {PROVIDER}/aggregates", "aggregates.list_aggregates", "list_aggregates", since=(1, 1)),
    Route(f"PUT {PROVIDER}/aggregates", "aggregates.set_aggregates", "set_aggregates",
          body=schemas.SETS_OF_AGGREGATES, since=(1, 1)),

    Route(f"POST {PROVIDER}/inventories", "classes.create_inventory", "create_inventory", body=schemas.POST_INVENTORY),
    Route(f"DELETE {PROVIDER}/inventories", "classes.delete_inventories", "delete_inventories"),
    Route(f"GET {INVENTORY}", "classes.show_inventory", "show_inventory"),
    Route(f"PUT {INVENTORY}", "classes.update_inventory", "update_inventory", body=schemas.PUT_INVENTORY),
    Route(f"DELETE {INVENTORY}", "classes.delete_inventory", "delete_inventory"),

    Route(f"GET {PROVIDER}/usages", "usages.list_usages", "list_usages"),
    Route("GET /usages", "usages.list_total_usages", "list_total_usages", since=(1, 9)),
    Route("POST /allocations", "many.set_many_allocations", "set_many_allocations", body=schemas.MANY_ALLOCATIONS,
          since=(1, 13)),

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
RULES["list_total_usages"] = policy.project_reader
