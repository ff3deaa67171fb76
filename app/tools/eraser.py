"""The eraser: a brush that makes pixels unlabelled, by a person's decision."""

from __future__ import annotations

from typing import ClassVar

from app.core.segment_map import HUMAN_UNLABELLED
from app.tools.base import Button
from app.tools.brush import Brush


class Eraser(Brush):
    """Both buttons erase; everything else is as with the brush."""

    id: ClassVar[str] = "eraser"
    hint: ClassVar[str] = "Drag: make pixels unlabelled · Shift+click: straight line · Ctrl+drag: size"

    def value_for(self, button: Button | None) -> int:
        return HUMAN_UNLABELLED
