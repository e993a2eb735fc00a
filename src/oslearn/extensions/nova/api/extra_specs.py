"""What the extra specs that Nova knows may say, from 2.86 on.

Interface: `validate(name, value)`.
Invariants: a name without a namespace, or with one that nobody knows, is an operator's own business.
Upstream: nova/api/validation/extra_specs/. Left out: descriptions, and the specs of hypervisors other than libvirt's.
"""

from __future__ import annotations

import re

from oslearn.core.oslo.exception import ValidationError
from oslearn.extensions.oslo.strutils import strict_bool

CPUS, GROUP, ANY = r"\^?\d++((-\d++)?+(,\^?\d++(-\d++)?+)?+)*+", "([a-zA-Z0-9_-]{1,64})?", ".*"
Said = type[bool] | list[str] | str | tuple[int | None, int | None]
SPECS: dict[str, Said] = {
    "hide_hypervisor_id|hw:(hide_hypervisor_id|cpu_realtime|boot_menu|mem_encryption|pmu|locked_memory)": bool,
    "group_policy": ["isolate", "none"],
    "hw:(cpu_realtime_mask|cpu_dedicated_mask|numa_cpus\\.\\d+)": CPUS,
    "hw:cpu_policy": ["dedicated", "shared", "mixed"],
    "hw:cpu_thread_policy": ["prefer", "isolate", "require"],
    "hw:emulator_threads_policy": ["isolate", "share"],
    "hw:mem_page_size": r"(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)",
    "hw:(numa_nodes|numa_mem\\.\\d+|(max_)?cpu_(sockets|cores|threads))": (1, None),
    "hw:pci_numa_affinity_policy": ["required", "preferred", "legacy", "socket"],
    "hw:pmem": "([a-zA-Z0-9_]++(,)?)+",
    "hw:serial_port_count|hw:vif_multiqueue_enabled": (0, None),
    "hw:tpm_model": ["tpm-tis", "tpm-crb"],
    "hw:tpm_version": ["1.2", "2.0"],
    "hw:watchdog_action": ["none", "pause", "poweroff", "reset", "disabled"],
    "hw:(machine_type|maxphysaddr_mode|maxphysaddr_bits|viommu_model|input_bus|ephemeral_encryption.*)": ANY,
    "hw_rng:allowed": bool,
    "hw_rng:rate_(bytes|period)|hw_video:ram_max_mb": (0, None),
    "os:secure_boot": ["disabled", "optional", "required"],
    "os:.*": ANY,
    "quota:(cpu|memory|disk_io|vif)_(limit|reservation|shares_share)": (None, None),
    "quota:(cpu|memory|disk_io|vif)_shares_level": ANY,
    "quota:(cpu_(shares|period|quota)|disk_(read|write|total)_(bytes|iops)_sec(_max)?)": (0, None),
    "quota:vif_(inbound|outbound)_(average|peak|burst)": (0, None),
    f"resources{GROUP}:(VCPU|PCPU|MEMORY_MB|DISK_GB|VGPU|PCI_DEVICE|[A-Z_]+_[A-Z0-9_]+)": (None, None),
    f"trait{GROUP}:[a-zA-Z0-9_]+": ["required", "forbidden"],
    "accel:device_profile|pci_passthrough:alias|vmware:.*": ANY,
    "(aggregate_instance_extra_specs|capabilities):.+": ANY,
}
"""Truth, least and most, the words there are, or the pattern, by what the name looks like.

`++` gives nothing back once it has taken it, so that a value of many parts is read once.
"""
KNOWN = (
    "accel", "aggregate_instance_extra_specs", "capabilities", "hw", "hw_rng", "hw_video", "os", "pci_passthrough",
    "quota", f"resources{GROUP}", f"trait{GROUP}", "vmware",
)  # fmt: skip


def validate(name: str, value: str) -> None:
    """Whether a known extra spec may say that. Raises ValidationError."""
    for pattern, rule in SPECS.items():
        if re.fullmatch(pattern, name):
            why = fault(rule, value)
            if why:
                raise ValidationError(f"Validation failed; '{value}' is {why}.")
            return
    if ":" in name and re.fullmatch("|".join(KNOWN), name.partition(":")[0]):
        raise ValidationError(f"Validation failed; extra spec '{name}' does not appear to be a valid extra spec.")


def fault(rule: Said, value: str) -> str | None:
    """What a value is that it must not be."""
    if isinstance(rule, str):
        shown = re.sub("([+?*])[+]", r"\1", rule)
        return None if re.fullmatch(rule, value) else f"not of the format '{shown}'"
    if isinstance(rule, list):
        return None if value in rule else f"not one of: {', '.join(rule)}"
    if rule is bool:
        try:
            strict_bool(value)
        except ValueError:
            return "not a valid boolean-like value"
        return None
    least = rule[0]
    if not re.fullmatch(r"\s*[-+]?\d+\s*", value):
        return "not a valid integer value"
    return f"less than the min value of '{least}'" if least is not None and int(value) < least else None
