"""The list of the site's files, which its service worker keeps."""

import json
import re
from hashlib import sha256
from types import SimpleNamespace

import pytest

import assets
import offline


@pytest.fixture
def site(tmp_path):
    for name in (
        "sw.js",
        "objects.inv",
        "source/a.html",
        "day1/a b.html",
        "_tab/f0/a.mjs",
        "_static/a.css",
        "index.html",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, "utf-8")
    return tmp_path


def test_what_runs_comes_first_and_the_source_last(site):
    listed = offline.listed(site)
    assert [*listed["files"]] == ["_static/a.css", "_tab/f0/a.mjs", "index.html", "day1/a%20b.html", "source/a.html"]
    assert listed["files"]["index.html"] == (sha256(b"index.html").hexdigest()[:20], 10)
    assert listed["size"] == sum(
        map(len, ("_static/a.css", "_tab/f0/a.mjs", "index.html", "day1/a b.html", "source/a.html"))
    )


def test_another_content_is_another_build(site):
    before = offline.listed(site)["build"]
    assert offline.listed(site)["build"] == before
    (site / "index.html").write_text("else", "utf-8")
    assert offline.listed(site)["build"] != before


def app(site, tab, builder="html"):
    return SimpleNamespace(outdir=site, config=SimpleNamespace(oslearn_tab=tab), builder=SimpleNamespace(name=builder))


def test_worker_and_list_are_at_the_root(site):
    offline.write(app(site, "made"), None)
    assert (site / "sw.js").read_text("utf-8") == offline.SOURCE.read_text("utf-8")
    found = json.loads((site / "offline.json").read_text("utf-8"))
    offline.write(app(site, "made"), None)  # the list does not name itself
    assert json.loads((site / "offline.json").read_text("utf-8")) == found


@pytest.mark.parametrize(
    ("tab", "builder", "error"), [("", "html", None), ("made", "epub", None), ("made", "html", OSError())]
)
def test_without_run_there_is_neither(site, tab, builder, error):
    offline.write(app(site, "made"), None)
    offline.write(app(site, tab, builder), error)
    assert not {"sw.js", "offline.json"} & {path.name for path in site.iterdir()}


def test_what_is_named_by_its_content_comes_from_what_is_kept():
    hashed = re.search(r"HASHED = /(.+)/;", offline.SOURCE.read_text("utf-8"))
    assert hashed
    for name in (f"js-{assets.named(assets.scripts())}", "0123456789ab"):
        assert re.match(hashed[1], f"_tab/{name}/worker.mjs")
    assert not re.match(hashed[1], "_tab/now.json")
