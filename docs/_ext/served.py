"""The cloud that a page's Python examples reach: `openstack.connect(cloud="oslearn-demo")`, over a real port.

It is another cloud than that of the page's console blocks, prepared for the same lesson, so that the tabs CLI and
Python can each make the same thing. Its ids and addresses differ from run to run: an example does not print them.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sybil import Document
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.example import Example

from console import KEPT, lab_of

if TYPE_CHECKING:
    from oslearn.port.server import Server

CONNECT = "openstack.connect("


class Served:
    """A cloud behind a port, and the clouds.yaml that leads to it."""

    def __init__(self, lab: str | None) -> None:
        from oslearn.course import labs
        from oslearn.port import settings
        from oslearn.port.prepared import Prepared
        from oslearn.port.server import Server

        self._folder = tempfile.TemporaryDirectory(prefix="page-")
        data = Prepared(KEPT).copy(labs.find(lab), Path(self._folder.name, "cloud")) if lab else None
        server = Server(data=data)
        self.clouds_yaml = Path(self._folder.name, "clouds.yaml")
        settings.write(self.clouds_yaml, server.settings())
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        self._cleanup = weakref.finalize(self, server.close)


def answer(server: Server) -> None:
    """Serve until the page is done and the port is closed."""
    with contextlib.suppress(OSError):
        server.run()


class PythonEvaluator(DocTestEvaluator):
    """Runs `>>>` examples; on a page that connects, the client finds the page's served cloud."""

    def __call__(self, example: Example) -> str:
        with clouds_yaml(example.document):
            return super().__call__(example)


@contextlib.contextmanager
def clouds_yaml(document: Document) -> Iterator[None]:
    """Name the served cloud's settings in the environment while an example runs."""
    if CONNECT not in document.text or document.path.endswith(".py"):
        yield
        return
    served = getattr(document, "served", None)
    if served is None:
        served = document.served = Served(lab_of(document.text))  # type: ignore[attr-defined]
    before = os.environ.get("OS_CLIENT_CONFIG_FILE")
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(served.clouds_yaml)
    try:
        with warnings.catch_warnings(), contextlib.chdir(served.clouds_yaml.parent):  # its files, too
            warnings.simplefilter("ignore")  # the SDK's own, about libraries that it may use
            yield
    finally:
        del os.environ["OS_CLIENT_CONFIG_FILE"]
        if before is not None:
            os.environ["OS_CLIENT_CONFIG_FILE"] = before
