"""The dialog of an import: where the labels are, what they turn out to be, and what is to become of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.import_labels import Conversion, Existing, Group, Survey
from app.dialogs import heading
from app.importing.importer import ImportSummary, Order
from app.panels.style import UNIT
from app.panels.ticks import RingButton, TickBox

WIDTH = 80 * UNIT
_LINES = 6  # of what cannot be used, before one has to scroll
_INTRO = (
    "Labels come from PNG files. Each goes to the picture of the same name; a folder with <i>images</i> and "
    "<i>annotations</i> in it is taken as it is. Every picture becomes one step that can be undone."
)
EXISTING = {
    Existing.SKIP: "&Leave these pictures as they are",
    Existing.KEEP: "&Keep the corrections, and take the labels for all other pixels",
    Existing.REPLACE: "&Replace the corrections; undo brings them back",
}


class ImportDialog(QDialog):
    """Asks for files, shows what they are once somebody has looked, and holds the answer after `accept`."""

    wanted = Signal(object)  # paths to look at, a list
    unwanted = Signal()  # nobody waits for the look at the last ones any more

    def __init__(self, *, folder: str, parent: QWidget) -> None:
        """`folder`: where to begin looking for labels."""
        super().__init__(parent)
        self.setWindowTitle("Import labels")
        self.setMinimumWidth(WIDTH)
        self.setAcceptDrops(True)
        self._folder, self._survey = folder, Survey({}, (), (), frozenset(), ())
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.addWidget(_text(_INTRO))
        layout.addSpacing(UNIT)
        layout.addLayout(self._source_row())
        self._progress = QProgressBar(textVisible=False)
        self._progress.setMaximumHeight(UNIT)
        self._status = _text("")
        self._body: QWidget = QWidget()
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for widget in (self._status, self._progress, self._area):
            layout.addWidget(widget)
            widget.hide()
        layout.addStretch()
        self._buttons = QDialogButtonBox()
        self._buttons.addButton("&Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self._import = self._buttons.addButton("&Import", QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout.addSpacing(UNIT)
        layout.addWidget(self._buttons)
        self._choices: list[_GroupChoice] = []
        self._existing = QButtonGroup(self)
        self._import.setEnabled(False)
        self._from_folder.setDefault(True)
        self._from_folder.setFocus()

    def _source_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._source = QLineEdit(readOnly=True)
        self._source.setPlaceholderText("Choose where the labels are, or drop them here")
        self._source.setAccessibleName("Labels from")
        self._from_folder, self._from_files = QPushButton("&Folder…"), QPushButton("Fil&es…")
        self._from_folder.clicked.connect(self._choose_folder)
        self._from_files.clicked.connect(self._choose_files)
        row.addWidget(self._source, 1)
        for button in (self._from_folder, self._from_files):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    # --- what to look at -------------------------------------------------------------------------------------------

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of labels", self._folder)
        if folder:
            self.look_at([Path(folder)])

    def _choose_files(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, "Label files", self._folder, "PNG (*.png *.PNG);;All files (*)")
        if files:
            self.look_at([Path(file) for file in files])

    def look_at(self, paths: Sequence[Path]) -> None:
        """Have somebody look at these files and folders."""
        self._folder = str(paths[0] if paths[0].is_dir() else paths[0].parent)
        self._source.setText(str(paths[0]) if len(paths) == 1 else f"{len(paths)} files and folders in {self._folder}")
        self._area.hide()
        self._import.setText("&Import")
        self._import.setEnabled(False)
        self.show_progress("Looking for labels…", 0, 0)
        self.wanted.emit(list(paths))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.look_at([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def done(self, result: int) -> None:
        self.unwanted.emit()
        super().done(result)

    # --- what they are ---------------------------------------------------------------------------------------------

    def show_progress(self, text: str, done: int, total: int) -> None:
        """How far the look is; `total` 0 where that is not known."""
        self._status.setText(text)
        self._status.show()
        self._progress.setMaximum(total)
        self._progress.setValue(done)
        if self._progress.isHidden():
            self._progress.show()
            self._fit()

    def show_problem(self, sentence: str) -> None:
        """Why there is nothing to show."""
        self._progress.hide()
        self._status.setText(sentence)
        self._fit()

    def show_survey(self, survey: Survey) -> None:
        """What the files are, and what can be decided about them."""
        self._survey = survey
        self._progress.hide()
        self._status.setText(_headline(survey))
        self._body = QWidget()
        layout = QVBoxLayout(self._body)
        layout.setSpacing(UNIT)
        layout.setContentsMargins(0, UNIT, UNIT, 0)
        self._choices = [_GroupChoice(group) for group in survey.groups]
        if self._choices:
            layout.addWidget(heading("To be converted first"))
        for choice in self._choices:
            choice.changed.connect(self._decided)
            layout.addWidget(choice)
        if survey.corrected:
            self._add_existing(layout, len(survey.corrected))
        if survey.refused:
            self._add_refused(layout, survey.refused)
        layout.addStretch()
        self._area.setWidget(self._body)
        self._area.setVisible(layout.count() > 1)
        self._decided()
        self._fit()
        self._import.setDefault(True)
        if self._import.isEnabled():
            self._import.setFocus()

    def _add_existing(self, layout: QVBoxLayout, count: int) -> None:
        which = "1 of the pictures has corrections" if count == 1 else f"{count} of the pictures have corrections"
        layout.addSpacing(UNIT)
        layout.addWidget(heading(f"{which} already"))
        self._existing = QButtonGroup(self)
        for number, text in enumerate(EXISTING.values()):
            button = RingButton(text)
            button.setChecked(number == 0)
            button.toggled.connect(self._decided)
            self._existing.addButton(button, number)
            layout.addWidget(button)

    def _add_refused(self, layout: QVBoxLayout, refused: Sequence[str]) -> None:
        layout.addSpacing(UNIT)
        layout.addWidget(heading(f"Cannot be used ({len(refused):,})"))
        layout.addWidget(_reasons(refused, name="Files that cannot be used, and why"))

    def _fit(self) -> None:
        """As high as what there is to read, as far as the screen allows."""
        layout, body = self.layout(), self._body.layout()
        if layout is None:
            return
        if body is not None:
            inner = self.width() - 6 * UNIT
            needed = max(body.sizeHint().height(), body.totalHeightForWidth(inner - self._bar_width()))
            self._area.setMinimumHeight(min(needed, self.screen().availableSize().height() - 40 * UNIT))
        layout.activate()
        self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def _bar_width(self) -> int:
        return self._area.verticalScrollBar().sizeHint().width()

    def _decided(self) -> None:
        count = len(self.orders())
        self._import.setText(f"&Import into {count:,} picture{'s' if count != 1 else ''}")
        self._import.setEnabled(count > 0)

    # --- the answer ------------------------------------------------------------------------------------------------

    def orders(self) -> dict[Path, Order]:
        """The labels to bring in, by picture, in the order of the list."""
        wanted: dict[Path, Conversion | None] = dict.fromkeys(self._survey.ready)
        for choice in self._choices:
            wanted |= dict.fromkeys(choice.group.findings, choice.conversion()) if choice.taken() else {}
        if self.existing() is Existing.SKIP:
            wanted = {path: way for path, way in wanted.items() if path not in self._survey.corrected}
        return {path: Order(*order) for path, order in self._survey.ordered(wanted).items()}

    def existing(self) -> Existing:
        """What becomes of corrections that are there."""
        return list(EXISTING)[max(self._existing.checkedId(), 0)]


class ImportReport(QDialog):
    """What an import did, and what it could not, with every reason."""

    def __init__(self, summary: ImportSummary, *, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import finished")
        self.setMinimumWidth(60 * UNIT)
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.addWidget(_text(summary.sentence()))
        layout.addWidget(heading("Not brought in"))
        named = [reason if path.name in reason else f"{path.name}: {reason}" for path, reason in summary.refused]
        layout.addWidget(_reasons(named, name="Pictures without their labels, and why"))
        buttons = QDialogButtonBox()
        buttons.addButton("&Done", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        layout.addWidget(buttons)


class _GroupChoice(QWidget):
    """Whether files of one kind are converted, and in which way."""

    changed = Signal()

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT // 2)
        layout.setContentsMargins(0, 0, 0, UNIT // 2)
        count = len(group.findings)
        self._tick = TickBox(f"Convert {group.first.file.name}" if count == 1 else f"Convert {count:,} files")
        self._tick.setChecked(group.harmless)
        self._tick.setAccessibleDescription(group.sentence)
        layout.addWidget(self._tick)
        below = QVBoxLayout()
        below.setSpacing(UNIT // 2)
        below.setContentsMargins(3 * UNIT, 0, 0, 0)
        layout.addLayout(below)
        below.addWidget(_text(group.sentence))
        self._ways = QButtonGroup(self)
        if len(group.choices) == 1:
            below.addWidget(_muted(_text(group.offer(group.choices[0]))))
        for number, choice in enumerate(group.choices if len(group.choices) > 1 else ()):
            ring = RingButton()
            ring.setAccessibleName(group.offer(choice))
            ring.setChecked(number == 0)
            ring.setEnabled(group.harmless)
            self._tick.toggled.connect(ring.setEnabled)
            ring.toggled.connect(lambda _on: self.changed.emit())
            self._ways.addButton(ring, number)
            label = _ButtonText(group.offer(choice), ring)
            label.setEnabled(group.harmless)
            self._tick.toggled.connect(label.setEnabled)
            below.addLayout(_labelled(ring, label))
        self._tick.toggled.connect(lambda _on: self.changed.emit())

    def taken(self) -> bool:
        return self._tick.isChecked()

    def conversion(self) -> Conversion:
        return self.group.choices[max(self._ways.checkedId(), 0)]


class _ButtonText(QLabel):
    """The text of a button that wraps, which those of buttons do not; a click on it is one on the button."""

    def __init__(self, text: str, button: QAbstractButton) -> None:
        super().__init__(text, wordWrap=True)
        self._button = button

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._button.click()


def _labelled(button: QAbstractButton, label: QLabel) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(UNIT)
    row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label, 1)
    return row


def _reasons(reasons: Sequence[str], *, name: str) -> QPlainTextEdit:
    """Sentences to read and to copy, however many."""
    text = QPlainTextEdit("\n".join(reasons), readOnly=True, tabChangesFocus=True)
    text.setAccessibleName(name)
    text.setFixedHeight(text.fontMetrics().lineSpacing() * min(len(reasons) * 2, _LINES) + 2 * UNIT)
    return text


def _headline(survey: Survey) -> str:
    ready, convertible, refused = len(survey.ready), sum(len(group.findings) for group in survey.groups), survey.refused
    parts = [f"{ready:,} file{' holds' if ready == 1 else 's hold'} ADE labels that fit as they are"] * bool(ready)
    parts += [f"{convertible:,} can be converted"] * bool(convertible)
    parts += [f"{len(refused):,} cannot be used"] * bool(refused)
    return f"{', '.join(parts)}." if parts else "There are no labels here."


def _text(text: str) -> QLabel:
    return QLabel(text, wordWrap=True)


def _muted(label: QLabel) -> QLabel:
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label
