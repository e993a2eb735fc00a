"""Reading words as truth values, in one place.

Interface: `bool_from_string(subject, strict, default)`.
Upstream: oslo_utils/strutils.py.
"""

from __future__ import annotations

TRUE = ("1", "t", "true", "on", "y", "yes")
FALSE = ("0", "f", "false", "off", "n", "no")


def bool_from_string(subject: object, *, strict: bool = False, default: bool = False) -> bool:
    """What a word of a client means; `default` for one that means neither. Raises ValueError for that if `strict`.

    >>> bool_from_string(" Yes "), bool_from_string("perhaps", default=True), bool_from_string(0)
    (True, True, False)
    """
    if isinstance(subject, bool):
        return subject
    word = str(subject).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    if strict:
        shown = ", ".join(f"'{word}'" for word in (*sorted(FALSE), *sorted(TRUE)))
        raise ValueError(f"Unrecognized value '{subject}', acceptable values are: {shown}")
    return default
