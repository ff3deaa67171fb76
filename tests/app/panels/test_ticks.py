"""Boxes and rings have an edge that can be seen on light and on dark, ticked or not."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QAbstractButton, QStyle, QStyleOptionButton
from pytestqt.qtbot import QtBot

from app.panels.style import palette_for
from app.panels.ticks import RingButton, TickBox


def luminance(rgb: np.ndarray) -> float:
    """Relative luminance of one colour, 0..1, by WCAG 2."""
    part = np.asarray(rgb, float) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Light, Qt.ColorScheme.Dark])
@pytest.mark.parametrize("kind", [TickBox, RingButton])
@pytest.mark.parametrize("ticked", [False, True])
def test_the_edge_has_contrast(
    qtbot: QtBot, scheme: Qt.ColorScheme, kind: type[QAbstractButton], *, ticked: bool
) -> None:
    button = kind("words")
    qtbot.addWidget(button)
    button.setPalette(palette_for(scheme))
    button.setAutoExclusive(False)
    button.setChecked(ticked)
    button.resize(button.sizeHint())
    image = button.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    option = QStyleOptionButton()
    box = kind is TickBox
    part = QStyle.SubElement.SE_CheckBoxIndicator if box else QStyle.SubElement.SE_RadioButtonIndicator
    place = button.style().subElementRect(part, option, button)
    place.moveTop((button.height() - place.height()) // 2)
    edge = image.pixelColor(place.left(), place.center().y())
    around = button.palette().color(QPalette.ColorRole.Window)
    values = sorted(luminance(np.array(colour.getRgb()[:3])) for colour in (edge, around))
    assert (values[1] + 0.05) / (values[0] + 0.05) >= 3
