"""What the checks of day 2 look at."""

from __future__ import annotations

from collections.abc import Iterator

from oslearn.course.labs.checks.registry import check
from oslearn.course.labs.look import Finding, Look, finding


@check("day2.2")
def a_volume_for_the_week(look: Look) -> Iterator[Finding]:
    """A volume `backup` of 3 GiB with its description."""
    found = look.one("volume show backup")
    volume, size = found or {}, (found or {}).get("size", 0)
    make = "volume create --size 3 --description weekly backup"
    larger = ["volume set --size 3 backup"] if size < 3 else ["volume delete backup", make]  # none can be made smaller
    yield finding(found, "there is a volume named backup", repair=make)
    yield finding(size == 3, "its size is 3 GiB", found and f"{size} GiB", larger if found else ())
    text, again = volume.get("description"), found and size <= 3
    describe = "volume set --description weekly backup" if again else ()
    yield finding(text == "weekly", "its description is weekly", found and (text or "none"), describe)


@check("day2.3")
def a_volume_that_goes_with_its_server(look: Look) -> Iterator[Finding]:
    """A volume `logs` on `vm1`, to be deleted with it."""
    volume = look.one("volume show logs") or {}
    mine = [one for one in look.all("server volume list vm1") if volume and one["Volume ID"] == volume["id"]]
    sized = volume.get("size") == 1
    off = ["server remove volume vm1 logs"] if mine else []
    anew = [*off, *(["volume delete logs"] if volume else []), "volume create --size 1 logs"]
    yield finding(sized, "there is a volume named logs, of 1 GiB", volume and f"{volume['size']} GiB", anew)
    mine = mine if sized else []
    add = "server add volume --enable-delete-on-termination vm1 logs"
    yield finding(mine, "it is attached to vm1", volume.get("status"), add)
    goes = mine and mine[0]["Delete On Termination?"]
    again = ["server remove volume vm1 logs", add] if mine else ()
    yield finding(goes, "it is deleted together with the server", mine and "it stays when the server goes", again)


@check("day2.5")
def a_volume_from_a_snapshot(look: Look) -> Iterator[Finding]:
    """A volume `work2` that was made from the snapshot `friday` of the volume `work`."""
    work, snapshot = look.one("volume show work") or {}, look.one("volume snapshot show friday") or {}
    work2 = look.one("volume show work2") or {}
    size = work.get("size")
    yield finding(size == 1, "there is a volume named work, of 1 GiB", size and f"{size} GiB",
                  [*(["volume delete --purge work"] if work else []), "volume create --size 1 work"])  # fmt: skip
    of_work = work and snapshot.get("volume_id") == work.get("id")
    other = ["volume snapshot delete friday"] if snapshot else []
    take = [*other, "volume snapshot create --volume work friday"]
    yield finding(of_work, "it has a snapshot named friday", snapshot and "one of another volume", take)
    made = of_work and work2.get("snapshot_id") == snapshot.get("id")
    make = "volume create --snapshot friday --size 1 work2"
    again = ["volume delete work2", make] if work2 else [make]
    found = work2 and ("one from another snapshot" if work2.get("snapshot_id") else "one that was made from none")
    yield finding(made, "the volume work2 was made from that snapshot", found, again)


@check("day2.5", 2)
def a_copy_elsewhere(look: Look) -> Iterator[Finding]:
    """A backup `offsite` of the volume `ledger`."""
    volume, backup = look.one("volume show ledger") or {}, look.one("volume backup show offsite") or {}
    snapshot = look.one("volume snapshot show offsite")
    yield finding(volume, "there is a volume named ledger", repair="volume create --size 1 ledger")
    of_it = volume and backup.get("volume_id") == volume.get("id")
    found = "a backup of another volume" if backup else snapshot and "a snapshot, which lies beside its volume"
    drop = ["volume backup delete offsite"] if backup else []
    make = [*drop, "volume backup create --name offsite ledger"]
    yield finding(of_it, "it has a backup named offsite", found, make)
    status = backup.get("status")
    yield finding(of_it and status == "available", "the backup is available", status)


@check("day2.6")
def a_volume_that_moved(look: Look) -> Iterator[Finding]:
    """A volume `suitcase` on the server `mover`, and not on `vm1`."""
    volume, server = look.one("volume show suitcase") or {}, look.one("server show mover") or {}
    make = "server create --flavor m1.nano --image cirros --network selfservice --wait mover"
    yield finding(volume, "there is a volume named suitcase", repair="volume create --size 1 suitcase")
    yield finding(server, "there is a server named mover", repair=make)
    on = {name: [one["Volume ID"] for one in look.all(f"server volume list {name}")] for name in ("vm1", "mover")}
    holders = [name for name, ids in on.items() if volume and volume["id"] in ids]
    take = ["server remove volume vm1 suitcase"] if "vm1" in holders else []
    found = f"it is attached to {' and '.join(holders)}" if holders else volume.get("status")
    right = holders == ["mover"]
    yield finding(right, "the volume is attached to mover", found, [*take, "server add volume mover suitcase"])


@check("day2.7")
def a_server_on_a_volume(look: Look) -> Iterator[Finding]:
    """A server `keeper` whose root disk is a volume of 2 GiB."""
    server = look.one("server show keeper") or {}
    running = server.get("status") == "ACTIVE"
    mine = [v for v in look.all("volume list --long") if server and server["id"] in str(v["Attached to"])]
    root = [v for v in mine if str(v["Bootable"]).lower() == "true"]
    on_volume = root and "volume" in str(server.get("image"))  # else a copy of the image is its root
    right = on_volume and any(v["Size"] == 2 for v in root)
    make = "server create --flavor m1.tiny --image cirros --boot-from-volume 2 --network selfservice --wait keeper"
    again = ["server delete --wait keeper", make] if server else [make]  # a root disk cannot be exchanged
    state = server.get("status")
    yield finding(running, "there is a server named keeper, and it is ACTIVE", state, () if right else again)
    found = server and (f"a volume of {root[0]['Size']} GiB" if on_volume else "a disk of the flavor, and no volume")
    yield finding(right, "its root disk is a volume of 2 GiB", found, again if running else ())
