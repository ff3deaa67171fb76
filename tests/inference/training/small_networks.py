"""A network that learns in seconds."""

from __future__ import annotations

import pytest

from inference.network import lite
from inference.network.stages import Stage

NARROW = (
    Stage(1, 3, 1, 16, 1, False),
    Stage(3, 3, 2, 24, 1, True),
    Stage(3, 3, 2, 32, 1, True),
    Stage(3, 3, 2, 48, 1, True),
    Stage(3, 3, 2, 64, 1, True),
)


def narrow_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks made from here on have a backbone as narrow as a few colours allow."""
    monkeypatch.setattr(lite, "lite_stages", lambda _kind: NARROW)
