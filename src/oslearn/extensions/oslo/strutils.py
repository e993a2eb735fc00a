"""Words of clients that must mean something.

Interface: `strict_bool(subject)`; `FALSE`, beside the core's `TRUE`.
Upstream: oslo_utils/strutils.py (`bool_from_string` with `strict`).
"""

from __future__ import annotations

from oslearn.core.oslo.strutils import TRUE

FALSE = ("0", "f", "false", "off", "n", "no")


def strict_bool(subject: object) -> bool:
    """What a word of a client means. Raises ValueError for one that means neither.

    >>> strict_bool(" Yes "), strict_bool(False)
    (True, False)
    """
    word = str(subject).strip().lower()
    if word not in TRUE + FALSE:
        shown = ", ".join(f"'{word}'" for word in (*sorted(FALSE), *sorted(TRUE)))
        raise ValueError(f"Unrecognized value '{subject}', acceptable values are: {shown}")
    return word in TRUE
