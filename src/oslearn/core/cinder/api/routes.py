"""cinder-api's table of contents, as far as a boot goes, and who may ask.

Interface: `ROUTES`, with the project's id in the path or without; `RULES`.
Upstream: cinder/api/v3/router.py, cinder/policies/.
"""

from __future__ import annotations

from oslearn.core.cinder.api import schemas
from oslearn.core.oslo.policy import Rule, project_member, project_reader
from oslearn.core.oslo.route import Route

ATTACHMENT, SINCE = "volume:attachment_", (3, 27)
ROUTES = [
    # nova-api looks at a volume and reserves it; nova-compute connects it, and says that the guest has it.
    Route("GET /v3/volumes/{id}", "volumes.show_volume", "volume:get"),
    Route("POST /v3/attachments", "attachments.create_attachment", ATTACHMENT + "create",
          schemas.CREATE_ATTACHMENTS, since=SINCE),
    Route("PUT /v3/attachments/{id}", "attachments.update_attachment", ATTACHMENT + "update",
          schemas.UPDATE_ATTACHMENT, since=SINCE),
    Route("POST /v3/attachments/{id}/action", "attachments.act_on_attachment", ATTACHMENT + "complete", since=(3, 44)),

    # When the server goes, Nova ends what it finds of it.
    Route("GET /v3/attachments", "attachment_lists.index", "volume:get_all", since=SINCE),
    Route("DELETE /v3/attachments/{id}", "attachments.delete_attachment", ATTACHMENT + "delete", since=SINCE),
]  # fmt: skip
RULES: dict[str, Rule] = {
    "volume:get": project_reader,
    "volume:get_all": project_reader,
    **{ATTACHMENT + verb: project_member for verb in ("create", "update", "complete", "delete")},
}
