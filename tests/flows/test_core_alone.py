"""The core without its extensions starts on what a whole cloud left, and boots and shows a server."""

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.core.keystone.bootstrap import SERVICE_USERS
from oslearn.course.reference import Lab

PASSWORDS = dict.fromkeys(("admin", "demo", *SERVICE_USERS), "secret")


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_the_core_alone_boots_and_shows(flow, tmp_path):
    for name in ("data", "images"):
        (tmp_path / name).mkdir()
    config = Config(flow=flow, database_dir=str(tmp_path / "data"), image_dir=str(tmp_path / "images"))
    whole = Lab.prepare(Cloud(config, passwords=PASSWORDS))
    before = whole.boot()
    assert whole.cloud.connect("demo").compute.get(f"/servers/{before}").json()["server"]["status"] == "ACTIVE"
    lab = Lab(Cloud(config, passwords=PASSWORDS, extensions=False), whole.image_id, whole.network_id, "")
    user = lab.cloud.connect("demo")
    server = lab.boot(user, block_device_mapping_v2=None)
    assert user.compute.get(f"/servers/{server}").json()["server"]["status"] == "ACTIVE"
    assert {uuid for host in lab.cloud.hypervisors.values() for uuid in host.listAllDomains()} == {server, before}
    assert user.compute.get(f"/servers/{before}").json()["server"]["status"] == "ACTIVE"
