"""The dialogs of the window: what to export and where, what an export did."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFont
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.cli import version_text
from app.core.export import ExportOptions, Rest
from app.core.run_progress import RunReport
from app.exporting.exporter import ExportSummary
from app.panels.style import UNIT
from app.panels.ticks import RingButton, TickBox

_MANY = 1000  # reasons: measuring how each wraps would take a while


class ExportDialog(QDialog):
    """Folder and options of an export. `folder()` and `options()` hold the answer after `accept`."""

    def __init__(
        self,
        pictures: Sequence[Path],
        *,
        folder: str,
        options: ExportOptions,
        semantic: bool = False,
        skipped: int = 0,
        parent: QWidget,
    ) -> None:
        """`semantic`: the view that is exported; `skipped`: pictures that cannot be read and are left out."""
        super().__init__(parent)
        what = pictures[0].name if len(pictures) == 1 else f"{len(pictures)} pictures"
        self.setWindowTitle(f"Export {what}")
        self.setMinimumWidth(520)
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        stem = f"{pictures[0].stem}.png" if len(pictures) == 1 else "<name>.png"
        intro = QLabel(
            f"Writes {stem}: ADE20K labels, 8-bit greyscale, 0 = unlabelled, 1 to 150 = class, the photo's exact size."
        )
        if skipped:
            intro.setText(f"{intro.text()} {skipped} that cannot be read {'is' if skipped == 1 else 'are'} left out.")
        intro.setWordWrap(True)
        layout.addWidget(intro)
        layout.addSpacing(UNIT)
        layout.addLayout(self._folder_row(folder))
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.hide()
        layout.addWidget(self._problem)
        layout.addSpacing(UNIT)
        self._add_rest(layout, options.rest, semantic=semantic)
        layout.addSpacing(UNIT)
        self._add_extras(layout, options)
        layout.addSpacing(UNIT)
        self._add_buttons(layout)
        self._folder_edited(folder)

    def _add_rest(self, layout: QVBoxLayout, rest: Rest, *, semantic: bool) -> None:
        layout.addWidget(heading("Pixels that are unlabelled at this threshold" if not semantic else "Semantic view"))
        self._leave = RingButton("&stay unlabelled (0)")
        self._semantic = RingButton("&take the class of the semantic view")
        self._semantic.setToolTip("Pixels that you made unlabelled stay unlabelled.")
        group = QButtonGroup(self)
        for button in (self._leave, self._semantic):
            group.addButton(button)
            layout.addWidget(button)
            button.setVisible(not semantic)
        if semantic:
            note = QLabel(
                "Every pixel gets its likeliest class; what you made unlabelled, or the model calls none, stays 0."
            )
            note.setWordWrap(True)
            layout.addWidget(note)
        (self._semantic if rest is Rest.SEMANTIC else self._leave).setChecked(True)

    def _add_extras(self, layout: QVBoxLayout, options: ExportOptions) -> None:
        layout.addWidget(heading("Also write"))
        self._overlay = TickBox("a &picture with the labels in colour (_overlay.jpg)")
        self._overlay.setChecked(options.overlay)
        self._detections = TickBox("the segments with box, score and &mask (.json)")
        self._detections.setChecked(options.detections)
        layout.addWidget(self._overlay)
        layout.addWidget(self._detections)

    def _add_buttons(self, layout: QVBoxLayout) -> None:
        self._buttons = QDialogButtonBox()
        self._buttons.addButton("&Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self._export = self._buttons.addButton("&Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout.addWidget(self._buttons)
        self._export.setDefault(True)

    def _folder_row(self, folder: str) -> QHBoxLayout:
        row = QHBoxLayout()
        label = QLabel("&Folder")
        self._folder = QLineEdit(folder)
        self._folder.selectAll()  # who types another folder does not type it behind this one
        self._folder.setPlaceholderText("Choose where the labels go")
        self._folder.setAccessibleName("Export folder")
        self._folder.textChanged.connect(self._folder_edited)
        label.setBuddy(self._folder)
        browse = QPushButton("&Browse…")
        browse.setAutoDefault(False)  # Return in the field means Export
        browse.clicked.connect(self._browse)
        row.addWidget(label)
        row.addWidget(self._folder, 1)
        row.addWidget(browse)
        return row

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Export to folder", self._folder.text())
        if folder:
            self._folder.setText(folder)

    def _folder_edited(self, text: str) -> None:
        self._export.setEnabled(bool(text.strip()))

    def accept(self) -> None:
        """Close only on a folder that can be; else say why not and stay."""
        try:
            folder = self.folder()
            usable = not folder.exists() or folder.is_dir()
            reason = "" if usable else f"{folder} is a file."
        except (OSError, RuntimeError) as error:
            reason = f"This folder cannot be used: {getattr(error, 'strerror', None) or error}."
        self._problem.setText(reason)
        self._problem.setVisible(bool(reason))
        if not reason:
            super().accept()

    def folder(self) -> Path:
        return Path(os.path.abspath(Path(self._folder.text().strip()).expanduser()))  # noqa: PTH100 - keeps links

    def options(self) -> ExportOptions:
        return ExportOptions(
            rest=Rest.SEMANTIC if self._semantic.isChecked() else Rest.THRESHOLD,
            overlay=self._overlay.isChecked(),
            detections=self._detections.isChecked(),
        )


def choose(
    parent: QWidget, *, title: str, text: str, choices: Sequence[str], cancel: str, default: int = 0, details: str = ""
) -> int | None:
    """Ask a question with a verb on every button: the index of the choice, or None for `cancel`, Escape included.

    Every button gets a key of its own, with Alt.
    `default` is the index of the choice that Return takes, −1 for `cancel`.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setText(text)
    box.setDetailedText(details)
    *texts, last = with_mnemonics([*choices, cancel])
    buttons = [box.addButton(text, QMessageBox.ButtonRole.AcceptRole) for text in texts]
    buttons.append(box.addButton(last, QMessageBox.ButtonRole.RejectRole))
    box.setDefaultButton(buttons[default])
    box.exec()
    clicked = box.clickedButton()
    chosen = next((index for index, button in enumerate(buttons) if button is clicked), len(choices))
    box.deleteLater()
    return None if chosen == len(choices) else chosen


