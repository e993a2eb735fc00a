"""`oslearn serve --data`: a cloud that was killed comes back with everything that it had answered."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1.adapter import Adapter
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from oslearn.port import settings
from oslearn.port.folder import Folder, FolderError

PATHS = {"compute": "compute/v2.1", "image": "image/v2", "network": "networking/v2.0", "identity": "identity/v3"}


class Served:
    """A serving process on a folder, and its user demo."""

    def __init__(self, folder: Path) -> None:
        words = [sys.executable, "-m", "oslearn", "serve", "--port", "0", "--hosts", "1", "--data", "data"]
        self.process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert "answers at" in self.process.stdout.readline()
        self.clouds = settings.read(folder / "clouds.yaml")

    def user(self, name: str = "demo", **changes: str) -> Any:
        auth = self.clouds["clouds"][f"oslearn-{name}"]["auth"] | changes
        session = Session(Password(**auth))
        kinds = {
            "compute": "compute/v2.1",
            "image": "image/v2",
            "network": "networking/v2.0",
            "identity": "identity/v3",
        }
        url = self.clouds["oslearn"]["url"]
        return type("User", (), {k: Adapter(session, k, endpoint_override=f"{url}/{p}") for k, p in kinds.items()})

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.mark.parametrize("how", [signal.SIGKILL])
def test_nothing_that_was_answered_is_lost(tmp_path: Path, how: signal.Signals) -> None:
    first = Served(tmp_path)
    demo = first.user()
    network = demo.network.post("/networks", json={"network": {"name": "n"}}).json()["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}
    demo.network.post("/subnets", json={"subnet": subnet})
    image = demo.image.get("/images").json()["images"][0]["id"]
    data = demo.image.get(f"/images/{image}/file").content
    body = {"name": "vm1", "imageRef": image, "flavorRef": "1", "networks": [{"uuid": network}]}
    server = demo.compute.post("/servers", json={"server": body}).json()["server"]["id"]
    shown = demo.compute.get(f"/servers/{server}").json()["server"]
    user_id = demo.identity.get_user_id()
    change = {
        "user": {"original_password": first.clouds["clouds"]["oslearn-demo"]["auth"]["password"], "password": "new1"}
    }
    demo.identity.post(f"/users/{user_id}/password", json=change)
    first.end(how)

    second = Served(tmp_path)
    demo = second.user(password="new1")
    assert shown["status"] == "ACTIVE"
    again = demo.compute.get(f"/servers/{server}").json()["server"]
    for name in ("status", "name", "addresses", "created", "OS-EXT-STS:power_state", "hostId"):
        assert again[name] == shown[name]
    assert demo.image.get(f"/images/{image}/file").content == data
    assert len(demo.image.get("/images").json()["images"]) == 1
    assert len(second.user("admin").compute.get("/os-hypervisors").json()["hypervisors"]) == 1
    demo.compute.post(f"/servers/{server}/action", json={"os-stop": None})
    assert demo.compute.get(f"/servers/{server}").json()["server"]["status"] == "SHUTOFF"
    demo.compute.delete(f"/servers/{server}")
    assert demo.compute.get("/servers").json()["servers"] == []
    second.end(signal.SIGINT)


def test_a_folder_is_for_its_owner_and_for_one_cloud_at_a_time(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.keep({"admin": "secret", "demo": "other"})
    assert folder.passwords == {"admin": "secret", "demo": "other"}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "passwords.json").stat().st_mode) == 0o600
    with pytest.raises(FolderError, match="another"):
        Folder(tmp_path / "data")
