"""Headers and queries of Swift: what is asked is done or refused; nothing is accepted and forgotten."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from typing import Any

import pytest
from fake_auth import DEMO, OTHER, Caller
from swift_client import A, C, Swift

RESELLER = Caller("service", "ResellerAdmin")
NOW = 1767225600


@pytest.fixture
def swift() -> Swift:
    swift = Swift()
    assert swift.code("PUT", C) == 201
    swift.do("PUT", f"{C}/x", b"data", Content_Type="text/plain")
    return swift


NO_VERSIONS = "Versioned Writes is disabled"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "text"),
    [
        ("PUT", f"{A}/new", {"X-Storage-Policy": "nope"}, 400, "Invalid X-Storage-Policy 'nope'"),
        ("PUT", f"{A}/new", {"X-Versions-Enabled": "true"}, 412, NO_VERSIONS),
        ("POST", C, {"X-Versions-Location": "old"}, 412, NO_VERSIONS),
        ("POST", C, {"X-History-Location": "old"}, 412, NO_VERSIONS),
        ("POST", C, {"X-Container-Sync-To": "//realm/c/a/x"}, 400, "X-Container-Sync-To is left out"),
        ("POST", A, {"X-Account-Access-Control": "{}"}, 400, "X-Account-Access-Control is left out"),
        ("PUT", f"{C}/x", {"X-Symlink-Target": "photos/y"}, 400, "X-Symlink-Target is left out"),
        ("COPY", f"{C}/x", {"X-Symlink-Target": "photos/y"}, 400, "X-Symlink-Target is left out"),
        ("PUT", f"{A}?extract-archive=tar.gz", {}, 400, "Unsupported archive format"),
        ("PUT", f"{C}/a/b?extract-archive=tar", {}, 400, "Unsupported archive format"),
        ("DELETE", f"{C}/x?version-id=1767225600.00000", {}, 400, "version-aware operations require that"),
        ("GET", f"{C}/x?version-id=1767225600.00000", {}, 400, "version-aware operations require that"),
        ("POST", C, {"Content-Type": "multipart/form-data; boundary=x"}, 401, "FormPost: Invalid Signature"),
        ("OPTIONS", C, {"Origin": "http://evil", "Access-Control-Request-Method": "GET"}, 401, "<html><h1>Unauthor"),
        ("GET", "/info?swiftinfo_sig=x&swiftinfo_expires=1", {}, 403, "<html><h1>Forbidden"),
        ("DELETE", f"{C}/x", {"X-If-Delete-At": "5"}, 412, "X-If-Delete-At and X-Delete-At do not match"),
        ("DELETE", f"{C}/x", {"X-If-Delete-At": "soon"}, 400, "Bad X-If-Delete-At header value"),
        ("PUT", f"{C}/x", {"X-Object-Manifest": "/photos/x"}, 400, "X-Object-Manifest must be in the format"),
    ],
)
def test_what_is_not_done_is_refused_and_changes_nothing(
    swift: Swift, method: str, path: str, headers: dict[str, str], status: int, text: str
) -> None:
    reply = swift.call(method, path, headers=headers, data=b"")
    assert (reply.status_code, reply.text[: len(text)]) == (status, text)
    assert swift.do("GET", f"{C}/x").content == b"data"
    assert [item["name"] for item in swift.do("GET", f"{A}?format=json").json()] == ["photos"]
    assert not {name for name in swift.do("HEAD", C).headers if "Version" in name or "Sync" in name}


def test_what_asks_for_nothing_is_not_refused(swift: Swift) -> None:
    assert swift.code("PUT", f"{A}/new", X_Storage_Policy="policy-0") == 201
    assert swift.code("POST", C, X_Versions_Location="", X_Versions_Enabled="false") == 204
    assert swift.code("GET", f"{C}/x?version-id=null") == 200
    assert swift.code("OPTIONS", C) == 200


def test_the_content_type_is_guessed_when_asked(swift: Swift) -> None:
    swift.do("PUT", f"{C}/a.png", b"", Content_Type="text/css", X_Detect_Content_Type="true")
    swift.do("PUT", f"{C}/b.png", b"", Content_Type="text/css")
    swift.do("POST", f"{C}/b.png", X_Detect_Content_Type="true")
    assert {swift.do("HEAD", f"{C}/{name}.png").headers["Content-Type"] for name in "ab"} == {"image/png"}


def test_an_object_may_be_deleted_only_if_it_ends_when_the_client_thinks(swift: Swift) -> None:
    swift.do("POST", f"{C}/x", X_Delete_At=str(NOW + 50))
    assert swift.code("DELETE", f"{C}/x", X_If_Delete_At=str(NOW + 51)) == 412
    assert swift.code("DELETE", f"{C}/x", X_If_Delete_At=str(NOW + 50)) == 204


def test_a_copy_ends_when_its_source_does(swift: Swift) -> None:
    swift.do("POST", f"{C}/x", X_Delete_At=str(NOW + 50))
    swift.do("COPY", f"{C}/x", Destination="photos/y")
    swift.do("COPY", f"{C}/x", Destination="photos/z", X_Delete_At=str(NOW + 60))
    ends = [swift.do("HEAD", f"{C}/{name}").headers["X-Delete-At"] for name in "yz"]
    assert ends == [str(NOW + 50), str(NOW + 60)]


@pytest.mark.parametrize(
    ("header", "value", "words"),
    [
        ("X-Account-Quota-Bytes", "4", "Upload exceeds quota."),
        ("X-Account-Quota-Count", "1", "Upload exceeds quota."),
        ("X-Account-Meta-Quota-Bytes", "4", "Upload exceeds quota."),
        ("X-Account-Quota-Bytes-Policy-Policy-0", "4", "Upload exceeds policy quota."),
        ("X-Account-Quota-Count-Policy-Policy-0", "1", "Upload exceeds policy quota."),
    ],
)
def test_a_quota_of_the_account_holds(swift: Swift, header: str, value: str, words: str) -> None:
    assert swift.call("POST", A, headers={header: value}).status_code == 403
    assert swift.call("POST", A, who=RESELLER, headers={header: "much"}).status_code == 400
    assert swift.call("POST", A, who=RESELLER, headers={header: value}).status_code == 204
    assert swift.do("HEAD", A).headers[header.replace("-Meta", "")] == value
    swift.clock.sleep(301)
    swift.do("HEAD", A)
    reply = swift.do("PUT", f"{C}/y", b"1")
    assert (reply.status_code, reply.text) == (413, words)
    gone = {header.replace("X-", "X-Remove-", 1): "x"}
    assert swift.call("POST", A, headers=gone).status_code == 403
    assert swift.call("POST", A, who=RESELLER, headers=gone).status_code == 204
    assert swift.code("PUT", f"{C}/y", b"1") == 201


def signed(method: str, path: str, key: str = "secret", until: Any = NOW + 60, digest: str = "sha256") -> str:
    sig = hmac.new(key.encode(), f"{method}\n{until}\n{path}".encode(), digest).hexdigest()
    return f"temp_url_sig={sig}&temp_url_expires={until}"


@pytest.fixture
def keyed(swift: Swift) -> Swift:
    swift.do("POST", A, X_Account_Meta_Temp_URL_Key="secret", X_Account_Meta_Temp_URL_Key_2="second")
    swift.do("POST", C, X_Container_Meta_Temp_URL_Key="narrow")
    swift.do("PUT", f"{A}/more")
    swift.do("PUT", f"{A}/more/y", b"more")
    return swift


@pytest.mark.parametrize("key", ["secret", "second", "narrow"])
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_a_temporary_url_needs_no_token(keyed: Swift, key: str, digest: str) -> None:
    reply = keyed.do("GET", f"{C}/x?{signed('GET', f'{C}/x', key, digest=digest)}", None, None)
    assert (reply.status_code, reply.content) == (200, b"data")
    assert reply.headers["Content-Disposition"] == "attachment; filename=\"x\"; filename*=UTF-8''x"
    assert reply.headers["Expires"] == "Thu, 01 Jan 2026 00:01:00 GMT"
    assert keyed.code("HEAD", f"{C}/x?{signed('GET', f'{C}/x', key, digest=digest)}", None, None) == 200


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", f"{C}/x", signed("GET", f"{C}/x", until=NOW - 1)),
        ("GET", f"{C}/x", signed("GET", f"{C}/x", "other")),
        ("GET", f"{C}/x", signed("PUT", f"{C}/x")),
        ("GET", f"{C}/x", signed("GET", f"{C}/other")),
        ("GET", f"{C}/x", signed("GET", f"{C}/x") + "0"),
        ("GET", f"{C}/x", "temp_url_sig=zz&temp_url_expires=2000000000"),
        ("GET", f"{C}/x", "temp_url_sig=md5:YQ&temp_url_expires=2000000000"),
        ("GET", f"{C}/x", "temp_url_sig=00"),
        ("GET", f"{C}/x", "temp_url_expires=2000000000"),
        ("GET", C, signed("GET", C)),
        ("GET", A, signed("GET", A)),
        ("COPY", f"{C}/x", signed("COPY", f"{C}/x")),
        ("GET", f"{A}/more/y", signed("GET", f"{A}/more/y", "narrow")),
        ("GET", f"{C}/x", signed("GET", f"{C}/x") + "&temp_url_ip_range=10.0.0.0/8"),
        ("GET", f"{C}/x", signed("GET", f"{C}/x") + "&temp_url_prefix=y"),
    ],
)
@pytest.mark.parametrize("who", [None, DEMO, OTHER])
def test_a_bad_temporary_url_is_401_whoever_asks(
    keyed: Swift, method: str, path: str, query: str, who: Caller | None
) -> None:
    reply = keyed.do(method, f"{path}?{query}", None, who)
    assert (reply.status_code, reply.text) == (401, "401 Unauthorized: Temp URL invalid\n")


def test_a_temporary_url_of_a_prefix_an_address_a_date_and_a_name(keyed: Swift) -> None:
    keyed.do("PUT", f"{C}/dir/x", b"deep")
    until = f"temp_url_expires={NOW + 60}"
    prefix = hmac.new(b"secret", f"GET\n{NOW + 60}\nprefix:{C}/dir/".encode(), "sha256").hexdigest()
    assert keyed.code("GET", f"{C}/dir/x?temp_url_sig={prefix}&{until}&temp_url_prefix=dir/", None, None) == 200
    near = hmac.new(b"secret", f"ip=127.0.0.0/8\nGET\n{NOW + 60}\n{C}/x".encode(), "sha256")
    sig = f"sha256:{b64encode(near.digest()).decode().rstrip('=').replace('+', '-').replace('/', '_')}"
    assert keyed.code("GET", f"{C}/x?temp_url_sig={sig}&{until}&temp_url_ip_range=127.0.0.0/8", None, None) == 200
    dated = signed("GET", f"{C}/x").replace(str(NOW + 60), "2026-01-01T00:01:00Z")
    assert keyed.code("GET", f"{C}/x?{dated}", None, None) == 200
    for more, told in (
        ("&inline", "inline"),
        ("&filename=a%20b", "attachment; filename=\"a b\"; filename*=UTF-8''a%20b"),
    ):
        reply = keyed.do("GET", f"{C}/x?{signed('GET', f'{C}/x')}{more}", None, None)
        assert reply.headers["Content-Disposition"] == told


def test_a_temporary_url_reaches_no_further_than_its_key(keyed: Swift) -> None:
    keyed.do("PUT", f"{C}/large?multipart-manifest=put", b'[{"path": "more/y"}]')
    assert keyed.code("GET", f"{C}/large?{signed('GET', f'{C}/large', 'narrow')}", None, None) == 409
    assert keyed.do("GET", f"{C}/large?{signed('GET', f'{C}/large')}", None, None).content == b"more"
    put = signed("PUT", f"{C}/new")
    assert keyed.code("PUT", f"{C}/new?{put}", b"", None, X_Object_Manifest="more/y") == 400
    assert keyed.code("PUT", f"{C}/new?{put}&multipart-manifest=put", b"[]", None) == 201
    assert keyed.do("GET", f"{C}/new").content == b"[]"  # the signature is of an object, not of a manifest
    keyed.do("POST", f"{C}/x", X_Object_Meta_Secret="1", X_Object_Meta_Public_Name="2")
    headers = keyed.do("GET", f"{C}/x?{signed('GET', f'{C}/x')}", None, None).headers
    assert ("X-Object-Meta-Secret" in headers, headers["X-Object-Meta-Public-Name"]) == (False, "2")
    assert hashlib.md5(b"data").hexdigest() == headers["Etag"]
