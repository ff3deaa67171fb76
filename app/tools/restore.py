"""Back to the network: a brush that takes a person's decisions away and shows the network's answer again."""

from __future__ import annotations

from typing import ClassVar

from app.tools.base import Button
from app.tools.brush import Brush


class Restore(Brush):
    """Both buttons give pixels back; everything else is as with the brush."""

    id: ClassVar[str] = "restore"
    hint: ClassVar[str] = "Drag: take corrections away, back to the network's answer · Ctrl+drag: size"

    def value_for(self, button: Button | None) -> int:
        return 0

    def text_for(self, value: int) -> str:
        return "Back to the network"

    def name_for(self, value: int) -> str:
        return "the network's answer"
