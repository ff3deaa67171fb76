"""The models: which there are, what is known about each, and how its weights come to this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.core.run_progress import duration
from app.desk import Desk
from app.dialogs import choose
from app.models.card import model_card_html
from app.models.fetches import FetchState, ModelFetches
from app.panels.style import HALF, UNIT
from inference import weights_store
from inference.download_errors import LATER
from inference.downloads import Progress, size_text
from inference.errors import ExpectedError, WeightsError
from inference.models import ModelCard, known_models

_LIST_WIDTH = 220
_STEPS = 1000  # of the bar: bytes are too many for it


class ModelsPage(QWidget):
    """A list of models, the card of the one chosen, and what can be done with it."""

    def __init__(self, desk: Desk, fetches: ModelFetches) -> None:
        super().__init__()
        self._desk, self._fetches = desk, fetches
        self._cards: dict[str, ModelCard] = {}
        self._list = QListWidget()
        self._list.setAccessibleName("Models")
        self._list.setFixedWidth(_LIST_WIDTH)
        self._list.setSpacing(HALF // 2)
        self._text = QTextBrowser()
        self._text.setOpenExternalLinks(True)
        self._text.setFrameShape(QFrame.Shape.NoFrame)
        self._text.document().setDocumentMargin(UNIT)
        self._text.setAccessibleName("Model card")
        self._bring = QPushButton("Weights &file…")
        self._bring.setToolTip("Take weights that you have into the list: .safetensors, .pth or .pt, or .onnx")
        left = QVBoxLayout()
        left.addWidget(self._list, 1)
        left.addWidget(self._bring)
        right = QVBoxLayout()
        right.addWidget(self._text, 1)
        right.addLayout(self._foot())
        layout = QHBoxLayout(self)
        layout.setSpacing(2 * UNIT)
        layout.addLayout(left)
        layout.addLayout(right, 1)
        self._list.currentItemChanged.connect(lambda *_: self._show())
        self._list.itemActivated.connect(lambda _item: self._use_or_fetch())
        self._bring.clicked.connect(self._ask_for_file)
        fetches.changed.connect(lambda _name: self.refresh())
        fetches.arrived.connect(self.choose)
        fetches.refused.connect(self._say)
        desk.engine_changed.connect(lambda _status: self.refresh())
        self.choose(desk.model.name)

    def _foot(self) -> QVBoxLayout:
        self._said = QLabel()
        self._said.setWordWrap(True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("How much of the weights has come")
        self._use = QPushButton("&Use this model")
        self._fetch = QPushButton()
        # A button of its own, elsewhere: the second click of a double click must not begin again what the first ended.
        self._stop = QPushButton("&Stop")
        self._stop.setToolTip("Stop; what has come is kept, and gone on with the next time")
        self._remove = QPushButton("Remo&ve from this machine")
        for button in (self._bring, self._use, self._fetch, self._stop, self._remove):
            button.setAutoDefault(False)  # Return is for the model in the list, not for the first button
        self._use.clicked.connect(self._use_model)
        self._fetch.clicked.connect(self._begin_fetch)
        self._stop.clicked.connect(lambda: self._fetches.cancel(self._name))
        self._remove.clicked.connect(self._remove_model)
        buttons = QHBoxLayout()
        buttons.addWidget(self._remove)
        buttons.addStretch(1)
        buttons.addWidget(self._fetch)
        buttons.addWidget(self._use)
        foot = QVBoxLayout()
        coming = QHBoxLayout()
        coming.addWidget(self._bar, 1)
        coming.addWidget(self._stop)
        foot.addWidget(self._said)
        foot.addLayout(coming)
        foot.addLayout(buttons)
        return foot

    @property
    def _name(self) -> str:
        row = self._list.currentRow()  # not what is selected: a click changes that later, or to nothing
        return str(self._list.item(row).data(Qt.ItemDataRole.UserRole)) if row >= 0 else ""

    def choose(self, name: str) -> None:
        """Show the card of a model."""
        self.refresh()
        for row in range(self._list.count()):
            if self._list.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self._list.setCurrentRow(row)
                return
        if self._list.currentRow() < 0:
            self._list.setCurrentRow(0)

    def refresh(self) -> None:
        """List what is known now, with the state of each; the one chosen stays chosen."""
        cards = {card.name: card for card in known_models()}
        if self._desk.model.name not in cards:  # a file that is used where it lies
            try:
                card = self._desk.model.card()
                cards[card.name] = card
            except ExpectedError:
                pass
        chosen = self._name
        if list(cards) != list(self._cards):
            self._list.blockSignals(True)
            self._list.clear()
            for name in cards:
                item = QListWidgetItem(name)
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setSizeHint(QSize(0, 5 * UNIT + HALF))
                self._list.addItem(item)
                if name == chosen:
                    self._list.setCurrentItem(item)
            if self._list.currentRow() < 0:
                self._list.setCurrentRow(0)
            self._list.blockSignals(False)
        self._cards = cards
        for row in range(self._list.count()):
            item = self._list.item(row)
            name = str(item.data(Qt.ItemDataRole.UserRole))
            item.setText(f"{name}\n{self._state_text(cards[name])}")
        self._show()

    def _state_text(self, card: ModelCard) -> str:
        state = self._fetches.state(card.name)
        if state.checking:
            return "checking…"
        if state.under_way:
            return f"fetching, {_percent(state)}" if state.progress else "fetching…"
        if card.name == self._desk.model.name:
            return "in use"
        return f"here, {_size(card)}" if card.file is not None else f"not here, {_size(card)}"

    def _show(self) -> None:
        card = self._cards.get(self._name)
        if card is None:
            return
        html = model_card_html(card)
        if self._text.property("card") != html:  # setting it again would scroll to the top
            self._text.setProperty("card", html)
            self._text.setHtml(html)
        state = self._fetches.state(card.name)
        here = card.file is not None
        in_use = card.name == self._desk.model.name
        self._use.setVisible(here)
        self._use.setEnabled(not in_use)
        self._use.setText("In use" if in_use else "&Use this model")
        had_keyboard = self._fetch.hasFocus() or self._stop.hasFocus()
        self._fetch.setText("Fetching…" if state.under_way else _fetch_text(card))
        self._fetch.setVisible(not here)
        self._fetch.setEnabled(not state.under_way)
        self._stop.setVisible(state.under_way)
        if had_keyboard:
            (self._stop if state.under_way else self._use if here else self._fetch).setFocus()
        self._remove.setVisible(here and _in_store(card.name))
        self._remove.setEnabled(not in_use)
        self._bar.setVisible(state.under_way)
        progress = state.progress
        self._bar.setRange(0, _STEPS if progress is not None and progress.total and not state.checking else 0)
        if progress is not None and progress.total:
            self._bar.setValue(_STEPS * progress.done // progress.total)
        self._say(_sentence(state))

    def _say(self, sentence: str) -> None:
        self._said.setText(sentence)
        self._said.setVisible(bool(sentence))

    def _use_model(self) -> None:
        card = self._cards[self._name]
        known = any(card.name == other.name for other in known_models())
        model = card.name if known else str(card.file)
        self._desk.use_here(replace(self._desk.model.local, model=model))

    def _remove_model(self) -> None:
        """What is published can be fetched again; anything else may be nowhere but here."""
        card = self._cards[self._name]
        if card.url is not None or self._may_lose(card):
            self._fetches.remove(card.name)

    def _may_lose(self, card: ModelCard) -> bool:
        came = "It was learned from corrections" if card.lineage else "It was brought from a file"
        return (
            choose(
                self.window(),
                title="Remove the model?",
                text=f"{card.name} is published nowhere. {came}, and may be nowhere but here.",
                choices=("Remove it",),
                cancel="Keep it",
                default=-1,
            )
            == 0
        )

    def _use_or_fetch(self) -> None:
        if self._cards[self._name].file is not None:
            self._use.click()  # nothing where it is in use
        elif not self._fetches.state(self._name).under_way:
            self._fetch.click()

    def _begin_fetch(self) -> None:
        self._fetches.fetch(self._cards[self._name])

    def _ask_for_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(
            self.window(), "Weights file", str(Path.home()), "Weights (*.safetensors *.pth *.pt *.onnx);;All files (*)"
        )
        if file:
            self._say(f"Looking at {Path(file).name}…")
            chosen = self._cards.get(self._name)
            missing = chosen if chosen is not None and chosen.file is None else None
            self._fetches.bring(Path(file), wanted=missing)


def _size(card: ModelCard) -> str:
    """How large the weights are; of those that are not here, about as large as their numbers."""
    if card.file is not None:
        return size_text(card.file.stat().st_size)
    expected = weights_store.expected_size(card)
    return "of unknown size" if expected is None else f"about {size_text(expected)}"


def _in_store(name: str) -> bool:
    try:
        return weights_store.installed(name) is not None
    except WeightsError:
        return False


def _fetch_text(card: ModelCard) -> str:
    begun = weights_store.fetched_so_far(card)
    return f"Go on f&etching, {size_text(begun)} are here" if begun else f"F&etch, {_size(card)}"


def _percent(state: FetchState) -> str:
    progress = state.progress
    if progress is None or not progress.total:
        return "" if progress is None else size_text(progress.done)
    return f"{100 * progress.done // progress.total} %"


def _sentence(state: FetchState) -> str:
    if state.problem or not state.under_way:
        return state.problem
    progress = state.progress
    if state.checking:
        return "Checking what has come: it is loaded, and run once…"
    if progress is None:
        return "Waiting for the server…"
    if progress.trouble:
        return f"{progress.trouble.replace(LATER, '.')} Trying again…"
    if state.silent:
        return f"{size_text(progress.done)} are here. Waiting for the server…"
    of = f" of {size_text(progress.total)}" if progress.total else ""
    return f"{size_text(progress.done)}{of}{_pace(progress)}. You may stop: what has come is kept."


def _pace(progress: Progress) -> str:
    if not progress.rate:
        return ""
    rest = "" if progress.total is None else f", {duration((progress.total - progress.done) / progress.rate)} left"
    return f", {size_text(int(progress.rate))} per second{rest}"
