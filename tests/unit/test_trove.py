"""Trove: a database server is a server of Nova and a volume of Cinder; a backup is an object of Swift."""

from __future__ import annotations

from typing import Any

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import Lab


class Databases:
    """The user demo at Trove's API."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.cloud, self.demo = lab, lab.cloud, lab.cloud.connect("demo")

    def call(self, where: str, body: Any = None, project: str | None = None) -> Any:
        method, path = where.split()
        url = f"{self.cloud.config.endpoint('database')}/v1.0/{project or self.demo.project_id}/{path}"
        return self.demo.session.request(url, method, json=body, raise_exc=False)

    def ok(self, where: str, body: Any = None) -> Any:
        reply = self.call(where, body)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None

    def refused(self, code: int, where: str, body: Any = None) -> str:
        reply = self.call(where, body)
        assert reply.status_code == code, reply.text
        (fault,) = reply.json().values()
        return str(fault["message"])

    def create(self, **values: Any) -> str:
        wanted = {"name": "db", "flavorRef": 1, "volume": {"size": 1}, "nics": [{"network_id": self.lab.network_id}]}
        return str(self.ok("POST instances", {"instance": wanted | values})["instance"]["id"])

    def show(self, id: str) -> Any:
        return self.ok(f"GET instances/{id}")["instance"]

    def act(self, id: str, **action: Any) -> None:
        assert self.call(f"POST instances/{id}/action", action).status_code == 202

    def servers(self) -> list[Any]:
        return list(self.demo.compute.get("/servers/detail").json()["servers"])

    def volumes(self) -> list[Any]:
        found = self.demo.volume.get(f"/{self.demo.project_id}/volumes/detail").json()["volumes"]
        return [volume for volume in found if volume["name"].startswith("trove-")]


@pytest.fixture(scope="module")
def trove() -> Databases:
    config = Config(password_hash_cost=16, flow="current")
    return Databases(Lab.prepare(Cloud(config, seed=7)))


@pytest.fixture(scope="module")
def db(trove: Databases) -> str:
    """An instance with a database and a user."""
    user = {"name": "ann", "password": "secret-Pass", "databases": [{"name": "shop"}]}
    return trove.create(databases=[{"name": "shop"}], users=[user])


def test_datastores_and_flavors(trove: Databases) -> None:
    found = {store["name"]: store for store in trove.ok("GET datastores")["datastores"]}
    assert {"mysql", "postgresql"} <= found.keys()
    mysql = trove.ok("GET datastores/mysql")["datastore"]
    assert mysql == found["mysql"] == trove.ok(f"GET datastores/{mysql['id']}")["datastore"]
    (version, _) = trove.ok("GET datastores/mysql/versions")["versions"]
    assert (version["name"], version["id"]) == ("8.0", mysql["default_version"])
    for path in (f"datastores/versions/{version['id']}", "datastores/mysql/versions/8.0"):
        assert trove.ok(f"GET {path}")["version"] == version
    assert trove.refused(404, "GET datastores/dbase") == "Datastore 'dbase' cannot be found."
    assert trove.refused(404, "GET datastores/mysql/versions/3") == "Datastore version '3' cannot be found."
    nano, tiny = trove.ok("GET flavors")["flavors"][:2]
    assert (nano["id"], nano["str_id"], tiny["id"], tiny["name"]) == (None, "0", 1, "m1.tiny")


def test_an_instance_is_a_server_with_a_volume(trove: Databases, db: str) -> None:
    shown = trove.show(db)
    assert (shown["status"], shown["operating_status"], shown["volume"]) == ("ACTIVE", "HEALTHY", {"size": 1})
    assert shown["datastore"] == {"type": "mysql", "version": "8.0", "version_number": "8.0"}
    (server,), (volume,) = trove.servers(), trove.volumes()
    assert server["metadata"] == {"trove_instance_id": db}
    assert shown["ip"] == [address["addr"] for address in server["addresses"]["selfservice"]]
    assert (volume["name"], volume["attachments"][0]["server_id"]) == (f"trove-{db}", server["id"])


def test_no_password_is_kept(trove: Databases, db: str) -> None:
    assert "secret-Pass" not in str([event.payload for event in trove.cloud.trace])
    assert trove.ok(f"GET instances/{db}/users")["users"] == [
        {"name": "ann", "host": "%", "databases": [{"name": "shop"}]}
    ]


def test_databases_and_users(trove: Databases, db: str) -> None:
    path = f"instances/{db}"
    trove.ok(f"POST {path}/databases", {"databases": [{"name": "blog"}]})
    text = 'A database with the name "blog" already exists.'
    assert trove.refused(400, f"POST {path}/databases", {"databases": [{"name": "blog"}], "x": 1}) == text
    trove.ok(f"POST {path}/users", {"users": [{"name": "bob", "password": "p"}]})
    trove.ok(f"PUT {path}/users/bob/databases", {"databases": [{"name": "blog"}, {"name": "shop"}]})
    trove.ok(f"DELETE {path}/users/bob@%/databases/shop")
    assert trove.ok(f"GET {path}/users/bob/databases") == {"databases": [{"name": "blog"}]}
    trove.ok(f"DELETE {path}/databases/blog")
    assert trove.ok(f"GET {path}/users/bob")["user"]["databases"] == []
    trove.ok(f"DELETE {path}/users/bob")
    assert trove.refused(404, f"DELETE {path}/users/bob") == "User bob cannot be found on the instance."
    assert trove.refused(404, f"DELETE {path}/databases/blog") == "Database blog cannot be found on the instance."
    assert trove.ok(f"GET {path}/databases") == {"databases": [{"name": "shop"}]}


def test_resize_and_restart(trove: Databases) -> None:
    id = trove.create()
    trove.act(id, resize={"volume": {"size": 3}})
    assert [volume["size"] for volume in trove.volumes() if volume["name"] == f"trove-{id}"] == [3]
    trove.act(id, resize={"flavorRef": "2"})
    trove.act(id, restart={})
    shown = trove.show(id)
    assert (shown["status"], shown["volume"], shown["flavor"]["id"]) == ("ACTIVE", {"size": 3}, "2")
    act = f"POST instances/{id}/action"
    text = "The new volume 'size' must be larger than the current volume size of '3'."
    assert trove.refused(400, act, {"resize": {"volume": {"size": 3}}}) == text
    text = "No change was requested in the size of the instance."
    assert trove.refused(400, act, {"resize": {"flavorRef": 2}}) == text
    trove.act(id, reset_status={})
    assert trove.refused(422, act, {"restart": {}}).endswith("(Status was ERROR).")
    assert trove.call(f"DELETE instances/{id}").status_code == 202
    assert trove.refused(404, f"GET instances/{id}") == f"Resource {id} cannot be found."
    assert id not in str(trove.servers()) + str(trove.volumes())


def test_backup_and_restore(trove: Databases, db: str) -> None:
    made = trove.ok("POST backups", {"backup": {"name": "b", "instance": db}})["backup"]
    assert made["status"] == "NEW"
    backup = trove.ok(f"GET backups/{made['id']}")["backup"]
    assert backup["status"] == "COMPLETED"
    stored = trove.demo.session.get(backup["locationRef"])
    assert stored.json()["databases"] == ["shop"]
    copy = trove.create(restorePoint={"backupRef": made["id"]})
    for part in ("databases", "users"):
        assert trove.ok(f"GET instances/{copy}/{part}") == trove.ok(f"GET instances/{db}/{part}")
    assert trove.ok(f"GET instances/{db}/backups")["backups"] == trove.ok("GET backups")["backups"] == [backup]
    trove.ok(f"DELETE backups/{made['id']}")
    assert trove.ok("GET backups") == {"backups": []}
    assert trove.demo.session.get(backup["locationRef"], raise_exc=False).status_code == 404
    trove.ok(f"DELETE instances/{copy}")


def test_what_fails_elsewhere_is_told(trove: Databases) -> None:
    trove.cloud.stop("cinder-volume")
    id = trove.create()
    trove.cloud.start("cinder-volume")
    shown = trove.show(id)
    assert (shown["status"], shown["fault"]["message"]) == ("ERROR", "Failed to create volume.")
    trove.ok(f"DELETE instances/{id}")
    assert trove.refused(404, f"GET instances/{id}") == f"Resource {id} cannot be found."


@pytest.mark.parametrize(("values", "code", "text"), [
    ({"flavorRef": "77"}, 404, "Resource 77 cannot be found."),
    ({"datastore": {"type": "dbase"}}, 404, "Datastore 'dbase' cannot be found."),
    ({"restorePoint": {"backupRef": "x"}}, 404, "Resource x cannot be found."),
    ({"volume": {"size": 0}}, 400, "0 is less than the minimum of 1"),
    ({"nics": [{"ip_address": "1.2.3.4"}]}, 400, "Network or subnet is not provided."),
    ({"nics": [{"network_id": "n", "subnet_id": "s"}]}, 400, "subnet_id is left out of this cloud"),
    ({"replica_of": "x"}, 400, "replica_of is left out of this cloud"),
    ({"configuration": "x"}, 400, "configuration is left out of this cloud"),
    ({"modules": [{"id": "x"}]}, 400, "modules is left out of this cloud"),
])  # fmt: skip
def test_bad_instances(trove: Databases, values: dict[str, Any], code: int, text: str) -> None:
    wanted = {"name": "db", "flavorRef": "1", "volume": {"size": 1}} | values
    assert text in trove.refused(code, "POST instances", {"instance": wanted})


def test_a_network_may_be_called_as_clients_called_it_first(trove: Databases) -> None:
    before = len(trove.servers())
    id = trove.create(nics=[{"net-id": trove.lab.network_id}])
    assert (trove.show(id)["status"], len(trove.servers())) == ("ACTIVE", before + 1)
    trove.ok(f"DELETE instances/{id}")


def test_lists_are_paged(trove: Databases, db: str) -> None:
    page = trove.ok("GET instances?limit=1")
    assert len(page["instances"]) == 1
    others = trove.ok("GET instances?marker=" + page["instances"][0]["id"])["instances"]
    assert {one["id"] for one in (*page["instances"], *others)} >= {db}
    assert trove.call("GET instances", project="x").status_code == 403


def test_root(trove: Databases, db: str) -> None:
    path = f"instances/{db}/root"
    assert trove.ok(f"GET {path}") == {"rootEnabled": False}
    assert trove.refused(404, f"DELETE {path}") == "Root user has never been enabled on the instance."
    first = trove.ok(f"POST {path}")["user"]
    assert (first["name"], len(first["password"])) == ("root", 36)
    assert trove.ok(f"GET {path}") == {"rootEnabled": True}
    assert trove.ok(f"POST {path}", {"password": "my-own"}) == {"user": {"name": "root", "password": "my-own"}}
    assert "my-own" not in str(trove.cloud.trace.events), "nobody keeps it"
    reply = trove.call(f"DELETE {path}")
    assert (reply.status_code, reply.content) == (204, b"")
    assert trove.ok(f"GET {path}") == {"rootEnabled": False}
    trove.refused(404, "GET instances/nothing/root")


def test_an_instance_gets_another_name(trove: Databases, db: str) -> None:
    old = trove.show(db)["name"]
    for method, name in (("PUT", "new"), ("PATCH", old)):
        assert trove.call(f"{method} instances/{db}", {"instance": {"name": name}}).status_code == 202
        assert trove.show(db)["name"] == name
    trove.ok(f"PUT instances/{db}", {"instance": {"access": {"is_public": True}}})
    assert trove.show(db)["access"] == {"is_public": True}
    trove.ok(f"PUT instances/{db}", {"instance": {"access": {"is_public": False}}})
    assert "left out" in trove.refused(400, f"PUT instances/{db}", {"instance": {"configuration": "x"}})
    trove.refused(400, f"PUT instances/{db}", {"instance": {"name": ""}})
    trove.refused(404, "PUT instances/nothing", {"instance": {"name": "x"}})


def test_a_user_gets_another_name_host_and_password(trove: Databases, db: str) -> None:
    path, bob = f"instances/{db}/users", {"name": "bob", "password": "x"}
    assert trove.call(f"POST {path}", {"users": [bob, bob | {"name": "eve"}]}).status_code == 202
    assert trove.call(f"PUT {path}/bob", {"user": {"name": "rob", "host": "10.0.0.1"}}).status_code == 202
    rob = trove.ok(f"GET {path}/rob")["user"]
    assert (rob["name"], rob["host"]) == ("rob", "10.0.0.1")
    trove.refused(404, f"PUT {path}/bob", {"user": {"password": "y"}})
    text = trove.refused(400, f"PUT {path}/rob", {"user": {"name": "eve"}})
    assert text == 'A user with the name "eve" already exists.'
    assert trove.call(f"PUT {path}", {"users": [bob | {"name": "eve", "password": "z"}]}).status_code == 202
    trove.refused(404, f"PUT {path}", {"users": [bob]})
    for body in ({"user": {}}, {"user": {"name": "a b/c"}}, {"users": []}):
        trove.refused(400, f"PUT {path}/rob", body)
    for name in ("rob", "eve"):
        trove.ok(f"DELETE {path}/{name}")
