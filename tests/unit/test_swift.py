"""Swift's API, against shapes and messages of the recordings and of upstream's source."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from fake_auth import ADMIN, DEMO, OTHER, READER, Caller
from swift_client import A, C, Swift

RESELLER = Caller("service", "ResellerAdmin")


@pytest.fixture
def swift() -> Swift:
    swift = Swift()
    assert swift.code("PUT", C) == 201
    return swift


@pytest.fixture
def tree(swift: Swift) -> Swift:
    for name in ("a", "b/1", "b/2", "b/c/3", "c/", "d//4", "é"):
        assert swift.code("PUT", f"{C}/{name}", b"x") == 201
    return swift


def test_an_account_that_nobody_wrote_to_looks_empty() -> None:
    reply = Swift().do("GET", f"{A}?format=json")
    assert (reply.status_code, reply.json()) == (200, [])
    assert {"X-Put-Timestamp", "X-Timestamp"} <= reply.headers.keys()
    assert "Accept-Ranges" not in reply.headers


def test_the_recorded_headers_of_a_container(swift: Swift) -> None:
    swift.do("POST", C, X_Container_Meta_course="lab")
    reply = swift.do("HEAD", C)
    assert reply.status_code == 204
    assert dict(reply.headers) == {
        "content-type": "text/plain; charset=utf-8",
        "x-container-object-count": "0",
        "x-container-bytes-used": "0",
        "x-timestamp": "1767225600.00000",
        "X-Container-Meta-Course": "lab",
        "last-modified": "Thu, 01 Jan 2026 00:00:01 GMT",
        "accept-ranges": "bytes",
        "content-length": "0",
        "x-storage-policy": "Policy-0",
        "vary": "Accept",
        "x-trans-id": reply.headers["x-openstack-request-id"],
        "x-openstack-request-id": reply.headers["x-trans-id"],
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
    }
    assert len(reply.headers["X-Trans-Id"]) == len("txc4e8ba7fb1084c04b0e97-006b031137")


def test_an_object_comes_back_as_it_was(swift: Swift) -> None:
    data = bytes(range(256)) * 1000
    reply = swift.do("PUT", f"{C}/tiny.png", data, X_Object_Meta_Colour="red", Content_Disposition="inline")
    etag = hashlib.md5(data).hexdigest()
    assert (reply.status_code, reply.content, reply.headers["Etag"]) == (201, b"", etag)
    found = swift.do("GET", f"{C}/tiny.png")
    assert found.content == data
    assert {"Etag": etag, "Content-Type": "image/png", "X-Object-Meta-Colour": "red"}.items() <= found.headers.items()
    assert swift.do("HEAD", f"{C}/tiny.png").headers["Content-Length"] == "256000"
    assert swift.do("GET", f"{C}?format=json").json()[0] == {
        "bytes": 256000,
        "hash": etag,
        "name": "tiny.png",
        "content_type": "image/png",
        "last_modified": "2026-01-01T00:00:00.000010",
    }


@pytest.mark.parametrize("name", ["a%2Fb", "a//b", "dir/", "100%25", "%3Fx%23y", "%E2%98%83", "a b"])
def test_any_name_survives(swift: Swift, name: str) -> None:
    assert swift.code("PUT", f"{C}/{name}", b"x") == 201
    assert swift.names() == [unquote(name)]
    assert swift.do("GET", f"{C}/{name}").content == b"x"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b/1", "b/2", "b/c/3", "c/", "d//4", "é"]),
        ("delimiter=/", ["a", "b/", "c/", "d/", "é"]),
        ("delimiter=/&reverse=true", ["é", "d/", "c/", "b/", "a"]),
        ("delimiter=/&prefix=b/", ["b/1", "b/2", "b/c/"]),
        ("delimiter=//", ["a", "b/1", "b/2", "b/c/3", "c/", "d//", "é"]),
        ("delimiter=/&limit=2", ["a", "b/"]),
        ("delimiter=/&limit=2&marker=b/", ["c/", "d/"]),
        ("delimiter=/&marker=b/1", ["b/", "c/", "d/", "é"]),
        ("limit=2&marker=b/1", ["b/2", "b/c/3"]),
        ("marker=b/2&end_marker=d", ["b/c/3", "c/"]),
        ("reverse=true&marker=c/&limit=2", ["b/c/3", "b/2"]),
        ("prefix=b/c", ["b/c/3"]),
        ("path=b", ["b/1", "b/2"]),
        ("path=", ["a", "c/", "é"]),
        ("prefix=none", []),
    ],
)
def test_a_listing_finds(tree: Swift, query: str, found: list[str]) -> None:
    assert tree.names(query) == found


def test_a_listing_is_text_json_or_xml(tree: Swift) -> None:
    text = tree.do("GET", f"{C}?prefix=b&delimiter=/")
    assert (text.content, text.headers["Content-Type"]) == (b"b/\n", "text/plain; charset=utf-8")
    assert tree.do("GET", C, Accept="application/json").json()[0]["name"] == "a"
    root = ElementTree.fromstring(tree.do("GET", f"{C}?format=xml&prefix=b/&delimiter=/").content)
    assert (root.tag, root.get("name")) == ("container", "photos")
    assert [part.findtext("name") for part in root] == ["b/1", "b/2", "b/c/"]
    root = ElementTree.fromstring(tree.do("GET", f"{A}?format=xml").content)
    assert root.findtext("container/name") == "photos"
    empty = tree.do("GET", f"{C}?prefix=none")
    assert (empty.status_code, empty.content) == (204, b"")
    assert tree.code("GET", C, Accept="image/png") == 406


@pytest.mark.parametrize(
    ("asked", "status", "data"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=5-99", 206, b"56789"),
        ("bytes=-99", 206, b"0123456789"),
        ("bytes=3-1", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
        ("bytes=10-", 416, None),
    ],
)
def test_a_range(swift: Swift, asked: str, status: int, data: bytes | None) -> None:
    swift.do("PUT", f"{C}/digits", b"0123456789")
    reply = swift.do("GET", f"{C}/digits", Range=asked)
    assert reply.status_code == status
    if data is not None:
        assert (reply.content, reply.headers["Content-Length"]) == (data, str(len(data)))
    else:
        assert reply.headers["Content-Range"] == "bytes */10"


ETAG = hashlib.md5(b"x").hexdigest()
EARLY, LATE = "Wed, 31 Dec 2025 00:00:00 GMT", "Fri, 02 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": ETAG}, 304),
        ({"If-None-Match": f'"{ETAG}"'}, 304),
        ({"If-None-Match": "other"}, 200),
        ({"If-Match": f"other, {ETAG}"}, 200),
        ({"If-Match": "other"}, 412),
        ({"If-Modified-Since": LATE}, 304),
        ({"If-Modified-Since": EARLY}, 200),
        ({"If-Unmodified-Since": EARLY}, 412),
        ({"If-Unmodified-Since": "soon"}, 200),
    ],
)
def test_a_condition(swift: Swift, headers: dict[str, str], status: int) -> None:
    swift.do("PUT", f"{C}/x", b"x")
    assert swift.call("GET", f"{C}/x", headers=headers).status_code == status


def test_a_put_is_checked_and_a_refused_one_leaves_what_was(swift: Swift) -> None:
    assert swift.code("PUT", f"{C}/x", b"old", ETag=hashlib.md5(b"old").hexdigest()) == 201
    assert swift.code("PUT", f"{C}/x", b"new", ETag="0" * 32) == 422
    assert swift.code("PUT", f"{C}/x", b"new", If_None_Match="*") == 412
    assert swift.code("PUT", f"{C}/x", b"new", If_None_Match=ETAG) == 400
    assert swift.do("GET", f"{C}/x").content == b"old"
    assert swift.code("PUT", f"{A}/nowhere/x", b"") == 404


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"X-Object-Meta-": "x"}, "Metadata name cannot be empty"),
        ({"X-Object-Meta-" + "n" * 129: "x"}, "Metadata name too long: x-object-meta-"),
        ({"X-Object-Meta-N": "x" * 257}, "Metadata value longer than 256: x-object-meta-"),
        ({f"X-Object-Meta-{n}": "x" for n in range(91)}, "Too many metadata items; max 90"),
        ({f"X-Object-Meta-{n}": "x" * 250 for n in range(20)}, "Total metadata too large; max 4096"),
        ({"X-Delete-At": "soon"}, "Non-integer X-Delete-At"),
        ({"X-Delete-After": "-1"}, "X-Delete-After in past"),
        ({"X-Object-Manifest": "c"}, "X-Object-Manifest must be in the format container/prefix"),
    ],
)
def test_bad_headers_are_400(swift: Swift, headers: dict[str, str], text: str) -> None:
    reply = swift.call("PUT", f"{C}/x", headers=headers, data=b"")
    assert reply.status_code == 400
    assert reply.text.startswith(text)


def test_long_names_are_400(swift: Swift) -> None:
    assert swift.do("PUT", f"{A}/{'c' * 257}").text == "Container name length of 257 longer than 256"
    assert swift.do("PUT", f"{C}/{'o' * 1025}", b"").text == "Object name length of 1025 longer than 1024"


def test_post_puts_other_metadata_in_place_of_what_there_was(swift: Swift) -> None:
    swift.do("PUT", f"{C}/x", b"x", X_Object_Meta_One="1", Content_Type="text/css")
    reply = swift.do("POST", f"{C}/x", X_Object_Meta_Two="")
    assert (reply.status_code, reply.text[:26]) == (202, "<html><h1>Accepted</h1><p>")
    headers = swift.do("HEAD", f"{C}/x").headers
    assert (headers["X-Object-Meta-Two"], headers["Content-Type"]) == ("", "text/css")
    assert "X-Object-Meta-One" not in headers


def test_container_and_account_metadata_is_added_and_taken_away(swift: Swift) -> None:
    for path, kind in ((C, "Container"), (A, "Account")):
        swift.call("POST", path, headers={f"X-{kind}-Meta-One": "1", f"X-{kind}-Meta-Two": "2"})
        swift.call("POST", path, headers={f"X-{kind}-Meta-One": "", f"X-Remove-{kind}-Meta-Two": "x"})
        swift.call("POST", path, headers={f"X-{kind}-Meta-Three": "3"})
        kept = [name for name in swift.do("HEAD", path).headers if f"{kind}-Meta" in name]
        assert kept == [f"X-{kind}-Meta-Three"]


def test_a_copy_is_an_object_of_its_own(swift: Swift) -> None:
    swift.do("PUT", f"{A}/more")
    swift.do("PUT", f"{C}/x", b"x", X_Object_Meta_One="1", Content_Type="text/css")
    reply = swift.do("COPY", f"{C}/x", Destination="more/%C3%A9", X_Object_Meta_Two="2")
    assert reply.status_code == 201
    assert reply.headers["X-Copied-From"] == "photos/x"
    swift.do("PUT", f"{C}/x", b"other")
    copy = swift.do("GET", f"{A}/more/é")
    assert (copy.content, copy.headers["Content-Type"]) == (b"x", "text/css")
    assert (copy.headers["X-Object-Meta-One"], copy.headers["X-Object-Meta-Two"]) == ("1", "2")
    assert swift.code("PUT", f"{C}/y", X_Copy_From="/more/%C3%A9", X_Fresh_Metadata="true") == 201
    assert "X-Object-Meta-One" not in swift.do("HEAD", f"{C}/y").headers
    assert swift.code("PUT", f"{C}/y", b"body", X_Copy_From="more/x") == 400
    assert swift.code("PUT", f"{C}/y", X_Copy_From="more") == 412
    assert swift.code("COPY", f"{C}/x") == 412
    assert swift.code("COPY", f"{C}/none", Destination="more/x") == 404


def test_a_large_object_is_read_as_one(swift: Swift) -> None:
    for number, part in enumerate((b"Hello, ", b"large ", b"world")):
        swift.do("PUT", f"{C}/parts/{number}", part)
    swift.do("PUT", f"{C}/whole", b"", X_Object_Manifest="photos/parts/")
    reply = swift.do("GET", f"{C}/whole")
    assert (reply.content, reply.headers["Content-Length"]) == (b"Hello, large world", "18")
    assert reply.headers["Etag"].startswith('"')
    assert swift.do("GET", f"{C}/whole", Range="bytes=7-11").content == b"large"
    assert swift.do("GET", f"{C}/whole?multipart-manifest=get").content == b""


def test_a_container_is_deleted_when_it_is_empty(swift: Swift) -> None:
    swift.do("PUT", f"{C}/x", b"x")
    reply = swift.do("DELETE", C)
    page = "<html><h1>Conflict</h1><p>There was a conflict when trying to complete your request.</p></html>"
    assert (reply.status_code, reply.text) == (409, page)
    assert [swift.code("DELETE", path) for path in (f"{C}/x", f"{C}/x", C, C)] == [204, 404, 204, 404]


def test_an_account_hears_of_its_containers_later(swift: Swift) -> None:
    swift.do("PUT", f"{C}/x", b"12345")
    sums = ("X-Account-Object-Count", "X-Account-Bytes-Used")
    assert [swift.do("HEAD", A).headers[name] for name in sums] == ["0", "0"]
    swift.clock.sleep(301)
    assert [swift.do("HEAD", A).headers[name] for name in sums] == ["1", "5"]


def test_an_object_ends_when_it_should(swift: Swift) -> None:
    swift.do("PUT", f"{C}/x", b"x", X_Delete_After="10")
    assert swift.do("HEAD", f"{C}/x").headers["X-Delete-At"] == "1767225610"
    swift.clock.sleep(11)
    assert swift.code("GET", f"{C}/x") == 404
    assert swift.names() == []


def test_quotas(swift: Swift) -> None:
    assert swift.code("POST", C, X_Container_Meta_Quota_Bytes="much") == 400
    swift.do("POST", C, X_Container_Meta_Quota_Bytes="10", X_Container_Meta_Quota_Count="2")
    reply = swift.do("PUT", f"{C}/x", b"01234567890")
    assert (reply.status_code, reply.text) == (413, "Upload exceeds quota.")
    assert [swift.code("PUT", f"{C}/{name}", b"x") for name in "abc"] == [201, 201, 413]
    assert swift.code("POST", A, X_Account_Meta_Quota_Bytes="5") == 403
    assert swift.code("POST", A, None, RESELLER, X_Account_Meta_Quota_Bytes="5") == 204
    swift.do("PUT", f"{A}/more")
    assert [swift.code("PUT", f"{A}/more/x", b"123456", who) for who in (DEMO, RESELLER)] == [413, 201]


# Who may do what: list, read, write, delete, list of the account, change the container.
OPERATIONS = (("GET", C), ("GET", f"{C}/x"), ("PUT", f"{C}/y"), ("DELETE", f"{C}/x"), ("GET", A), ("POST", C))
OWNER, READS = (200, 200, 201, 204, 200, 204), (200, 200, 403, 403, 200, 403)
NOTHING, NOBODY = (403,) * 6, (401,) * 6


@pytest.mark.parametrize(
    ("acl", "who", "allowed"),
    [
        ({}, DEMO, OWNER),
        ({}, RESELLER, OWNER),
        ({}, READER, READS),
        ({}, OTHER, NOTHING),
        ({}, ADMIN, NOTHING),
        ({}, None, NOBODY),
        ({"X-Container-Read": "other:user"}, OTHER, (200, 200, 403, 403, 403, 403)),
        ({"X-Container-Read": "other:*"}, OTHER, (200, 200, 403, 403, 403, 403)),
        ({"X-Container-Read": "admin:*"}, OTHER, NOTHING),
        ({"X-Container-Write": "*:user"}, OTHER, (403, 403, 201, 204, 403, 403)),
        ({"X-Container-Write": "reader"}, READER, (200, 200, 201, 204, 200, 403)),
        ({"X-Container-Read": ".r:*"}, None, (401, 200, 401, 401, 401, 401)),
        ({"X-Container-Read": ".ref : *, .rlistings"}, None, (200, 200, 401, 401, 401, 401)),
        ({"X-Container-Read": ".r:*.example.com,.r:-bad.example.com"}, None, NOBODY),
    ],
)
def test_who_may_do_what(swift: Swift, acl: dict[str, str], who: Caller | None, allowed: tuple[int, ...]) -> None:
    swift.do("PUT", f"{C}/x", b"x")
    assert swift.call("POST", C, headers=acl).status_code == 204
    assert tuple(swift.code(method, path, None, who) for method, path in OPERATIONS) == allowed


@pytest.mark.parametrize(("host", "status"), [("good.example.com", 200), ("bad.example.com", 401), ("[", 401)])
def test_a_referrer_lets_in(swift: Swift, host: str, status: int) -> None:
    swift.do("PUT", f"{C}/x", b"x")
    swift.do("POST", C, X_Container_Read=".r:*.example.com, .r:-bad.example.com")
    assert swift.code("GET", f"{C}/x", None, None, Referer=f"http://{host}/page") == status


@pytest.mark.parametrize("acl", [".r:", ".r:-", ".x:y"])
def test_bad_lists_are_400(swift: Swift, acl: str) -> None:
    assert swift.code("POST", C, X_Container_Read=acl) == 400
    assert swift.code("POST", C, X_Container_Write=".r:*") == 400


def test_only_the_owner_reads_the_lists(swift: Swift) -> None:
    swift.do("POST", C, X_Container_Read="other:*")
    assert "X-Container-Read" in swift.do("HEAD", C).headers
    assert "X-Container-Read" not in swift.do("HEAD", C, None, OTHER).headers


def test_who_has_no_token_is_told_where_to_get_one(swift: Swift) -> None:
    reply = swift.do("GET", A, None, None)
    assert reply.headers["Www-Authenticate"] == ('Swift realm="AUTH_demo", Keystone uri="http://127.0.0.1/identity/v3"')
    assert reply.text.startswith("<html><h1>Unauthorized</h1><p>This server could not verify")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthcheck", 200),
        ("GET", "/info", 200),
        ("PUT", A, 405),
        ("PATCH", C, 405),
        ("GET", f"{C}/%00", 412),
        ("GET", "/nothing", 412),
        ("GET", "/v1", 412),
        ("GET", "/v9/AUTH_x", 400),
        ("GET", f"{C}?limit=10001", 412),
    ],
)
def test_odd_requests(swift: Swift, method: str, path: str, status: int) -> None:
    assert swift.code(method, path) == status


def test_data_lies_in_files_and_goes_with_its_object(tmp_path: Path) -> None:
    swift = Swift(object_dir=str(tmp_path / "objects"))
    swift.do("PUT", C)
    for data in (b"one", b"two"):
        swift.do("PUT", f"{C}/x", data)
        assert [file.read_bytes() for file in (tmp_path / "objects").iterdir()] == [data]
    swift.code("PUT", f"{C}/x", b"bad", ETag="0" * 32)
    assert swift.do("GET", f"{C}/x", Range="bytes=1-").content == b"wo"
    swift.do("DELETE", f"{C}/x")
    assert list((tmp_path / "objects").iterdir()) == []
