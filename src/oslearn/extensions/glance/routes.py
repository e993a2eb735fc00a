"""What Glance can do beyond what a boot asks of it: its table of contents.

Upstream: glance/api/v2/router.py.
"""

from __future__ import annotations

from oslearn.core.oslo.wsgi import Route

IMAGE = "/v2/images/{image_id}"
ROUTES = [
    Route("GET /", "versions.index"),
    Route("GET /versions", "versions.asked_for"),
    #
    # Images, and what belongs to one
    Route("GET /v2/images", "catalogue.index", "get_image"),
    Route("POST /v2/images", "catalogue.create"),
    Route(f"PATCH {IMAGE}", "catalogue.update"),
    Route(f"DELETE {IMAGE}", "catalogue.delete"),
    Route(f"PUT {IMAGE}/tags/{{tag}}", "tags.add"),
    Route(f"DELETE {IMAGE}/tags/{{tag}}", "tags.delete"),
    Route(f"POST {IMAGE}/actions/deactivate", "actions.deactivate"),
    Route(f"POST {IMAGE}/actions/reactivate", "actions.reactivate"),
    Route(f"GET {IMAGE}/members", "members.index"),
    Route(f"POST {IMAGE}/members", "members.create"),
    Route(f"GET {IMAGE}/members/{{member_id}}", "members.show"),
    Route(f"PUT {IMAGE}/members/{{member_id}}", "members.update"),
    Route(f"DELETE {IMAGE}/members/{{member_id}}", "members.delete"),
    #
    # Their data: at once, or staged and imported by a task
    Route(f"PUT {IMAGE}/file", "data.upload"),
    Route(f"GET {IMAGE}/file", "data.download"),
    Route(f"PUT {IMAGE}/stage", "data.stage"),
    Route(f"POST {IMAGE}/import", "imports.create"),
    Route(f"GET {IMAGE}/tasks", "imports.index"),
    Route("GET /v2/tasks", "tasks.index", "tasks_api_access"),
    Route("POST /v2/tasks", "tasks.create", "tasks_api_access"),
    Route("GET /v2/tasks/{task_id}", "tasks.show", "tasks_api_access"),
    Route("DELETE /v2/tasks/{task_id}", "tasks.delete", "tasks_api_access"),
    #
    # This Glance itself
    Route("GET /v2/info/import", "info.import_methods"),
    Route("GET /v2/info/stores", "info.stores"),
    Route("GET /v2/info/stores/detail", "info.stores_detail", "stores_info_detail"),
    Route("GET /v2/info/usage", "info.usage"),
    Route("DELETE /v2/stores/{store_id}/{image_id}", "stores.delete"),
    Route("GET /v2/metadefs/namespaces", "metadefs.namespaces", "get_metadef_namespaces"),
    Route("POST /v2/metadefs/namespaces", "metadefs.create_namespace", "add_metadef_namespace"),
    Route("GET /v2/metadefs/namespaces/{namespace}", "metadefs.show_namespace", "get_metadef_namespaces"),
    Route("GET /v2/metadefs/resource_types", "metadefs.resource_types", "get_metadef_namespaces"),
]
