"""The menus and toolbars around the canvas, filled from the action table."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QWidget

from app.chrome.actions import ACTIONS, PALETTE_ACTIONS, TOOL_ACTIONS, Act, Group
from app.panels.plain import PlainToolBar

MAIN_BAR = (
    (Act.OPEN, Act.OPEN_FOLDER),
    (Act.EXPORT, Act.EXPORT_ALL),
    (Act.UNDO, Act.REDO),
    (Act.PREVIOUS, Act.NEXT),
    (Act.ZOOM_FIT, Act.ZOOM_100),
    (Act.OUTLINE, Act.PATTERNS, Act.NAMES, Act.DECIDERS),
)
NEW_GROUP = {  # a menu draws a line above these
    Act.IMPORT,
    Act.QUIT,
    Act.HISTORY,
    Act.CHOOSE_CLASS,
    Act.BRUSH_SMALLER,
    Act.OUTLINE,
    Act.PALETTE_ADE,
    Act.LESS_OPAQUE,
    Act.MODE,
    Act.SHOW_ALL,
    Act.FULL_SCREEN,
    Act.NEXT_UNFINISHED,
    Act.NOTE,
    Act.PICTURE_GRID,
    Act.PREDICT_AGAIN,
    Act.LEARN,
    Act.ABOUT,
}
ICON, TOOL_ICON = 18, 20  # device-independent pixels


def make_menus(window: QMainWindow, actions: dict[Act, QAction], panels: Iterable[QAction]) -> QMenu:
    """Fill the menu bar; `panels` go at the end of the View menu. The menu for recent paths is returned."""
    menus = {group: window.menuBar().addMenu(group.value) for group in Group}
    recent = QMenu("Open recent", window)
    recent.setToolTipsVisible(True)
    for act, spec in ACTIONS.items():
        menu = menus[spec.group]
        if act in NEW_GROUP:
            menu.addSeparator()
        if not spec.held:
            menu.addAction(actions[act])
        if act is Act.OPEN_FOLDER:
            menu.addMenu(recent)
    palettes = QActionGroup(window)
    for act in PALETTE_ACTIONS.values():
        palettes.addAction(actions[act])
    menus[Group.VIEW].addSeparator()
    for action in panels:
        menus[Group.VIEW].addAction(action)
    return recent


def make_toolbars(
    window: QMainWindow, actions: dict[Act, QAction], *, options: QWidget, opacity: QWidget, model: QWidget
) -> None:
    """The main bar with the model at its right end, below it the options of the tool in hand, the tools on the left."""
    main = _toolbar(window, "Main", Qt.ToolBarArea.TopToolBarArea)
    for row in MAIN_BAR:
        for act in row:
            main.addAction(actions[act])
        main.addSeparator()
    main.addWidget(opacity)
    spacer = QWidget()
    spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    main.addWidget(spacer)
    main.addWidget(model)
    window.addToolBarBreak(Qt.ToolBarArea.TopToolBarArea)
    _toolbar(window, "Tool options", Qt.ToolBarArea.TopToolBarArea).addWidget(options)
    tools = _toolbar(window, "Tools", Qt.ToolBarArea.LeftToolBarArea)
    tools.setIconSize(QSize(TOOL_ICON, TOOL_ICON))
    group = QActionGroup(window)
    for act in TOOL_ACTIONS.values():
        tools.addAction(actions[act])
        group.addAction(actions[act])


def _toolbar(window: QMainWindow, title: str, area: Qt.ToolBarArea) -> QToolBar:
    bar = PlainToolBar(title, window)
    bar.setObjectName(f"toolbar-{title.lower().replace(' ', '-')}")
    bar.setMovable(False)
    bar.setIconSize(QSize(ICON, ICON))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    window.addToolBar(area, bar)
    return bar
