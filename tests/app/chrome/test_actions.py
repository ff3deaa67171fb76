"""The action table is complete and free of clashes."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from app.chrome.actions import ACTIONS, TOOL_ACTIONS, Act, tooltip
from app.main_window import MainWindow
from app.settings import Settings
from app.tools import TOOLS


def test_every_action_has_a_row_and_every_tool_an_action() -> None:
    assert set(ACTIONS) == set(Act)
    assert set(TOOL_ACTIONS) == set(TOOLS)


def test_no_key_does_two_things() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in ACTIONS.values() for key in spec.keys)
    assert all(keys), "a key sequence that Qt does not know"
    assert [key for key, count in keys.items() if count > 1] == []
    assert not set(keys) & {str(digit) for digit in range(1, 10)}, "digits choose recent classes"


def test_icons_exist_and_tooltips_name_the_shortcut(qtbot: QtBot) -> None:
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    for act, spec in ACTIONS.items():
        action = window.actions_by_id[act]
        assert action.icon().isNull() == (spec.icon is None), act
        assert action.toolTip() == tooltip(spec)
        if spec.keys:
            assert QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) in action.toolTip()
    window.close()


def test_every_action_is_in_a_menu(qtbot: QtBot) -> None:
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    in_menus = [action for top in window.menuBar().actions() for action in top.menu().actions()]
    for act, spec in ACTIONS.items():
        assert (window.actions_by_id[act] in in_menus) != spec.held, act
    window.close()
