"""The hint beside the tools: one line, else two small ones, and only then an ellipsis."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.core.arrays import Bool
from app.panels.hint_label import HintLabel
from app.tools import TOOLS

TEXT = "Drag: paint · right button: erase · Shift+click: straight line"

pytestmark = pytest.mark.usefixtures("calm_palette")


@pytest.fixture
def label(qtbot: QtBot) -> HintLabel:
    label = HintLabel(TEXT)
    qtbot.addWidget(label)
    return label


def inked(label: HintLabel, width: int, *, height: int = 34) -> Bool:
    """Which pixels of the label have ink when it is so wide: (h, w) bool."""
    label.resize(width, height)
    image = label.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())[:, : image.width()]
    return rows < rows.max() - 60


def lines(ink: Bool) -> int:
    """How many lines of text there are: bands of rows with ink, apart by at least two rows without any."""
    rows = np.flatnonzero(ink.any(axis=1))
    return int(1 + (np.diff(rows) > 1).sum()) if rows.size else 0


def test_it_breaks_before_it_elides(label: HintLabel) -> None:
    whole = label.fontMetrics().horizontalAdvance(TEXT)
    assert lines(inked(label, whole + 10)) == 1
    half = label.width_on_two_lines()
    assert half < 0.6 * whole
    assert lines(inked(label, half)) == 2
    assert not label.is_elided()
    assert label.toolTip() == ""
    assert lines(inked(label, half - 20)) == 2
    assert label.is_elided()
    assert label.toolTip() == TEXT


def test_a_low_label_keeps_one_line(label: HintLabel) -> None:
    assert lines(inked(label, label.width_on_two_lines(), height=label.fontMetrics().height() + 4)) == 1


@pytest.mark.parametrize("tool_id", TOOLS)
def test_every_hint_fits_into_a_third_of_a_common_window(label: HintLabel, tool_id: str) -> None:
    label.setText(TOOLS[tool_id].hint)
    assert label.width_on_two_lines() < 1280 / 3
