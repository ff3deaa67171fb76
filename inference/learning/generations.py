"""Which pictures a model has learned from, and those before it: on these it looks better than it is.

Its card says so in its lineage, by a few bytes of the hash of each picture's name: enough to know one again, and not
to read what it was called.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

LEARNED_FROM = "learned_from"
"""The key in a lineage."""
_BYTES = 4  # of the hash: among a thousand pictures, one in four million others is taken for one of them


def learned_from(lineage: Mapping[str, Any], names: Iterable[str]) -> str:
    """What the lineage of a model says that learned from pictures with these names, and whose parent has `lineage`."""
    return base64.b64encode(b"".join(sorted(_marks(lineage) | {_mark(name) for name in names}))).decode()


def knows(lineage: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whether a model has learned from the picture of a name, itself or one before it; never, where nothing is said."""
    marks = _marks(lineage)
    return lambda name: _mark(name) in marks


def _mark(name: str) -> bytes:
    return hashlib.sha256(b"learned from " + name.encode("utf-8", "surrogatepass")).digest()[:_BYTES]


def _marks(lineage: Mapping[str, Any]) -> set[bytes]:
    said = lineage.get(LEARNED_FROM)
    try:
        content = base64.b64decode(said, validate=True) if isinstance(said, str) else b""
    except ValueError:  # somebody edited the card
        return set()
    return {content[start : start + _BYTES] for start in range(0, len(content), _BYTES)}
