"""Read subunit from standard input; write a line of JSON a test: id, status, why. Runs in Tempest's environment."""

import json
import sys

import subunit
import testtools


def tell(test):
    """Write how a test ended."""
    if test["status"] == "exists":
        return  # the runner's table of contents
    details = {name: content for name, content in test["details"].items() if name in ("reason", "traceback")}
    why = next((content.as_text().strip() for content in details.values()), "")
    print(json.dumps([test["id"], test["status"], why]), flush=True)


stream = testtools.StreamToDict(tell)
stream.startTestRun()
subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name="stdout").run(stream)
stream.stopTestRun()
