"""What an error leaves behind on an instance. Upstream: nova/compute/utils.py, `add_instance_fault_from_exc`."""

from __future__ import annotations

from oslearn.core.nova.objects import Fault
from oslearn.core.oslo.exception import OpenStackError

MAX_MESSAGE = 255


def as_fault(error: Exception) -> Fault:
    """Code, message and details of a fault. An unforeseen error shows its class, as upstream does."""
    code, message = 500, str(error) if isinstance(error, OpenStackError) else type(error).__name__
    dropped = getattr(error, "values", {}).get("dropped", {})
    details = "\n".join(f"{host}: {why}" for host, why in dropped.items()) or f"{type(error).__name__}: {error}"
    return {"code": code, "message": message[:MAX_MESSAGE], "details": details}
