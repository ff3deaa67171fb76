"""The tool bars follow the system from light to dark and back while the window is open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow, QSlider, QToolBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.chrome.actions import Act
from app.chrome.menus import make_toolbars
from app.panels.icons import icon
from app.panels.plain import MenuButton, PlainDock
from app.panels.style import palette_for


@pytest.fixture
def light(qapp: QApplication) -> Iterator[QApplication]:
    before = qapp.palette()
    qapp.setPalette(palette_for(Qt.ColorScheme.Light))
    yield qapp
    qapp.setPalette(before)


def make_window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = {act: QAction(act.value, window) for act in Act}
    button = MenuButton()
    button.setText("model  ▾")
    make_toolbars(window, actions, options=QWidget(), opacity=QSlider(), model=button)
    window.resize(900, 600)
    with qtbot.waitExposed(window):
        window.show()
    return window


def bars(window: QMainWindow) -> list[QImage]:
    QApplication.processEvents()
    return [window.grab(bar.geometry()).toImage() for bar in window.findChildren(QToolBar)]


def test_what_a_low_window_has_no_room_for_is_behind_a_button_that_is_seen(light: QApplication, qtbot: QtBot) -> None:
    window = make_window(qtbot)
    tools = next(bar for bar in window.findChildren(QToolBar) if bar.windowTitle() == "Tools")
    more = tools.findChild(QToolButton, "qt_toolbar_ext_button")
    assert more is not None
    assert not more.isVisible()
    for action in tools.actions():
        action.setIcon(icon("pan"))
    window.resize(900, 300)
    qtbot.waitUntil(more.isVisible)
    for scheme in (Qt.ColorScheme.Light, Qt.ColorScheme.Dark):
        light.setPalette(palette_for(scheme))
        QApplication.processEvents()
        image = more.grab().toImage()
        ground = image.pixelColor(0, 0).lightness()
        every = [image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())]
        assert max(abs(lightness - ground) for lightness in every) > 90


def test_bars_take_the_new_palette_at_once(light: QApplication, qtbot: QtBot) -> None:
    window = make_window(qtbot)
    before = bars(window)
    light.setPalette(palette_for(Qt.ColorScheme.Dark))
    after = bars(window)
    fresh = bars(make_window(qtbot))
    assert len(after) == 3
    for was, now, made_in_the_dark in zip(before, after, fresh, strict=True):
        assert was.pixelColor(1, 1).lightness() > 128 > now.pixelColor(1, 1).lightness()
        assert now == made_in_the_dark


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Light, Qt.ColorScheme.Dark])
def test_the_close_button_of_a_panel_is_as_clear_as_text(
    qtbot: QtBot, light: QApplication, scheme: Qt.ColorScheme
) -> None:
    light.setPalette(palette_for(scheme))
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = PlainDock("Pictures", window)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.resize(300, 200)
    with qtbot.waitExposed(window):
        window.show()
    button = dock.findChild(QAbstractButton, "qt_dockwidget_closebutton")
    assert button.accessibleName() == "Close Pictures"
    image = dock.grab(button.geometry()).toImage()
    shades = {image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())}
    assert max(shades) - min(shades) > 110
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert dock.isHidden()
    dock.show()
    assert dock.findChild(QAbstractButton, "qt_dockwidget_closebutton").accessibleName() == "Close Pictures"
