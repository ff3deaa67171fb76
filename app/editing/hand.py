"""What is in hand and how the labels are shown: the part of the session that belongs to no picture."""

from __future__ import annotations

import itertools
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.core.overlay import OverlaySettings
from app.core.palettes import Palette
from app.core.rules import PaintRule
from app.core.segment_map import HUMAN_BASE, HUMAN_UNLABELLED
from app.settings import Settings, Value

BRUSH_MIN, BRUSH_MAX = 1, 2000  # image pixels
RECENT_CLASSES = 9


class Hand(QObject):
    """The current class, the brush, the rule for paint, the options of the tools, and the overlay."""

    tables_changed = Signal()
    current_class_changed = Signal(int)
    brush_size_changed = Signal(int)
    rule_changed = Signal()
    favourites_changed = Signal()
    tool_value_changed = Signal(str)  # which, as "tool.option"
    tool_changed = Signal()  # what the tool in hand shows or offers is different now

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.recent_classes = settings.recent_classes
        self._last_used: dict[int, int] = {}
        self._uses = itertools.count()
        # "Unlabelled" is not carried over: a brush that erases would be a surprise at the start.
        self.current_class = settings.current_class or next(iter(settings.recent_classes), 1)
        self._remember_class(self.current_class)
        self.brush_size = settings.brush_size
        self.rule = PaintRule()  # that of last time would be a surprise as well
        self.overlay = OverlaySettings(
            opacity=settings.opacity,
            outline=settings.outline,
            palette=Palette(settings.palette),
            patterns=settings.patterns,
            names=settings.names,
        )
        self.favourites = settings.favourites
        self._tool_values: dict[str, Value] = dict(settings.tool_values)

    def set_current_class(self, class_id: int) -> None:
        """The class to paint with: 1..150, or 0 for unlabelled. A recent class keeps its digit."""
        if not 0 <= class_id <= 150:
            raise ValueError(f"class {class_id} is not within 0..150")
        self._remember_class(class_id)
        self.current_class = class_id
        self.current_class_changed.emit(class_id)

    def _remember_class(self, class_id: int) -> None:
        """A recent class keeps its digit; a new one takes the next, or that of the longest unused."""
        if not class_id:
            return
        recent = list(self.recent_classes)
        if class_id not in recent and len(recent) < RECENT_CLASSES:
            recent.append(class_id)
        elif class_id not in recent:
            oldest = min(recent, key=lambda known: self._last_used.get(known, -1))
            recent[recent.index(oldest)] = class_id
        self._last_used[class_id] = next(self._uses)
        self.recent_classes = tuple(recent)

    def set_brush_size(self, size: int) -> None:
        """Brush diameter in image pixels, clamped to 1..2000."""
        size = max(BRUSH_MIN, min(BRUSH_MAX, size))
        if size != self.brush_size:
            self.brush_size = size
            self.brush_size_changed.emit(size)

    def reveal(self, value: int) -> None:
        """Paint must be seen: the class of a human-layer value is no longer hidden, nor left out by solo.

        What was erased or given back to the network is no class: what is seen there is what lies below.
        """
        class_id = value - HUMAN_BASE
        if HUMAN_BASE < value < HUMAN_UNLABELLED and not self.overlay.shows(class_id):
            solo = self.overlay.solo | {class_id} if self.overlay.solo else self.overlay.solo
            self.set_overlay(hidden=self.overlay.hidden - {class_id}, solo=solo)

    def set_rule(self, **changes: object) -> None:
        """Change where paint may go."""
        self.rule = replace(self.rule, **changes)  # type: ignore[arg-type]
        self.rule_changed.emit()

    def set_favourite(self, class_id: int, *, on: bool) -> None:
        """Keep a class at hand in the legend, or no longer."""
        others = tuple(known for known in self.favourites if known != class_id)
        self.favourites = (*others, class_id) if on else others
        self.favourites_changed.emit()

    def tool_value(self, name: str) -> Value | None:
        """The option `name` ("tool.option") as a person set it; None when it was never touched."""
        return self._tool_values.get(name)

    def set_tool_value(self, name: str, value: Value) -> None:
        """Remember an option of a tool."""
        if self._tool_values.get(name) != value:
            self._tool_values[name] = value
            self.tool_value_changed.emit(name)

    def set_overlay(self, **changes: object) -> None:
        """Change how the labels are shown: colour tables only, no pixel is recomputed."""
        self.overlay = replace(self.overlay, **changes)  # type: ignore[arg-type]
        self.tables_changed.emit()

    def remembered(self, settings: Settings) -> Settings:
        """`settings` with what is in hand now, for the next start."""
        return replace(
            settings,
            opacity=self.overlay.opacity,
            outline=self.overlay.outline,
            palette=self.overlay.palette.value,
            patterns=self.overlay.patterns,
            names=self.overlay.names,
            brush_size=self.brush_size,
            current_class=self.current_class,
            recent_classes=self.recent_classes,
            favourites=self.favourites,
            tool_values=tuple(self._tool_values.items()),
        )
