"""Large objects, bulk deletes and streams of Swift: what was promised is done, or refused, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from fake_auth import DEMO, OTHER, READER, Caller
from swift_client import A, C, Swift

PUT, DELETE = "multipart-manifest=put", "multipart-manifest=delete"
WORDS = {"1": b"Hello, ", "2": b"large ", "3": b"world"}


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@pytest.fixture
def swift() -> Swift:
    swift = Swift()
    assert swift.code("PUT", C) == 201
    assert swift.code("PUT", f"{A}/parts") == 201
    for name, data in WORDS.items():
        swift.do("PUT", f"{A}/parts/{name}", data)
    return swift


def put(swift: Swift, name: str, segments: Iterable[Any], query: str = PUT, who: Caller = DEMO, **headers: str) -> Any:
    return swift.do("PUT", f"{C}/{name}?{query}", json.dumps([*segments]).encode(), who, **headers)


def named(*names: str, **more: Any) -> list[Any]:
    return [{"path": f"/parts/{name}"} | more for name in names]


def test_a_static_large_object_is_its_segments(swift: Swift) -> None:
    etag = md5("".join(md5(data) for data in WORDS.values()).encode())
    told = [{"path": f"parts/{n}", "etag": md5(d), "size_bytes": len(d)} for n, d in WORDS.items()]
    reply = put(swift, "whole", told, X_Object_Meta_Colour="red", Content_Type="text/css")
    assert (reply.status_code, reply.headers["Etag"]) == (201, f'"{etag}"')
    found = swift.do("GET", f"{C}/whole")
    assert found.content == b"Hello, large world"
    told = {"Etag": f'"{etag}"', "Content-Length": "18", "X-Static-Large-Object": "True", "Content-Type": "text/css"}
    for reply in (found, swift.do("HEAD", f"{C}/whole")):
        assert (told | {"X-Object-Meta-Colour": "red"}).items() <= reply.headers.items()
        assert not [name for name in reply.headers if "Sysmeta" in name]
    (item,) = swift.do("GET", f"{C}?format=json").json()
    assert (item["bytes"], item["slo_etag"], item["hash"]) == (18, f'"{etag}"', found.headers["X-Manifest-Etag"])


@pytest.mark.parametrize(
    ("asked", "data"),
    [("bytes=5-8", b", la"), ("bytes=-3", b"rld"), ("bytes=13-", b"world"), ("bytes=7-11", b"large")],
)
def test_a_range_of_a_large_object(swift: Swift, asked: str, data: bytes) -> None:
    put(swift, "whole", named("1", "2", "3"))
    reply = swift.do("GET", f"{C}/whole", Range=asked)
    assert (reply.status_code, reply.content, reply.headers["Content-Length"]) == (206, data, str(len(data)))
    assert swift.do("HEAD", f"{C}/whole", Range=asked).headers["Content-Length"] == "18"
    assert swift.code("GET", f"{C}/whole", Range="bytes=18-") == 416


def test_a_segment_may_be_a_range_or_stand_in_the_manifest(swift: Swift) -> None:
    inline = {"data": b64encode(b"<->").decode()}
    segments = [*named("1", range="0-4"), inline, *named("3", range="-2"), inline]
    assert put(swift, "whole", segments).status_code == 201
    reply = swift.do("GET", f"{C}/whole")
    assert reply.content == b"Hello<->ld<->"
    parts = (f"{md5(WORDS['1'])}:0-4;", md5(b"<->"), f"{md5(WORDS['3'])}:3-4;", md5(b"<->"))
    assert reply.headers["Etag"] == f'"{md5("".join(parts).encode())}"'
    assert swift.do("GET", f"{C}/whole", Range="bytes=3-8").content == b"lo<->l"


def test_a_manifest_may_name_manifests(swift: Swift) -> None:
    put(swift, "left", named("1", "2"))
    assert put(swift, "whole", [{"path": "photos/left", "range": "2-9"}, *named("3")]).status_code == 201
    assert swift.do("GET", f"{C}/whole").content == b"llo, larworld"
    assert swift.do("GET", f"{C}/whole", Range="bytes=4-9").content == b" larwo"
    kept = swift.do("GET", f"{C}/whole?multipart-manifest=get")
    assert kept.headers["Content-Type"] == "application/json; charset=utf-8"
    assert (kept.json()[0]["sub_slo"], kept.json()[0]["bytes"], kept.json()[1]["name"]) == (True, 13, "/parts/3")
    raw = swift.do("GET", f"{C}/whole?multipart-manifest=get&format=raw").json()
    assert put(swift, "again", raw).status_code == 201
    assert swift.do("GET", f"{C}/again").content == b"llo, larworld"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "Manifest must be valid JSON.\n"),
        (b'[{"path": "/c/\\ud800"}]', "Manifest must be valid JSON.\n"),
        ([{"path": "c/\0"}], "Errors:\nc/%00, 412 Precondition Failed\n"),
        (b"{}", "Manifest must be a list.\n"),
        (b"[" * 5000, "Manifest must be valid JSON.\n"),
        ([5], "Index 0: not a JSON object\n"),
        ([{"etag": "x"}], "Index 0: expected keys to include one of 'data' or 'path'\n"),
        (named("1", hash="x", a=1), 'Index 0: extraneous keys "a", "hash"\n'),
        ([{"path": 5}], 'Index 0: "path" must be a string\n'),
        (named("1", etag=5), 'Index 0: "etag" must be a string or null (if provided)\n'),
        (named("1", size_bytes="big"), "Index 0: invalid size_bytes\n"),
        (named("1", "2", size_bytes=0), "Index 0: too small; each segment must be at least 1 byte.\n"),
        ([{"path": "c"}], "Index 0: path does not refer to an object. Path must be of the form /container/object.\n"),
        ([{"path": "photos/x"}], "Index 0: manifest must not include itself as a segment\n"),
        (named("1", range="x"), "Index 0: invalid range\n"),
        (named("1", range="1-2,3-4"), "Index 0: multiple ranges (only one allowed)\n"),
        (named("1", range="9-", size_bytes=7), "Index 0: unsatisfiable range\n"),
        ([{"data": "?"}, *named("1")], "Index 0: data must be valid base64\n"),
        ([{"data": "YQ=="}], "Inline data segments require at least one object-backed segment.\n"),
        (named("none"), "Errors:\n/parts/none, 404 Not Found\n"),
        (named("1", etag="0" * 32), "Errors:\n/parts/1, Etag Mismatch\n"),
        (named("1", size_bytes=8), "Errors:\n/parts/1, Size Mismatch\n"),
        (named("1", range="7-"), "Errors:\n/parts/1, Unsatisfiable Range\n"),
    ],
)
def test_a_bad_manifest_is_400_and_nothing_is_kept(swift: Swift, body: Any, text: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = swift.do("PUT", f"{C}/x?{PUT}", data)
    assert (reply.status_code, reply.text) == (400, text)
    assert swift.code("GET", f"{C}/x") == 404


def test_what_else_is_refused(swift: Swift) -> None:
    assert put(swift, "x", named(*["1"] * 1001)).status_code == 413
    assert put(swift, "x", named("1"), ETag="0" * 32).status_code == 422
    assert put(swift, "x", named("1"), X_Copy_From="parts/1").status_code == 400
    assert swift.code("PUT", f"{C}/x?{PUT}", X_Copy_From="parts/1") == 405
    assert swift.code("PUT", f"{C}/x", b"", X_Static_Large_Object="True") == 400
    assert swift.names() == []
    reply = put(swift, "x", named("none"), Accept="application/json")
    assert reply.json() == {"Errors": [["/parts/none", "404 Not Found"]]}


def test_a_heartbeat_puts_the_status_into_the_body(swift: Swift) -> None:
    reply = put(swift, "x", named("1"), f"{PUT}&heartbeat=on", Accept="application/json")
    assert (reply.status_code, reply.json()["Response Status"]) == (202, "201 Created")
    reply = put(swift, "y", named("none"), f"{PUT}&heartbeat=on")
    assert (reply.status_code, "Response Status: 400 Bad Request" in reply.text) == (202, True)
    assert swift.names() == ["x"]


def test_a_segment_that_changed_is_a_conflict_and_no_half_object(swift: Swift) -> None:
    put(swift, "whole", named("1", "2", "3"))
    swift.do("PUT", f"{A}/parts/2", b"small ")
    assert swift.code("GET", f"{C}/whole") == 409
    assert swift.do("GET", f"{C}/whole", Range="bytes=0-3").content == b"Hell"
    swift.do("DELETE", f"{A}/parts/1")
    assert (swift.code("GET", f"{C}/whole"), swift.code("HEAD", f"{C}/whole")) == (409, 200)


def test_one_part_by_its_number(swift: Swift) -> None:
    put(swift, "whole", named("1", "2", "3"))
    reply = swift.do("GET", f"{C}/whole?part-number=2")
    assert (reply.status_code, reply.content, reply.headers["X-Parts-Count"]) == (206, b"large ", "3")
    assert swift.do("HEAD", f"{C}/whole?part-number=2").headers["Content-Range"] == "bytes 7-12/18"
    assert [swift.code("GET", f"{C}/whole?part-number={number}") for number in ("4", "0", "x")] == [416, 400, 400]
    assert swift.code("GET", f"{C}/whole?part-number=1", Range="bytes=0-1") == 400
    assert swift.code("GET", f"{A}/parts/1?part-number=x") == 200


def test_post_keeps_a_large_object_large(swift: Swift) -> None:
    put(swift, "whole", named("1", "2"))
    swift.do("POST", f"{C}/whole", X_Object_Meta_Two="2")
    assert swift.do("GET", f"{C}/whole").content == b"Hello, large "


def test_a_copy_of_a_large_object_is_plain_and_of_its_manifest_large(swift: Swift) -> None:
    put(swift, "whole", named("1", "2"))
    assert swift.code("COPY", f"{C}/whole", Destination="photos/plain") == 201
    assert swift.code("COPY", f"{C}/whole?multipart-manifest=get", Destination="photos/large") == 201
    for name, large in (("plain", False), ("large", True)):
        reply = swift.do("GET", f"{C}/{name}")
        assert (reply.content, "X-Static-Large-Object" in reply.headers) == (b"Hello, large ", large)


def test_a_copy_of_a_dynamic_manifest_is_one(swift: Swift) -> None:
    swift.do("PUT", f"{C}/dynamic", b"", X_Object_Manifest="parts/")
    swift.do("PUT", f"{C}/dynamic", b"", X_Object_Manifest="parts/1")
    swift.do("COPY", f"{C}/dynamic?multipart-manifest=get", Destination="photos/again")
    assert swift.do("HEAD", f"{C}/again").headers["X-Object-Manifest"] == "parts/1"


def test_delete_takes_the_segments_too(swift: Swift) -> None:
    put(swift, "left", named("1", "2"))
    put(swift, "whole", [{"path": "photos/left"}, *named("3"), {"data": "YQ=="}])
    reply = swift.do("DELETE", f"{C}/whole?{DELETE}", Accept="application/json")
    told = {"Response Status": "200 OK", "Response Body": "", "Number Deleted": 5, "Number Not Found": 0, "Errors": []}
    assert (reply.status_code, reply.json()) == (200, told)
    assert (swift.names(), swift.names(container=f"{A}/parts")) == ([], [])
    assert "Number Not Found: 1" in swift.do("DELETE", f"{C}/none?{DELETE}").text
    swift.do("PUT", f"{C}/plain", b"x")
    assert "/photos/plain, Not an SLO manifest" in swift.do("DELETE", f"{C}/plain?{DELETE}").text
    assert swift.names() == ["plain"]


def test_delete_without_the_report(swift: Swift) -> None:
    put(swift, "whole", [*named("1"), {"path": "photos/whole2"}])
    put(swift, "whole", named("1", "2"))
    put(swift, "nested", [{"path": "photos/whole"}])
    assert swift.do("DELETE", f"{C}/nested?{DELETE}&async=true").text == "No segments may be large objects."
    assert swift.code("DELETE", f"{C}/whole?{DELETE}&async=true") == 204
    assert (swift.names(), swift.names(container=f"{A}/parts")) == (["nested"], ["3"])


# Who reads a manifest reads its segments as himself: a list that opens the one opens nothing else.
@pytest.mark.parametrize("kind", ["static", "dynamic"])
@pytest.mark.parametrize(
    ("parts", "who", "status"),
    [
        ("", OTHER, {"static": 409, "dynamic": 403}),
        ("", None, {"static": 409, "dynamic": 401}),
        (".r:*", None, {"static": 200, "dynamic": 401}),
        (".r:*,.rlistings", None, {"static": 200, "dynamic": 200}),
        ("other:*", OTHER, {"static": 200, "dynamic": 200}),
        ("", DEMO, {"static": 200, "dynamic": 200}),
    ],
)
def test_segments_are_read_as_the_caller(
    swift: Swift, kind: str, parts: str, who: Caller | None, status: dict[str, int]
) -> None:
    put(swift, "static", named("1", "2", "3"))
    swift.do("PUT", f"{C}/dynamic", b"", X_Object_Manifest="parts/1")
    swift.do("POST", C, X_Container_Read=".r:*,other:*")
    swift.do("POST", f"{A}/parts", X_Container_Read=parts)
    reply = swift.do("GET", f"{C}/{kind}", None, who)
    assert reply.status_code == status[kind]
    assert (b"Hello" in reply.content) == (reply.status_code == 200)


def test_who_may_only_write_makes_no_manifest_that_reads(swift: Swift) -> None:
    swift.do("POST", C, X_Container_Read="other:*", X_Container_Write="other:*")
    assert put(swift, "mine", named("1"), who=OTHER).text == "Errors:\n/parts/1, 403 Forbidden\n"
    assert swift.code("PUT", f"{C}/mine", b"", OTHER, X_Object_Manifest="parts/1") == 201
    assert swift.code("GET", f"{C}/mine", None, OTHER) == 403
    assert swift.code("COPY", f"{C}/mine", None, OTHER, Destination="photos/stolen") == 403
    put(swift, "whole", named("1", "2"))
    assert "403 Forbidden" in swift.do("DELETE", f"{C}/whole?{DELETE}", None, OTHER).text
    assert swift.names(container=f"{A}/parts") == ["1", "2", "3"]


def bulk(swift: Swift, names: str, method: str = "POST", path: str = A, who: Caller = DEMO, **headers: str) -> Any:
    told = {"Accept": "application/json", "Content_Type": "text/plain"} | headers
    return swift.do(method, f"{path}?bulk-delete", names.encode(), who, **told)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_bulk_delete_deletes_objects_then_containers(swift: Swift, method: str) -> None:
    swift.do("PUT", f"{A}/parts/%C3%A9 a", b"x")
    reply = bulk(swift, "parts\n/parts/1\nparts/2\nparts/3\nparts/none\nparts/%C3%A9%20a\n", method)
    assert reply.status_code == 200
    told = {"Response Status": "200 OK", "Response Body": "", "Number Deleted": 5, "Number Not Found": 1, "Errors": []}
    assert reply.json() == told
    assert swift.code("HEAD", f"{A}/parts") == 404


def test_a_bulk_delete_tells_what_it_could_not(swift: Swift) -> None:
    swift.do("POST", A)
    told = bulk(swift, "parts\nparts/2").json()
    assert (told["Response Status"], told["Errors"]) == ("400 Bad Request", [["parts", "409 Conflict"]])
    assert bulk(swift, "parts/1", who=READER).json()["Errors"] == [["parts/1", "403 Forbidden"]]
    assert bulk(swift, "parts/1", path=f"{A}/parts/x").json()["Number Deleted"] == 1
    assert bulk(swift, "").json()["Response Body"] == "Invalid bulk delete."
    assert bulk(swift, "x" * 3000).json()["Response Body"] == "Invalid File Name"
    assert bulk(swift, "c/o\n" * 10001).json()["Response Status"] == "413 Request Entity Too Large"
    assert bulk(swift, "parts/3", Content_Type="text/css").json()["Response Status"] == "406 Not Acceptable"
    assert bulk(swift, "parts/%FF").json()["Errors"] == [["parts/%FF", "412 Precondition Failed"]]
    assert swift.names(container=f"{A}/parts") == ["3"]


def test_a_report_is_text_json_or_xml(swift: Swift) -> None:
    text = "Number Deleted: 0\nNumber Not Found: 1\nResponse Body: \nResponse Status: 200 OK\nErrors:\n"
    assert bulk(swift, "c/o", Accept="*/*").text == text
    xml = bulk(swift, "c/o", Accept="text/xml").text
    assert xml.startswith("<delete>\n<number_deleted>0</number_deleted>\n<number_not_found>1<")
    assert bulk(swift, "parts/1", Accept="image/png").text.startswith("Number Deleted: 0")
    assert swift.names(container=f"{A}/parts") == ["1", "2", "3"]


def test_info_names_what_there_is(swift: Swift) -> None:
    told = swift.do("GET", "/info").json()
    assert (told["slo"]["max_manifest_segments"], told["bulk_delete"]["max_deletes_per_request"]) == (1000, 10000)
    assert not told.keys() & {"bulk_upload", "symlink", "staticweb", "formpost"}


def test_several_ranges_are_several_parts(swift: Swift) -> None:
    swift.do("PUT", f"{C}/digits", b"0123456789", Content_Type="text/plain")
    reply = swift.do("GET", f"{C}/digits", Range="bytes=0-1,8-")
    kind, _, boundary = reply.headers["Content-Type"].partition(";boundary=")
    assert (reply.status_code, kind) == (206, "multipart/byteranges")
    part = f"--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes %s/10\r\n\r\n%s\r\n"
    assert reply.text == part % ("0-1", "01") + part % ("8-9", "89") + f"--{boundary}--"
    assert reply.headers["Content-Length"] == str(len(reply.content))
    assert swift.code("GET", f"{C}/digits", Range="bytes=20-,30-") == 416
    assert swift.code("GET", f"{C}/digits", Range="bytes=" + ",".join(["0-9", "1-8", "2-7", "3-6"])) == 416


@pytest.mark.parametrize("files", [True, False])
def test_a_download_holds_a_chunk_not_the_object(files: bool, tmp_path: Path) -> None:
    size, swift = 50_000_000, Swift(**({"object_dir": str(tmp_path / "objects")} if files else {}))
    swift.do("PUT", C)
    swift.do("PUT", f"{C}/big", bytes(size))
    put(swift, "large", [{"path": "photos/big"}] * 2)
    for name, length in (("big", size), ("large", 2 * size)):
        tracemalloc.start()
        body = swift.stream(f"{C}/{name}")
        assert not isinstance(body, list | tuple)
        assert sum(map(len, body)) == length
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()


def test_what_is_being_read_is_whole_though_it_is_deleted(tmp_path: Path) -> None:
    swift = Swift(object_dir=str(tmp_path / "objects"))
    swift.do("PUT", C)
    swift.do("PUT", f"{C}/x", b"data" * 50_000)
    body, left = swift.stream(f"{C}/x"), swift.stream(f"{C}/x")
    swift.do("DELETE", f"{C}/x")
    assert b"".join(body) == b"data" * 50_000
    left.close()
    with pytest.raises(ValueError, match="closed"):
        next(iter(left))
