"""`make lighthouse`: six kinds of page of build/html in Lighthouse; each category has at least 98 points.

It needs Chromium and Node.js; the target installs Lighthouse into .site/node. Its speed figures depend on how busy the
machine is, so it is no part of `make check`; the best of three runs counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from serving import OPTIONS, browser, hosted

PAGES = (
    "index.html", "day1/index.html", "day1/server.html", "day1/check.html", "day4/flow.html", "reference/troubles.html",
)  # fmt: skip
"""Six kinds of page."""
LEAST, RUNS = 98, 3
TOOL = Path(__file__).parents[2] / ".site" / "node" / "node_modules" / "lighthouse" / "cli" / "index.js"


def measured(chromium: str, address: str, form: str) -> dict[str, object]:
    """One run's report."""
    command = ["node", os.environ.get("LIGHTHOUSE", str(TOOL)), address, "--quiet", "--output=json"]
    command += [
        f"--chrome-flags=--headless=new {' '.join(OPTIONS)}",
        *(["--preset=desktop"] if form == "desktop" else []),
    ]
    done = subprocess.run(
        command, env={**os.environ, "CHROME_PATH": chromium}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-1000:])
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def points(report: dict[str, Any]) -> dict[str, int]:
    """The points of each category."""
    return {name: round((entry["score"] or 0) * 100) for name, entry in report["categories"].items()}


def lost(report: dict[str, Any]) -> list[str]:
    """What took points."""
    named = {ref["id"]: ref["weight"] for entry in report["categories"].values() for ref in entry["auditRefs"]}
    audits = ((name, report["audits"][name]) for name, weight in named.items() if weight)
    return [
        f"{name} {a.get('displayValue', '')}".strip()
        for name, a in audits
        if a["score"] is not None and a["score"] < 0.9
    ]


def main() -> int:
    """Print a row for each page; 1 if a category is below `LEAST`."""
    chromium = browser()
    if chromium is None or shutil.which("node") is None:
        print("Lighthouse needs Chromium and Node.js.")
        return 2
    wrong = 0
    with hosted() as root:
        for page in PAGES:
            for form in ("mobile", "desktop"):
                best: dict[str, int] = {}
                for _ in range(RUNS):
                    report = measured(chromium, root + page, form)
                    best = {name: max(n, best.get(name, 0)) for name, n in points(report).items()}
                    if min(best.values()) >= LEAST:
                        break
                low = min(best.values()) < LEAST
                wrong += low
                print(f"{page:18} {form:8} {best}", *(lost(report) if low else ()), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
