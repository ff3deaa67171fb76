"""The one place that says where paint may go, and changes it, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.core.rules import PaintRule, Where
from app.editing.session import Session
from app.panels.rule_button import RuleButton, rule_words
from tests.menus import click_entry

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key


@pytest.fixture
def button(session: Session, qtbot: QtBot) -> RuleButton:
    button = RuleButton(session)
    qtbot.addWidget(button)
    with qtbot.waitExposed(button):
        button.show()
    return button


def in_menu(button: RuleButton, opens: Callable[[], None], use: Callable[[QMenu], None]) -> None:
    """Open the menu and use it; it has an event loop of its own until it is closed."""
    menu, used = button.menu(), []

    def now() -> None:
        if menu.isVisible():
            used.append(True)
            use(menu)
        menu.close()

    QTimer.singleShot(0, now)
    opens()
    assert used == [True]


def choose(button: RuleButton, action: QAction) -> None:
    """Click the button, then the entry of its menu."""

    opens = QPoint(10, button.height() // 2)
    in_menu(button, lambda: QTest.mouseClick(button, LEFT, pos=opens), lambda menu: click_entry(menu, action))


def texts(button: RuleButton) -> list[str]:
    """The entries that the menu shows when it is opened."""
    shown: list[str] = []

    def read(menu: QMenu) -> None:
        shown.extend(action.text() for action in menu.actions() if action.isVisible() and not action.isSeparator())

    in_menu(button, lambda: QTest.mouseClick(button, LEFT, pos=QPoint(10, button.height() // 2)), read)
    return shown


@pytest.mark.parametrize("where", list(Where))
def test_a_click_chooses_where_paint_may_go(button: RuleButton, session: Session, where: Where) -> None:
    session.set_rule(where=Where.UNLABELLED if where is Where.ANYWHERE else Where.ANYWHERE)
    session.set_current_class(5)
    choose(button, button.choices[where])
    assert session.rule.where is where
    assert session.rule.class_id == 5
    assert [known for known in Where if button.choices[known].isChecked()] == [where]


def test_by_keys_alone(button: RuleButton, session: Session, qtbot: QtBot) -> None:
    button.setFocus()
    opens = [lambda: QTest.keyClick(button, KEY.Key_Space)]
    in_menu(button, opens[0], lambda menu: QTest.keyClick(menu, KEY.Key_U))
    assert session.rule.where is Where.UNLABELLED
    in_menu(button, opens[0], lambda menu: QTest.keyClick(menu, KEY.Key_Y))
    assert session.rule.keep_person
    in_menu(button, opens[0], lambda menu: QTest.keyClick(menu, KEY.Key_Escape))
    assert session.rule == PaintRule(Where.UNLABELLED, session.rule.class_id, keep_person=True)


def test_never_over_a_person_goes_on_and_off(button: RuleButton, session: Session) -> None:
    choose(button, button.keep)
    assert session.rule.keep_person
    assert button.keep.isChecked()
    choose(button, button.keep)
    assert not session.rule.keep_person


def test_every_class_is_unlocked_at_once(button: RuleButton, session: Session) -> None:
    assert not button.unlock.isEnabled()
    session.set_rule(locked=frozenset({3, 5}))
    choose(button, button.unlock)
    assert session.rule.locked == frozenset()
    assert not button.unlock.isEnabled()


def test_the_menu_names_the_class_that_a_click_means(button: RuleButton, session: Session) -> None:
    session.set_current_class(5)
    assert texts(button)[2:4] == ["Only over &class 5 tree", "Never over what &you decided"]
    choose(button, button.choices[Where.CLASS])
    session.set_current_class(3)
    assert texts(button)[2:4] == ["Only over &class 5 tree", "Only over class 3 sky"]
    choose(button, button.choices[Where.CLASS])  # it is in force: nothing changes
    assert session.rule.class_id == 5
    choose(button, button.other_class)
    assert session.rule == PaintRule(Where.CLASS, 3)
    assert "Only over class 3 sky" not in texts(button)
    session.set_current_class(0)
    assert texts(button)[3] == "Only over class unlabelled"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PaintRule(), "Paint anywhere"),
        (PaintRule(Where.UNLABELLED), "Only unlabelled"),
        (PaintRule(Where.CLASS, 5), "Only over tree"),
        (PaintRule(Where.CLASS, 0), "Only over unlabelled"),
        (PaintRule(locked=frozenset({3, 5})), "Paint anywhere · 2 locked"),
        (PaintRule(keep_person=True, locked=frozenset({3})), "Paint anywhere · not over yours · 1 locked"),
    ],
)
def test_the_rule_in_a_few_words(button: RuleButton, session: Session, rule: PaintRule, words: str) -> None:
    assert rule_words(rule) == words
    session.set_rule(where=rule.where, class_id=rule.class_id, keep_person=rule.keep_person, locked=rule.locked)
    assert button.text() == f"{words}  ▾"
    assert button.accessibleName() == f"Where paint may go: {rule.text()}"
    assert rule.text() in button.toolTip()


def test_a_rule_with_limits_looks_different_from_none(button: RuleButton, session: Session, qtbot: QtBot) -> None:
    button.set_compact(compact=True)
    QApplication.processEvents()
    free = button.grab().toImage()
    session.set_rule(where=Where.UNLABELLED)
    limited = button.grab().toImage()
    assert free != limited
    session.set_rule(where=Where.ANYWHERE)
    assert button.grab().toImage() == free


def test_without_words_it_still_says_the_rule(button: RuleButton, session: Session) -> None:
    wide = button.sizeHint().width()
    button.set_compact(compact=True)
    assert button.sizeHint().width() < wide / 2
    session.set_rule(where=Where.UNLABELLED)
    assert "only where nothing is labelled" in button.toolTip()
    assert "only where nothing is labelled" in button.accessibleName()


def test_it_is_reached_by_the_tab_key(button: RuleButton) -> None:
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_without_room_a_rule_in_force_still_says_that_it_is(button: RuleButton, session: Session) -> None:
    button.set_compact(compact=True)
    assert button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
    session.set_rule(locked=frozenset({3}))
    assert button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    assert button.text().startswith("Rule on")
    button.set_compact(compact=False)
    assert button.text().startswith("Paint anywhere · 1 locked")
