"""Expressions that take Python's engine for ever, wherever a caller can send one or a text for one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.fill import fill
from oslearn.extensions.nova.api import extra_specs
from oslearn.extensions.oslo import patterns

LONG = ["(a+)+!", "(a|a)*!", "(a*)*(a*)*!", "a?a?a?a?a?!", "(((a|b)c)d)+", "(?#[)(a+)+(?#])", "(?x)#[\n(a+)+#]",
        "(?=(a+)+)b", "(a+){9}", "(?:a+)+", ".*a.*b.*c.*d.*", "(" * 400 + "a+" + ")" * 400 + "+", "a{99999999999}",
        ".*" * 100_000 + "x", "(" * 5000]  # fmt: skip
SHORT = [
    "web",
    "^web-[0-9]+$",
    "web|db|mail",
    ".*web.*",
    "a.*b.*",
    "(web|db)-[0-9]{1,3}",
    r"10\.0\.0\.(1|2)",
    "(?i)WEB",
]


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    made = Cloud(Config(password_hash_cost=16), seed=5, trace=False)
    fill(made)
    return made


def ask(cloud: Cloud, user: str, kind: str, method: str, path: str, **more: Any) -> Any:
    return getattr(cloud.connect(user), kind).request(path, method, raise_exc=False, **more)


@pytest.mark.parametrize("field", ["name", "ip", "ip6"])
@pytest.mark.parametrize("expression", LONG)
def test_a_filter_that_may_take_for_ever_is_refused(cloud: Cloud, field: str, expression: str) -> None:
    reply = ask(cloud, "demo", "compute", "GET", "/servers", params={field: expression[:60_000]})
    assert reply.status_code == 400, reply.text[:200]
    assert field in reply.json()["badRequest"]["message"]


@pytest.mark.parametrize("expression", SHORT)
def test_what_people_look_for_is_found(cloud: Cloud, expression: str) -> None:
    assert patterns.compiled(expression) == re.compile(expression)
    assert ask(cloud, "demo", "compute", "GET", "/servers", params={"name": expression}).status_code == 200


@pytest.mark.parametrize("version", ["2.90", "2.94"])
def test_a_name_that_is_too_long_is_not_looked_at(cloud: Cloud, version: str) -> None:
    body = {"server": {"name": "x", "hostname": "a" * 100_000 + "!", "flavorRef": "1", "networks": "none"}}
    headers = {"OpenStack-API-Version": f"compute {version}"}
    reply = ask(cloud, "demo", "compute", "POST", "/servers", json=body, headers=headers)
    assert (reply.status_code, "is too long" in reply.text) == (400, True)


@pytest.mark.parametrize(("name", "good", "bad"), [
    ("hw:pmem", ["a", "a,b", "a_1,", "A,b,c"], ["a" * 200 + "!", "", ",a", "a,,b"]),
    ("hw:cpu_realtime_mask", ["1", "^0", "0-1", "1,2-3,^4", "1-2-3"], ["1" + ",1-1" * 60 + "!", "1,", "-1", "1--2"]),
])  # fmt: skip
def test_a_spec_of_many_parts_is_read_once(name: str, good: list[str], bad: list[str]) -> None:
    assert [extra_specs.fault(rule(name), value) for value in good] == [None] * len(good)
    assert all("not of the format" in str(extra_specs.fault(rule(name), value)) for value in bad)
    assert "++" not in str(extra_specs.fault(rule(name), "!")), "the expression is shown as Nova writes it"


def rule(name: str) -> Any:
    return next(found for shape, found in extra_specs.SPECS.items() if re.fullmatch(shape, name))


def test_what_a_message_repeats_is_no_page_to_take_tags_out_of(cloud: Cloud) -> None:
    image = cloud.connect("demo").image.get("/images").json()["images"][0]["id"]
    data = json.dumps([{"op": "add", "path": "<" * 100_000, "value": "1"}])
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch", "Accept": None}
    reply = ask(cloud, "demo", "image", "PATCH", f"/images/{image}", data=data, headers=headers)
    assert (reply.status_code, reply.text.count("<")) == (400, 100_000)
