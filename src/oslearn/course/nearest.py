"""What somebody may have meant who typed a name that is not there.

Interface: `nearest(word, known)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def nearest(word: str, known: Sequence[str]) -> str:
    """The rest of a sentence that says: this name is not there."""
    meant = [name for name in known if word.lower() in name] or get_close_matches(word, known, 4)
    return f"; did you mean {', '.join(meant)}?" if meant else f"; there are {', '.join(known)}"
