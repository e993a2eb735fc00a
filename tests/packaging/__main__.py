"""Build the package, install its wheel alone in a fresh environment, and use it as somebody who has no clone.

Interface: `make package`. The wheel serves; with the extra `clients` it runs the client.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "package"


def run(*words: object, cwd: Path = WORK) -> str:
    """What a command prints. Raises CalledProcessError."""
    return subprocess.run([*map(str, words)], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def install(*words: object) -> None:
    """Install with the versions of the lock, but for the package itself, which has no hash."""
    pins = [line.rstrip("\\ \n") for line in (ROOT / "requirements.lock").open() if line[0].isalnum()]
    (WORK / "constraints.txt").write_text("\n".join(pins) + "\n", "utf-8")
    run(WORK / "venv/bin/python", "-m", "pip", "-qq", "install", "-c", WORK / "constraints.txt", *words)


def built() -> Path:
    """The wheel, made from the source archive, as a publisher makes it."""
    install("build")
    run(WORK / "venv/bin/python", "-m", "build", "--outdir", WORK / "dist", ROOT)
    (wheel,) = (WORK / "dist").glob("*.whl")
    return wheel


def serves(words: list[str], expected: str) -> None:
    """Start the cloud, and look for what a command prints of it."""
    command: list[str | Path] = [WORK / "venv/bin/oslearn", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=WORK, stdout=subprocess.PIPE, text=True) as cloud:
        assert cloud.stdout is not None
        assert "answers at" in cloud.stdout.readline()
        try:
            assert expected in run(WORK / "venv/bin/oslearn", *words)
        finally:
            cloud.terminate()


def main() -> None:
    """Build, install, serve; then the same with the client."""
    subprocess.run(["rm", "-rf", WORK], check=True)
    WORK.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
    wheel = built()
    install(wheel)
    serves(["openrc", "admin"], "export OS_USERNAME=admin")
    install(f"{wheel}[clients]")
    serves(["openstack", "server", "list"], "")
    serves(["openstack", "image", "list"], "cirros")
    print(f"{wheel.name} serves, and runs the client")


if __name__ == "__main__":
    main()
