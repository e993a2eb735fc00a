"""A user of `swift`, the classic command."""

from pathlib import Path

from steps import run, same, step

BIG = bytes(range(256)) * 10240  # 2.5 MB
Path("small.txt").write_text("small")
Path("big.bin").write_bytes(BIG)
Path("folder/deep").mkdir(parents=True)
for name in ("folder/one", "folder/deep/two"):
    Path(name).write_text(name)


def download(container: str, name: str) -> bytes:
    run("swift", "download", container, name, "--output", "back")
    return Path("back").read_bytes()


with step("container"):
    run("swift", "post", "swift-box", "-m", "color:red")
    assert "swift-box" in run("swift", "list").split()
    assert "Meta Color: red" in run("swift", "stat", "swift-box")
with step("object"):
    run("swift", "upload", "swift-box", "small.txt")
    same(download("swift-box", "small.txt"), b"small")
    run("swift", "post", "swift-box", "small.txt", "-m", "mood:good")
    assert "Meta Mood: good" in run("swift", "stat", "swift-box", "small.txt")
with step("a folder"):
    run("swift", "upload", "swift-box", "folder")
    same(run("swift", "list", "swift-box", "--prefix", "folder/").split(), ["folder/deep/two", "folder/one"])
with step("segments, a dynamic manifest"):
    run("swift", "upload", "-S", "1M", "swift-box", "big.bin", "--object-name", "dynamic", "--use-dlo")
    assert download("swift-box", "dynamic") == BIG
with step("segments, a static manifest"):
    run("swift", "upload", "--use-slo", "-S", "1M", "swift-box", "big.bin", "--object-name", "static")
    assert download("swift-box", "static") == BIG
    same(len(run("swift", "list", "swift-box_segments").split()), 6)
with step("who may read"):
    run("swift", "post", "swift-box", "-r", ".r:*,.rlistings")
    assert ".r:*" in run("swift", "stat", "swift-box")
with step("copy"):
    run("swift", "copy", "swift-box", "small.txt", "-d", "/swift-box/copy.txt")
    same(download("swift-box", "copy.txt"), b"small")
with step("what it can"):
    assert "slo" in run("swift", "capabilities")
    run("swift", "auth")
with step("delete"):
    run("swift", "delete", "swift-box")
    run("swift", "delete", "swift-box_segments")
    same([name for name in run("swift", "list").split() if name.startswith("swift-box")], [])
