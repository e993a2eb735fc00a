"""`If-Match: revision_number=3`: a change of what somebody else has changed meanwhile is refused.

Interface: `check_revision(req, row)`.
Upstream: neutron/services/revisions/revision_plugin.py.
"""

from __future__ import annotations

from oslearn.core.oslo.http import Request
from oslearn.extensions.neutron import exceptions as e


def check_revision(req: Request, row: object) -> None:
    """Raises IfMatch..., RevisionNumberConstraintFailed."""
    tags = [tag.strip(' "') for tag in (req.get_header("If-Match") or "").split(",")]
    wanted = [tag.partition("=")[2] for tag in tags if tag.startswith("revision_number=")]
    if len(wanted) > 1:
        raise e.IfMatchSeveral()
    if wanted and not wanted[0].isdecimal():
        raise e.IfMatchNoNumber()
    current = getattr(row, "revision_number", None)
    if wanted and int(wanted[0]) != current:
        raise e.RevisionNumberConstraintFailed(exp=wanted[0], cur=current)
