"""What an error leaves behind on an instance. Upstream: nova/compute/utils.py, `add_instance_fault_from_exc`."""

from __future__ import annotations

from typing import Any

from oslearn.oslo.exception import OpenStackError

MAX_MESSAGE = 255


def why(error: Exception) -> str:
    """What went wrong: of another service's refusal its own words, of an unforeseen error its class as well."""
    if isinstance(error, OpenStackError):
        return str(error)
    try:
        answer = error.response.json()  # type: ignore[attr-defined]
        return str(next(iter(answer.values()))["message"])
    except (AttributeError, KeyError, TypeError, ValueError, StopIteration):
        return f"{type(error).__name__}: {error}"


def as_fault(error: Exception) -> dict[str, Any]:
    """Code, message and details of a fault. An unforeseen error shows its class, as upstream does."""
    code, message = 500, str(error) if isinstance(error, OpenStackError) else type(error).__name__
    dropped = getattr(error, "values", {}).get("dropped", {})
    details = "\n".join(f"{host}: {why}" for host, why in dropped.items()) or f"{type(error).__name__}: {error}"
    return {"code": code, "message": message[:MAX_MESSAGE], "details": details}
