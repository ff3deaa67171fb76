"""The remote engine in the window: off until it is chosen here, and what that means is said first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.desk import Desk
from app.dialogs import choose, heading
from app.panels.icons import icon
from app.panels.style import UNIT
from app.panels.ticks import TickBox
from app.workers.lane import CancelToken, Lane
from inference.remote_card import REMOTE, SERVICE_ADDRESS, leaving, remote_address, remote_models
from inference.remote_key import VARIABLE, RemoteError

if TYPE_CHECKING:
    from app.models.remote_key import KeyTold

_Told = TypeVar("_Told")
WHAT_IS_SENT = (
    "What is sent is the photo's pixels, as a JPEG with a long side of 2048 pixels at most: neither its name nor the "
    "notes that cameras write into a photo, such as place and time."
)
BEFORE = "No photo is sent before you tick the box."
QUESTION = "No photo is sent before you agree here, and none any more as soon as you untick the box."
_NOTHING_TO_FORGET = "There is no key that could be forgotten"
_MODEL = "bisenetformer-m-ade"


class RemotePanel(QWidget):
    """A box to tick, the model and the key, and a test that sends no photo of anybody."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._lane = Lane("remote", self, may_be_left=True)
        self._host = _host()
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, UNIT)
        layout.addWidget(heading(f"Let {self._host} run the network"))
        layout.addWidget(_sentence(f"{WHAT_IS_SENT} {BEFORE}"))
        layout.addSpacing(UNIT)
        self.allowed = TickBox(f"&Send photos to {self._host}")
        self.allowed.clicked.connect(self._allowed_clicked)
        layout.addWidget(self.allowed)
        self.state = _sentence("")
        self.state.setFont(heading("").font())
        layout.addWidget(self.state)
        layout.addSpacing(UNIT)
        layout.addLayout(self._fields())
        layout.addLayout(self._test_row())
        layout.addStretch(1)
        desk.engine_changed.connect(lambda _status: self._follow())
        desk.model.replaced.connect(self._follow)
        desk.model.refused.connect(self._refused)
        self._follow()
        self._ask_for_place()

    def _fields(self) -> QGridLayout:
        self.model = QComboBox()
        self.model.addItems(remote_models())
        self.model.setCurrentText(_MODEL)
        self.model.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.model.activated.connect(lambda _row: self._use_if_allowed())
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setPlaceholderText(f"A key of your own; {VARIABLE} in the environment goes before it")
        self.key.editingFinished.connect(self._key_entered)
        self.key_place = _sentence("")
        self._show = QToolButton(autoRaise=True)
        self._show.setCheckable(True)
        self._show.setIcon(icon("eye"))
        self._show.setToolTip("Show what is typed")
        self._show.setAccessibleName("Show the key")
        self._show.toggled.connect(self._show_key)
        self._forget = QPushButton("&Forget")
        self._forget.setAutoDefault(False)
        self._forget.setEnabled(False)  # until a key was found
        self._forget.clicked.connect(self._key_forgotten)
        fields = QGridLayout()
        fields.setSpacing(UNIT)
        for row, (text, field) in enumerate((("M&odel", self.model), ("&Key", self.key))):
            label = QLabel(text)
            label.setBuddy(field)
            fields.addWidget(label, row, 0)
            fields.addWidget(field, row, 1)
        fields.addWidget(self._show, 1, 2)
        fields.addWidget(self._forget, 1, 3)
        fields.addWidget(self.key_place, 2, 1, 1, 3)
        return fields

    def _test_row(self) -> QHBoxLayout:
        self.test = QPushButton("&Test")
        self.test.setToolTip("Ask about a tiny picture that is nobody's photo")
        self.test.setAutoDefault(False)
        self.test.clicked.connect(self._test)
        self.said = _sentence("")
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.test, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.said, 1)
        return row

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def close_down(self) -> None:
        """End what is waited for; for the window that closes."""
        self._lane.close()

    # --- what is chosen --------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Show what is in use."""
        choice = self._desk.choice
        sending = choice.engine == REMOTE and choice.may_send
        self.allowed.setChecked(sending)
        self.state.setText(leaving(self._host) if sending else "Photos stay on this machine.")
        if choice.engine == REMOTE and self.model.findText(choice.model) >= 0:
            self.model.setCurrentText(choice.model)

    def _allowed_clicked(self, ticked: bool) -> None:  # noqa: FBT001 - a slot
        if not ticked:
            self._desk.model.stay_here()
            self._follow()
            self.said.clear()
        elif self._may_send():
            self._use()
        else:
            self.allowed.setChecked(False)

    def _may_send(self) -> bool:
        """Ask once: a tick may be a slip of the hand."""
        text = f"<b>{leaving(self._host)}</b><p>{WHAT_IS_SENT} {QUESTION}</p>"
        chosen = choose(
            self.window(),
            title="Send photos?",
            text=text,
            choices=[f"Send photos to {self._host}"],
            cancel="Keep them here",
            default=-1,
        )
        return chosen == 0

    def _use_if_allowed(self) -> None:
        if self.allowed.isChecked():
            self._use()

    def _use(self) -> None:
        choice = replace(self._desk.choice, model=self.model.currentText(), engine=REMOTE, device="auto")
        self.said.clear()
        self._desk.use_model(replace(choice, remote_allowed=_address()))

    def _refused(self, reason: str) -> None:
        self._follow()
        self.said.setText(reason)

    # --- the key ---------------------------------------------------------------------------------------------------

    def _show_key(self, show: bool) -> None:  # noqa: FBT001 - a slot
        self.key.setEchoMode(QLineEdit.EchoMode.Normal if show else QLineEdit.EchoMode.Password)
        self._show.setIcon(icon("eye-off" if show else "eye"))
        self._show.setToolTip("Hide what is typed" if show else "Show what is typed")

    def _key_entered(self) -> None:
        text = self.key.text()
        if not text.strip():
            return

        def keep() -> KeyTold:
            from app.models.remote_key import keep_key

            return keep_key(text)

        self.key.clear()  # it is shown nowhere again
        self._show.setChecked(False)
        self._ask("key", keep, self._key_changed)

    def _key_forgotten(self) -> None:
        def forget() -> KeyTold:
            from app.models.remote_key import forget_key

            return forget_key()

        self.key.clear()
        self._ask("key", forget, self._key_changed)

    def _ask_for_place(self) -> None:
        def place() -> KeyTold:
            from app.models.remote_key import place_of_key

            return place_of_key()

        self._ask("key", place, self._show_told)

    def _show_told(self, told: KeyTold) -> None:
        self.key_place.setText(told.place)
        if self._forget.hasFocus() and not told.found:
            self.key.setFocus()  # else the keyboard would go to the test, and the next press of Space with it
        self._forget.setEnabled(told.found)
        self._forget.setToolTip("Take the key out of the keyring" if told.found else _NOTHING_TO_FORGET)

    def _key_changed(self, told: KeyTold) -> None:
        self._show_told(told)
        self._use_if_allowed()  # with the new key

    # --- the test --------------------------------------------------------------------------------------------------

    def _test(self) -> None:
        model = self.model.currentText()

        def ask() -> str:
            from inference.remote import try_remote

            return try_remote(model)

        self.test.setEnabled(False)
        self.said.setText(f"Asking {self._host}…")
        self._ask("test", ask, self._tested)

    def _tested(self, sentence: str) -> None:
        self.test.setEnabled(True)
        self.said.setText(sentence)

    def _ask(self, key: str, work: Callable[[], _Told], done: Callable[[_Told], None]) -> None:
        """In a thread of its own: the system may ask for a password, and the service may take its time."""

        def job(_token: CancelToken) -> _Told:
            return work()

        failed = self._tested if key == "test" else self.key_place.setText
        self._lane.submit(job, key=key, done=done, failed=failed)


def _sentence(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _host() -> str:
    return urlsplit(_address()).hostname or ""


def _address() -> str:
    try:
        return remote_address()
    except RemoteError:
        return SERVICE_ADDRESS  # what is wrong with the address is said when it is used
