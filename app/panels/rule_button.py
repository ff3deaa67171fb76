"""Where paint may go: the one place in the window that says it, and the menu that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.core.rules import PaintRule, Where
from app.panels.class_texts import class_name
from app.panels.icons import icon
from app.panels.plain import MenuButton

if TYPE_CHECKING:
    from app.editing.session import Session

_TIP = "Where paint may go, for every tool (Shift+R goes through the choices)"


class RuleButton(MenuButton):
    """Says the rule in a few words; locked classes are added by the legend and counted here."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._compact = False
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self)
        self.choices: dict[Where, QAction] = {}
        self._build()
        self.setMenu(self._menu)
        self._menu.aboutToShow.connect(self._name_class)
        session.rule_changed.connect(self.follow)
        self.follow()

    def _build(self) -> None:
        group = QActionGroup(self)
        for where, text in (
            (Where.ANYWHERE, "&Anywhere"),
            (Where.UNLABELLED, "Only &unlabelled"),
            (Where.CLASS, "Only over the current &class"),
        ):
            action = self._menu.addAction(text)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, where=where: self._keep_or_choose(where))
            group.addAction(action)
            self.choices[where] = action
        self.other_class = self._menu.addAction("")
        self.other_class.triggered.connect(lambda: self._choose(Where.CLASS))
        self._menu.addSeparator()
        self.keep = self._menu.addAction("Never over what &you decided")
        self.keep.setCheckable(True)
        self.keep.triggered.connect(lambda on: self._session.set_rule(keep_person=on))
        self._menu.addSeparator()
        self.unlock = self._menu.addAction(icon("unlock"), "Un&lock every class")
        self.unlock.triggered.connect(lambda: self._session.set_rule(locked=frozenset()))

    def _keep_or_choose(self, where: Where) -> None:
        """What is in force already stays as it is, the class that it is about included."""
        if where is not self._session.rule.where:
            self._choose(where)

    def _choose(self, where: Where) -> None:
        self._session.set_rule(where=where, class_id=self._session.current_class)

    def _name_class(self) -> None:
        """The class that is meant: of the rule in force, else the current one; another current one can follow it."""
        rule, current = self._session.rule, self._session.current_class
        limited = rule.where is Where.CLASS
        self.choices[Where.CLASS].setText(_over_class(rule.class_id if limited else current, key="&"))
        self.other_class.setText(_over_class(current, key=""))
        self.other_class.setVisible(limited and current != rule.class_id)

    def set_compact(self, *, compact: bool) -> None:
        """Where there is no room for the words: only the icon, and that there is a rule if there is one."""
        self._compact = compact
        self._say()

    def _say(self) -> None:
        """The rule in as many words as there is room for."""
        style, rule = Qt.ToolButtonStyle, self._session.rule
        alone = self._compact and rule.open
        self.setToolButtonStyle(style.ToolButtonIconOnly if alone else style.ToolButtonTextBesideIcon)
        self.setText(f"{'Rule on' if self._compact else rule_words(rule)}  ▾")

    def follow(self) -> None:
        """Show the rule in force."""
        rule = self._session.rule
        self.choices[rule.where].setChecked(True)
        self.keep.setChecked(rule.keep_person)
        self.unlock.setEnabled(bool(rule.locked))
        self.setIcon(icon("brush" if rule.open else "lock"))
        self._say()
        self.setToolTip(f"Paint may go {rule.text()}.\n{_TIP}")
        self.setAccessibleName(f"Where paint may go: {rule.text()}")


def _over_class(class_id: int, *, key: str) -> str:
    """The menu's words, with the key that chooses them."""
    number = f" {class_id}" if class_id else ""
    return f"Only over {key}class{number} {class_name(class_id)}"


def rule_words(rule: PaintRule) -> str:
    """The rule in a few words for the button."""
    words = {
        Where.ANYWHERE: "Paint anywhere",
        Where.UNLABELLED: "Only unlabelled",
        Where.CLASS: f"Only over {class_name(rule.class_id)}",
    }[rule.where]
    extras = ["not over yours"] if rule.keep_person else []
    extras += [f"{len(rule.locked)} locked"] if rule.locked else []
    return " · ".join([words, *extras])
