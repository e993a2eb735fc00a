"""python served.py FOLDER COMMAND...: serve a folder's cloud on a free port, and run a client's command on it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from oslearn.core.config import Config
from oslearn.port import server as serving
from oslearn.port import settings


def main(folder: Path, command: list[str]) -> int:
    """How the command ended."""
    server = serving.Server(0, Config(), data=folder)
    threading.Thread(target=server.run, daemon=True).start()
    with closing(server):
        clouds_yaml = folder.parent / "clouds.yaml"
        settings.write(clouds_yaml, server.settings())
        environ = os.environ | {"OS_CLIENT_CONFIG_FILE": str(clouds_yaml), "OS_CLOUD": "oslearn-demo"}
        return subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:]], env=environ).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
