"""What a page's worker says of a boot that goes wrong, and of what its cloud holds."""

import re
from types import SimpleNamespace

import pytest

import asked
import foretold
import kept
import mine
from oslearn import Cloud


@pytest.mark.parametrize(("n", "how"), [(12, "lose"), (12, "stop"), (3, "slow")])
def test_it_is_as_foretold_and_nothing_stays(n, how):
    said = asked.whatif(None, "classic", n, how)
    assert said["came"] == foretold.table()["classic"][str(n)][how]
    assert said["stays"] == []
    page = SimpleNamespace(drawn=0)
    drawn, again = (asked.whatif_inside(page, "narrow") for _ in range(2))
    assert len(drawn["svgs"]) == 2
    assert re.fullmatch(r"What happened inside: \d+ of \d+ events", drawn["title"])
    assert not ids(drawn) & ids(again), "two drawings of a page share an id"


def ids(drawn):
    """Those of a drawing's elements."""
    return set(re.findall(r' id="([^"]+)"', "".join(drawn["svgs"])))


def test_a_wrong_question_breaks_no_cloud():
    with pytest.raises(ValueError, match="the steps 1 to 28"):
        asked.whatif(None, "classic", 99, "lose")
    assert asked.whatif(None, "classic", 8, "lose")["came"] == foretold.table()["classic"]["8"]["lose"]


def test_what_a_cloud_holds_is_counted_without_a_trace(tmp_path):
    cloud = Cloud(seed=1)
    (tmp_path / kept.HERE[0]).mkdir(parents=True)
    (tmp_path / kept.HERE[0] / "file").write_bytes(bytes(7))
    cloud.connect("demo").network.post("/networks", json={"network": {"name": "blue"}})
    before = len(cloud.trace)
    held = mine.holds(SimpleNamespace(shell=SimpleNamespace(cloud=cloud, root=tmp_path)))
    assert (held["servers"], held["volumes"], held["bytes"], len(cloud.trace)) == (0, 0, 7, before)
    networks = cloud.connect("admin").network.get("/networks").json()["networks"]
    assert held["networks"] == len(networks) > 0
