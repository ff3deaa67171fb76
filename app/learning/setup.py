"""What to learn from, what learns, and how long that will take: the first page of learning from corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.chrome.actions import ACTIONS, Act, native
from app.core.run_progress import duration, pictures
from app.dialogs import heading, show_left_out
from app.learning.material import Material, advice_on, there_text
from app.learning.parts import INDENT, Column, below, line_of, muted, percent, plain
from app.learning.texts import held_back_count
from app.panels.number import SelectAll
from app.panels.style import HALF, UNIT, warning
from app.panels.ticks import RingButton
from inference.learning.events import PaceTold
from inference.learning.generations import knows
from inference.learning.job import MINIMUM_PICTURES
from inference.learning.settings import LearnSettings, Scope, Untouched

_INTRO = (
    "The network learns from what you corrected, so that the next pictures need fewer corrections. "
    "A new model comes of it; the one in use stays as it is."
)
_HEAD = "The part that tells what is where. It is quick, and enough for most folders."
_ALL = "Also the part that sees. For photos unlike those that it knows; takes long without a graphics card."
_WHY = {Scope.HEAD: _HEAD, Scope.ALL: _ALL}
_IGNORE = "Only what you decided is learned. For pictures in which you decided nearly everything."
_KEEP = "You left it as it is, so it is most likely right. The network also forgets less of what it knew."
_MEASURING = "measuring…"
_SAME = "The same pictures every time, also when the new model learns again one day"
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six")


@dataclass(frozen=True)
class Start:
    """The model that is to learn."""

    name: str
    problem: str = ""  # why it cannot, a sentence
    lineage: Mapping[str, Any] = field(default_factory=dict)  # of its card
    in_use: bool = True  # else photos are sent to another machine, and this is the model here


class SetupPage(QWidget):
    """Everything that can be chosen before; `settings()` and `name()` hold the answer."""

    wanted = Signal()  # begin
    unwanted = Signal()  # not now
    changed = Signal()  # something was chosen that is to be remembered

    def __init__(self, *, refusal_of_name: Callable[[str], str]) -> None:
        """`refusal_of_name`: why a model cannot be called so, a sentence; empty where it can."""
        super().__init__()
        self._refusal_of_name = refusal_of_name
        self._material: Material | None = None
        self._start, self._refused = Start(""), ""
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, UNIT, 0)
        layout.setSpacing(UNIT)
        self._add_material(layout)
        self._add_scope(layout)
        self._add_untouched(layout)
        self._add_name(layout)
        layout.addStretch(1)
        self._area = Column(body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(UNIT)
        whole.addWidget(self._area, 1)
        whole.addLayout(self._buttons())
        self._check()

    # --- parts -----------------------------------------------------------------------------------------------------

    def _add_material(self, layout: QVBoxLayout) -> None:
        layout.addWidget(plain(_INTRO))
        layout.addSpacing(HALF)
        self._of = heading("Pictures")
        self._of.setTextFormat(Qt.TextFormat.PlainText)
        self._of.setWordWrap(True)
        layout.addWidget(self._of)
        self._there = plain("")
        self._reasons = QPushButton("&Reasons…")
        self._reasons.setAutoDefault(False)
        self._reasons.clicked.connect(self._show_reasons)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self._there, 1)
        row.addWidget(self._reasons, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)
        self._held_back = percent(0, 90, "Share of the pictures that are held back")
        self._held_back.valueChanged.connect(self._chosen)
        self._held_back_text = muted("")
        self._held_back_text.setToolTip(_SAME)
        self._advice = plain("")
        label = QLabel("&Hold back")
        label.setBuddy(self._held_back)
        layout.addLayout(line_of(label, self._held_back, QLabel("of them, to see whether it helps")))
        layout.addWidget(self._held_back_text)
        layout.addWidget(self._advice)

    def _add_scope(self, layout: QVBoxLayout) -> None:
        layout.addSpacing(HALF)
        layout.addWidget(heading("What learns"))
        self._begins, self._pace_problem = muted(""), muted("")
        self._pace_problem.hide()
        layout.addWidget(self._begins)
        layout.addWidget(self._pace_problem)
        self._scopes, self._times = QButtonGroup(self), {}
        for number, (scope, title) in enumerate(
            ((Scope.HEAD, "The &decoder alone"), (Scope.ALL, "The &whole network"))
        ):
            button = RingButton(title)
            time = self._times[scope] = QLabel()
            time.setAccessibleName(f"Time for: {title.replace('&', '')}")
            self._scopes.addButton(button, number)
            button.setAccessibleDescription(_WHY[scope])
            button.toggled.connect(self._chosen)
            row = QHBoxLayout()
            row.addWidget(button, 1)
            row.addWidget(time)
            layout.addLayout(row)
            layout.addWidget(below(_WHY[scope]))

    def _add_untouched(self, layout: QVBoxLayout) -> None:
        layout.addSpacing(HALF)
        layout.addWidget(heading("Pixels that you did not decide"))
        self._untouched = QButtonGroup(self)
        for number, (title, why) in enumerate(
            (("&Ignore them", _IGNORE), ("&Keep what the network was sure of", _KEEP))
        ):
            button = RingButton(title)
            button.setAccessibleDescription(why)
            self._untouched.addButton(button, number)
            button.toggled.connect(self._chosen)
            layout.addWidget(button)
            layout.addWidget(below(why))
        self._score = QDoubleSpinBox(minimum=0.0, maximum=1.0, singleStep=0.05, decimals=2)
        self._score.setAccessibleName("Least score of a pixel that is kept")
        SelectAll(self._score)
        self._weight = percent(1, 100, "Weight of a pixel that is kept, beside one that you decided")
        score, weight = QLabel("from a &score of"), QLabel("coun&ts")
        score.setBuddy(self._score)
        weight.setBuddy(self._weight)
        for entry in (self._score, self._weight):
            entry.valueChanged.connect(self._chosen)
        self._of_kept = (score, self._score, weight, self._weight, QLabel("as much as what you decided"))
        kept = line_of(*self._of_kept)
        kept.setContentsMargins(INDENT, 0, 0, 0)
        layout.addLayout(kept)

    def _add_name(self, layout: QVBoxLayout) -> None:
        layout.addSpacing(HALF)
        self._name = QLineEdit()
        self._name.setAccessibleName("Name of the new model")
        self._name.textChanged.connect(self._named)
        label = QLabel("&Name of the new model")
        label.setBuddy(self._name)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(label)
        row.addWidget(self._name, 1)
        layout.addLayout(row)

    def _buttons(self) -> QVBoxLayout:
        self._problem = plain("")
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        buttons = QDialogButtonBox()  # in the order of this desktop, as in the other dialogs
        buttons.setContentsMargins(0, 0, UNIT, 0)  # as far from the edge as the column above
        buttons.addButton("&Cancel", QDialogButtonBox.ButtonRole.RejectRole).setAutoDefault(False)
        self._learn = buttons.addButton("&Learn", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.rejected.connect(self.unwanted)
        buttons.accepted.connect(self.wanted)
        column = QVBoxLayout()
        column.setSpacing(UNIT)
        column.addWidget(self._problem)
        column.addWidget(buttons)
        return column

    # --- what is shown ---------------------------------------------------------------------------------------------

    def show_settings(self, settings: LearnSettings) -> None:
        """What was chosen last."""
        for widget in (self._held_back, self._score, self._weight):
            widget.blockSignals(True)
        self._held_back.setValue(round(100 * settings.held_back))
        self._score.setValue(settings.kept_score)
        self._weight.setValue(round(100 * settings.kept_weight))
        for widget in (self._held_back, self._score, self._weight):
            widget.blockSignals(False)
        _check(self._scopes, list(Scope).index(settings.scope))
        _check(self._untouched, list(Untouched).index(settings.untouched))
        self._check()

    def show_folder(self, name: str) -> None:
        """Whose pictures they are, for the window beside it may show others by now."""
        self._of.setText(f"Pictures in the folder {name}" if name else "Pictures")

    def show_material(self, material: Material | None) -> None:
        """What there is to learn from; None while that is counted."""
        self._material = material
        self._reasons.setVisible(material is not None and bool(material.refused))
        self._there.setText("Counting…" if material is None else there_text(material))
        self._check()

    def show_refusal(self, sentence: str) -> None:
        """Why it could not begin; said until something else is chosen."""
        self._refused = sentence
        self._check()

    def show_start(self, start: Start) -> None:
        """The model that is to learn."""
        self._start = start
        self._begins.setText(
            f"It begins with {start.name}, the model {'in use' if start.in_use else 'on this machine'}."
        )
        self._begins.setToolTip("Another one is chosen under Models and devices")
        self._check()

    def show_name(self, name: str) -> None:
        """What the new model will be called unless somebody has a better name."""
        self._name.setText(name)

    def show_no_pace(self) -> None:
        """Nobody measures how long it takes."""
        self._pace_problem.hide()
        for label in self._times.values():
            label.clear()

    def show_pace(self, pace: PaceTold | None, *, place: str = "", problem: str = "") -> None:
        """How long each will take, measured at `place`; None while that is measured. `problem`: why it cannot be."""
        seconds = {Scope.HEAD: None, Scope.ALL: None} if pace is None else {Scope.HEAD: pace.head, Scope.ALL: pace.all}
        self._pace_problem.setText(f"How long it takes could not be measured. {problem}")
        self._pace_problem.setVisible(bool(problem))
        for scope, label in self._times.items():
            known, told = seconds[scope], pace is not None
            text = _MEASURING if not told and not problem else "time not known"
            label.setText(text if known is None else f"about {duration(known)}{place}")
            label.setToolTip("Measured here, with some of these pictures")
            label.setEnabled(known is not None)
            button = self._scopes.button(list(Scope).index(scope))
            button.setAccessibleDescription(f"{_WHY[scope]} Time: {label.text()}.")
        self._area.updateGeometry()

    # --- what is chosen --------------------------------------------------------------------------------------------

    def settings(self) -> LearnSettings:
        return LearnSettings(
            scope=list(Scope)[max(0, self._scopes.checkedId())],
            untouched=list(Untouched)[max(0, self._untouched.checkedId())],
            kept_score=round(self._score.value(), 2),
            kept_weight=self._weight.value() / 100,
            held_back=self._held_back.value() / 100,
        )

    def name(self) -> str:
        return self._name.text().strip()

    def default(self) -> QPushButton:
        """What Return means on this page."""
        return self._learn

    def first(self) -> QWidget:
        """What has the keyboard first; Return begins all the same."""
        return self._scopes.checkedButton() or self._name

    def _named(self) -> None:
        self._refused = ""
        self._check()

    def _chosen(self) -> None:
        self._refused = ""
        self._check()
        self.changed.emit()

    def _check(self) -> None:
        for widget in self._of_kept:
            widget.setEnabled(self._untouched.checkedId() == list(Untouched).index(Untouched.KEEP))
        self._held_back_text.setText(self._held_back_sentence())
        advice = "" if self._material is None else self._advice_on(self._material)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        problem = self._refusal()
        self._problem.setText(problem or self._refused)
        self._problem.setVisible(bool(problem or self._refused))
        self._learn.setEnabled(not problem and self._material is not None)
        warned = QPalette(self.palette())
        warned.setColor(QPalette.ColorRole.WindowText, warning(self.palette()))
        for label in (self._problem, self._advice):
            label.setPalette(warned)

    def _advice_on(self, material: Material) -> str:
        start = self._start
        return advice_on(
            material, held_back=self._held_back.value() / 100, parent=start.name, knows=knows(start.lineage)
        )

    def _held_back_sentence(self) -> str:
        names, share = () if self._material is None else self._material.names, self._held_back.value() / 100
        usable = len(names)
        if usable < MINIMUM_PICTURES:
            return "They are not learned from: the old and the new model are compared on them."
        held = held_back_count(names, share, knows=knows(self._start.lineage))
        if not held:
            return f"All {usable:,} are learned from; nobody can tell then whether the model got better."
        return f"{pictures(usable - held)} to learn from, {held:,} held back to compare the old and the new model on."

    def _refusal(self) -> str:
        """Why it cannot begin, a sentence; empty when it can, or when that is not known yet."""
        if self._material is None:
            return ""
        usable = len(self._material.names)
        if usable < MINIMUM_PICTURES:
            of_use = " that can be used" if self._material.refused else ""
            beside = f" There {'is' if usable == 1 else 'are'} {usable}{of_use} so far." if usable else ""
            key = native(ACTIONS[Act.DONE].keys[0])
            return f"Mark pictures as done ({key}) first; {_NUMBERS[MINIMUM_PICTURES]} are the least.{beside}"
        return self._start.problem or self._refusal_of_name(self.name())

    def _show_reasons(self) -> None:
        if self._material is not None:
            show_left_out(self._material.refused, parent=self)


def _check(group: QButtonGroup, number: int) -> None:
    button = group.button(number)
    assert isinstance(button, QRadioButton)
    button.setChecked(True)
    for one in group.buttons():  # Tab goes to the one that is chosen, as it does once a hand has been there
        one.setFocusPolicy(Qt.FocusPolicy.StrongFocus if one is button else Qt.FocusPolicy.ClickFocus)
