"""Who may do what with images, members and tasks.

Interface: `RULES`, beside those of the core; `ImagePolicy` asks them about an image.
Upstream: glance/policies/, glance/api/v2/policy.py.
"""

from __future__ import annotations

from oslearn.core.glance.models import Image
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import Subject


def is_member(context: RequestContext, target: Subject) -> bool:
    """The project that a shared image is shared with."""
    return context.project_id is not None and context.project_id == target.get("member_id")


def download_image(context: RequestContext, target: Subject) -> bool:
    """Members download what they see; readers do not."""
    return policy.project_member(context, {"project_id": context.project_id})


def get_member(context: RequestContext, target: Subject) -> bool:
    """The owner's project and the one that it is shared with."""
    return policy.project_reader(context, target) or is_member(context, target)


def modify_member(context: RequestContext, target: Subject) -> bool:
    """Only who the image is shared with accepts it."""
    return context.is_admin or (is_member(context, target) and download_image(context, target))


MEMBER = ("add_image", "modify_image", "upload_image", "delete_image", "deactivate", "reactivate", "communitize_image",
          "add_member", "delete_member")  # fmt: skip
RULES: dict[str, policy.Rule] = {
    **dict.fromkeys(MEMBER, policy.project_member),
    "publicize_image": policy.admin,
    "copy_image": policy.admin,
    "delete_image_location": policy.admin,
    "download_image": download_image,
    "get_member": get_member,
    "get_members": get_member,
    "modify_member": modify_member,
    "tasks_api_access": policy.admin,
    "get_metadef_namespaces": policy.project_reader,
    "add_metadef_namespace": policy.admin,
    "stores_info_detail": policy.admin_or_service,
}


class ImagePolicy:
    """The questions that a handler asks once it has the image; what needs none stands in the table of routes."""

    def __init__(self, enforcer: policy.Enforcer) -> None:
        self.enforcer = enforcer

    def enforce(self, req: Request, action: str, image: Image | None = None, **target: object) -> None:
        """Let pass or refuse. Raises PolicyNotAuthorized."""
        self.enforcer.enforce(req.caller, action, ({"project_id": image.owner} if image else {}) | target)

    def enforce_visibility(self, req: Request, visibility: str | None, owner: str | None) -> None:
        """What everybody may see takes a right of its own. Raises PolicyNotAuthorized."""
        action = {"public": "publicize_image", "community": "communitize_image"}.get(visibility or "")
        if action:
            self.enforce(req, action, project_id=owner)
