"""Access rules of application credentials: a token may ask for what they name, and for nothing else.

Interface: `hold(service_types, req, info)`, a check for auth_token; `fits(pattern, path)`.
Invariants: the rules hold unless a service asks for its user.
Upstream: keystonemiddleware.auth_token (`_validate_app_cred_access_rules`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from oslearn.core.keystonemiddleware.auth_token import TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request

PARTS = re.compile(r"\*\*|\*|\{[^{}]*\}|[^*{}]+|.", re.DOTALL)
"""Of a rule's path."""
LONGEST = 8190
"""Letters of a path that a rule can mean (Apache's `LimitRequestLine`)."""


def hold(service_types: Collection[str], req: Request, info: TokenInfo) -> None:
    """Raises Unauthorized unless a token's access rules, if it has any, let this request through.

    `service_types` are the names by which rules call the service that is asked. A rule's path begins below the API's
    root; who reads it off a URL writes the root's path as well.
    """
    rules = info.get("application_credential", {}).get("access_rules")
    asks_for_a_token = "identity" in service_types and req.method == "GET" and req.path == "/v3/auth/tokens"
    if not rules or asks_for_a_token:
        return
    paths = (req.path, req.env.get("SCRIPT_NAME", "") + req.path)
    for rule in rules:
        asked = rule["service"] in service_types and rule["method"] == req.method
        if asked and any(fits(rule["path"], path) for path in paths):
            return
    raise exception.Unauthorized()


def fits(pattern: str, path: str) -> bool:
    """Whether a path is one that a rule means: `*` and `{name}` are a part of a path, `**` is the rest of it.

    >>> [fits("/v2.1/servers/{id}/*", path) for path in ("/v2.1/servers/1/ips", "/v2.1/servers/1")]
    [True, False]
    >>> fits("/v2.1/**", "/v2.1/servers/1"), fits("/v2.1/a", "/v2x1/a"), fits("/**/a*", "/a/b/ab")
    (True, False, True)
    """
    if len(path) > LONGEST:
        return False
    ends = {0}  # of what fits so far: one step a part, where a regular expression tries all ways that there are
    for part in PARTS.findall(pattern):
        if part == "**":
            ends = set(range(min(ends), len(path) + 1))
        elif part == "*" or (part[0] == "{" and part[-1] == "}"):
            ends = set(within(path, ends))
        else:
            ends = {start + len(part) for start in ends if path.startswith(part, start)}
        if not ends:
            return False
    return len(path) in ends


def within(path: str, starts: set[int]) -> Iterator[int]:
    """Where something can end that begins at one of the starts and goes on in the same part of the path."""
    begun = False
    for place, char in enumerate(path):
        begun = (begun or place in starts) and char != "/"
        if begun:
            yield place + 1
