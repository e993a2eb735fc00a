"""What a guest would have written to its serial port while it booted: none runs, so it is made up from what is known.

Interface: `boot_log(instance)`.
Invariants: the same instance writes the same; its address, name, memory and processors are the instance's own.
Upstream: the serial port's file that nova/virt/libvirt/driver.py reads; the words are those of a small Linux image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from oslearn.core.nova.objects import VIF, Instance

METADATA = "http://169.254.169.254/2009-04-04"
KERNEL = "5.15.0-117-generic"
TICK = 0.041963
"""Seconds between two lines of the kernel."""


def boot_log(instance: Instance) -> str:
    """The whole log, from the kernel's first line to the prompt."""
    kernel = [f"[{number * TICK:12.6f}] {line}" for number, line in enumerate(_kernel(instance))]
    return "\n".join([*kernel, *_userland(instance, len(kernel) * TICK)])


def _kernel(instance: Instance) -> Iterator[str]:
    memory = instance["memory_mb"] * 1024
    yield f"Linux version {KERNEL} (x86_64) #127-Ubuntu SMP"
    yield "Command line: LABEL=cirros-rootfs ro console=tty1 console=ttyS0"
    yield "BIOS-provided physical RAM map:"
    yield f"BIOS-e820: [mem 0x0000000000100000-{memory * 1024 - 1:#018x}] usable"
    yield "DMI: OpenStack Foundation OpenStack Nova, BIOS 1.16.2-1 04/01/2014"
    yield "Hypervisor detected: KVM"
    yield "tsc: Detected 2593.906 MHz processor"
    yield f"smpboot: Allowing {instance['vcpus']} CPUs, 0 hotplug CPUs"
    yield f"Memory: {memory * 9 // 10}K/{memory}K available"
    yield "PCI: Using configuration type 1 for base access"
    yield "SCSI subsystem initialized"
    yield "NET: Registered PF_INET6 protocol family"
    yield "Trying to unpack rootfs image as initramfs..."
    yield "Serial: 8250/16550 driver, 32 ports, IRQ sharing enabled"
    yield "00:00: ttyS0 at I/O 0x3f8 (irq = 4, base_baud = 115200) is a 16550A"
    yield f"virtio_blk virtio1: [vda] {instance['root_gb'] << 21} 512-byte logical blocks ({instance['root_gb']} GiB)"
    for number, vif in enumerate(instance["network_info"]):
        yield f"virtio_net virtio{number + 2} eth{number}: address {vif['mac_address']}"
    yield "EXT4-fs (vda1): mounted filesystem with ordered data mode. Opts: (null)"
    yield "Freeing unused kernel image (initmem) memory: 2648K"
    yield "Run /init as init process"


def _userland(instance: Instance, uptime: float) -> Iterator[str]:
    yield f"info: initramfs: up at {uptime:.2f}"
    yield "info: copying initramfs to /dev/vda1"
    yield "info: initramfs loading root from /dev/vda1"
    yield f"info: /etc/init.d/rc.sysinit: up at {uptime + 0.4:.2f}"
    yield "Starting syslogd: OK"
    yield "Starting network..."
    for number, vif in enumerate(instance["network_info"]):
        yield from _network(number, vif)
    yield from _metadata(instance, uptime + 2.2)
    yield "=== system information ==="
    yield "Platform: OpenStack Foundation OpenStack Nova"
    yield "Arch: x86_64"
    yield f"CPU(s): {instance['vcpus']} @ 2593.906 MHz"
    yield f"RAM Size: {instance['memory_mb']}MB"
    yield f"vda {instance['root_gb'] << 30}"
    yield "=== sshd host keys ==="
    yield "-----BEGIN SSH HOST KEY KEYS-----"
    digest = hashlib.sha256(instance["uuid"].encode()).hexdigest()
    yield f"ssh-ed25519 {digest} root@{_host(instance)}"
    yield "-----END SSH HOST KEY KEYS-----"
    yield f"=== cirros: current=0.6.2 uptime={uptime + 2.9:.2f} ==="
    yield "Log in as the user cirros; sudo makes you root."
    yield f"{_host(instance)} login: "


def _network(number: int, vif: VIF) -> Iterator[str]:
    """A lease for a port's address, from the server that its subnet has."""
    yield f"ip link set up dev eth{number}"
    yield f"dhcpcd-9.4.1 starting on eth{number}"
    subnets = {subnet["cidr"]: subnet for subnet in vif["subnets"]}
    for address, (cidr, subnet) in zip(vif["fixed_ips"], subnets.items(), strict=False):
        yield f"eth{number}: offered {address} from {subnet['dhcp_server'] or subnet['gateway']}"
        yield f"eth{number}: leased {address} for 86400 seconds"
        yield f"eth{number}: adding route to {cidr}"
        if subnet["gateway"]:
            yield f"eth{number}: adding default route via {subnet['gateway']}"
    if not vif["fixed_ips"]:
        yield f"eth{number}: no lease: the port has no address"


def _metadata(instance: Instance, uptime: float) -> Iterator[str]:
    if not any(vif["fixed_ips"] for vif in instance["network_info"]):
        yield f"failed to get {METADATA}: no network"
        return
    yield f"checking {METADATA}/instance-id"
    yield f"successful after 1/20 tries: up {uptime:.2f}. iid=i-{instance['id']:08x}"
    yield f"hostname: {_host(instance)}"


def _host(instance: Instance) -> str:
    return str(instance["hostname"] or "cirros")
