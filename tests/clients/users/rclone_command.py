"""A user of `rclone`, who keeps a folder in Swift."""

from pathlib import Path

from steps import run, same, step

SWIFT = {"RCLONE_CONFIG_BOX_TYPE": "swift", "RCLONE_CONFIG_BOX_ENV_AUTH": "true", "RCLONE_SWIFT_CHUNK_SIZE": "1M"}
BIG = bytes(range(256)) * 10240
Path("there/deep").mkdir(parents=True)
Path("there/deep/é & more.txt").write_text("deep")
Path("there/plain.txt").write_text("plain")
Path("there/big.bin").write_bytes(BIG)


def rclone(*words: str) -> str:
    return run("rclone", *words, "--retries", "1", **SWIFT)


with step("container"):
    rclone("mkdir", "box:rclone-box")
    assert "rclone-box" in rclone("lsd", "box:")
with step("copy a folder, one file in segments"):
    rclone("copy", "there", "box:rclone-box")
    same(rclone("lsf", "-R", "--files-only", "box:rclone-box").splitlines(),
         ["big.bin", "deep/é & more.txt", "plain.txt"])  # fmt: skip
with step("compare"):
    rclone("check", "there", "box:rclone-box")
with step("read"):
    same(rclone("cat", "box:rclone-box/plain.txt"), "plain")
    rclone("copy", "box:rclone-box", "back")
    assert Path("back/big.bin").read_bytes() == BIG
with step("copy, move and rename there"):
    rclone("copyto", "box:rclone-box/plain.txt", "box:rclone-box/copy.txt")
    rclone("moveto", "box:rclone-box/copy.txt", "box:rclone-box/moved.txt")
    same(rclone("cat", "box:rclone-box/moved.txt"), "plain")
with step("sync after a change"):
    Path("there/plain.txt").unlink()
    rclone("sync", "there", "box:rclone-box")
    same(rclone("lsf", "box:rclone-box").splitlines(), ["big.bin", "deep/"])
with step("a big file again, and its segments"):
    Path("there/big.bin").write_bytes(BIG[::-1])
    rclone("sync", "there", "box:rclone-box")
    assert rclone("size", "box:rclone-box_segments", "--json").startswith('{"count":3')
with step("delete a file with its segments"):
    rclone("deletefile", "box:rclone-box/big.bin")
    same(rclone("lsf", "-R", "--files-only", "box:rclone-box_segments"), "")
with step("purge"):
    rclone("purge", "box:rclone-box")
    assert "rclone-box\n" not in rclone("lsd", "box:")
    rclone("purge", "box:rclone-box_segments")