def with_mnemonics(texts: Sequence[str]) -> list[str]:
    """The texts of a row of buttons with "&" before a letter that no other has: the first free one."""
    taken: set[str] = set()
    marked = []
    for text in texts:
        at = next((i for i, letter in enumerate(text) if letter.isalpha() and letter.casefold() not in taken), None)
        if at is not None:
            taken.add(text[at].casefold())
        marked.append(text if at is None else f"{text[:at]}&{text[at:]}")
    return marked


class SummaryDialog(QDialog):
    """What an export wrote and what it skipped, with every reason."""

    def __init__(self, summary: ExportSummary, *, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export finished")
        self.setMinimumWidth(480)
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        sentence = QLabel(summary.sentence())
        sentence.setWordWrap(True)
        layout.addWidget(sentence)
        if summary.written:
            layout.addWidget(QLabel("Each label picture was read back and compared."))
        for title, remarks in (("Skipped", summary.skipped), ("To note", summary.notes)):
            if remarks:
                layout.addWidget(heading(title))
                reasons = QListWidget()
                reasons.setWordWrap(True)
                reasons.addItems([_named(path, reason) for path, reason in remarks])
                layout.addWidget(reasons)
        buttons = QDialogButtonBox()
        buttons.addButton("&Done", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        show = buttons.addButton("&Open folder", QDialogButtonBox.ButtonRole.ActionRole)
        show.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(summary.folder))))
        layout.addWidget(buttons)


class ReasonsDialog(QDialog):
    """What could not be done with many pictures, and why."""

    def __init__(self, title: str, sentence: str, reasons_why: Sequence[str], *, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(560, 320)
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.addWidget(QLabel(sentence))
        reasons = QListWidget()
        reasons.setAccessibleName("Reasons")
        reasons.setWordWrap(True)
        reasons.setUniformItemSizes(len(reasons_why) > _MANY)
        reasons.addItems(list(reasons_why))
        layout.addWidget(reasons)
        buttons = QDialogButtonBox()
        buttons.addButton("&Done", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        layout.addWidget(buttons)


def show_reasons(report: RunReport, *, parent: QWidget) -> None:
    """What became of a run of the network over many pictures, and why some of them could not be predicted."""
    reasons = [_named(path, reason) for path, reason in report.refused]
    _show_beside(ReasonsDialog("Not predicted", report.sentence(), reasons, parent=parent))


def show_left_out(left_out: Sequence[tuple[str, str]], *, parent: QWidget) -> None:
    """Pictures marked done that cannot be learned from, by name, and why."""
    reasons = [_named(Path(name), reason) for name, reason in left_out]
    sentence = "These pictures are marked done, but nothing can be learned from them:"
    _show_beside(ReasonsDialog("Not learned from", sentence, reasons, parent=parent))


def show_not_listed(reasons: Sequence[str], *, parent: QWidget) -> None:
    """What lies in the folder and cannot be in its list."""
    sentence = "The list has all photos but what cannot be looked at:"
    _show_beside(ReasonsDialog("Not in the list", sentence, reasons, parent=parent))


def _show_beside(dialog: QDialog) -> None:
    """Beside the work, which goes on."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()


def _named(path: Path, reason: str) -> str:
    """The reason, with the picture's name in front unless it names it already."""
    return reason if path.name in reason else f"{path.name}: {reason}"


def heading(text: str) -> QLabel:
    """Above a group of choices in a dialog."""
    label = QLabel(text)
    font = QFont(label.font())
    font.setBold(True)
    label.setFont(font)
    return label


def show_about(*, parent: QWidget) -> None:
    box = QMessageBox(parent)
    box.setWindowTitle("About ADE Mask Studio")
    box.setIconPixmap(parent.windowIcon().pixmap(64))
    box.setText(
        f"<h3>ADE Mask Studio {version_text()}</h3>"
        "<p>Look at what a real-time segmentation network makes of a photo, correct it, and take home labels that are "
        "right.</p><p>MIT licence. The sample photos and the starter model carry their own licences, listed beside "
        "them.</p>"
    )
    box.addButton("&Close", QMessageBox.ButtonRole.RejectRole)  # no icon: Qt's own buttons have one on some systems
    box.exec()
