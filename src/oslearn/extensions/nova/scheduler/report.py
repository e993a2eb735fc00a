"""Nova's client of Placement: claims that move, and traits.

Interface: `ExtendedReportClient`.
Upstream: nova/scheduler/client/report.py.
"""

from __future__ import annotations

from oslearn.core.nova.scheduler.report import SchedulerReportClient


class ExtendedReportClient(SchedulerReportClient):
    """Placement, as moves and operators need it."""

    def move_allocations(self, source: str, target: str) -> None:
        """Let another consumer have what one has claimed. Raises TransportError."""
        known, other = self.get_allocs_for_consumer(source), self.get_allocs_for_consumer(target)
        if not known["allocations"]:
            return
        owner = {key: known[key] for key in ("project_id", "user_id")}
        kept = {uuid: {"resources": one["resources"]} for uuid, one in known["allocations"].items()}
        body = {
            source: {"allocations": {}, "consumer_generation": known["consumer_generation"], **owner},
            target: {"allocations": kept, "consumer_generation": other.get("consumer_generation"), **owner},
        }
        self.request("POST", "/allocations", "1.28", body)

    def put_allocations(self, uuid: str, wanted: dict[str, dict[str, int]], project_id: str, user_id: str) -> None:
        """Have a consumer claim this, by provider, and nothing else. Raises TransportError."""
        if not wanted:
            return self.delete_allocation_for_instance(uuid)
        request = {"allocations": {provider: {"resources": amounts} for provider, amounts in wanted.items()}}
        known = self.get_allocs_for_consumer(uuid)
        owner = {"project_id": project_id, "user_id": user_id}
        body = request | owner | {"consumer_generation": known.get("consumer_generation")}
        self.request("PUT", f"/allocations/{uuid}", "1.28", body)
        return None

    def set_trait(self, provider: str, trait: str, wanted: bool) -> None:
        """Put a trait on a provider or take it off. Raises TransportError."""
        path = f"/resource_providers/{provider}/traits"
        known = self.request("GET", path, "1.6").json()
        traits = [name for name in known["traits"] if name != trait] + ([trait] if wanted else [])
        if set(traits) != set(known["traits"]):
            self.request("PUT", path, "1.6", known | {"traits": traits})
