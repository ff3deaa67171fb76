"""The opacity slider and the session say the same."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.editing.session import Session
from app.panels.opacity import OpacitySlider
from app.settings import Settings


def test_slider_and_session_follow_each_other(qtbot: QtBot) -> None:
    session = Session(Settings(opacity=0.3))
    opacity = OpacitySlider(session)
    qtbot.addWidget(opacity)
    opacity.show()
    assert opacity.slider.value() == 30
    end = QPoint(opacity.slider.width() - 1, opacity.slider.height() // 2)
    QTest.mouseClick(opacity.slider, Qt.MouseButton.LeftButton, pos=end)
    assert session.overlay.opacity == 1.0
    QTest.keyClick(opacity.slider, Qt.Key.Key_Left)
    assert session.overlay.opacity == pytest.approx(0.95)
    session.set_overlay(opacity=0.5)
    assert opacity.slider.value() == 50
    assert "50 %" in opacity.toolTip()
