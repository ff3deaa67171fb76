"""The model that answers: which one was chosen, on which engine it runs, and how another takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.workers.lane import CancelToken, Lane
from inference import load_segmenter
from inference.engines.memory import notes_of
from inference.models import ModelCard, find_card, known_models
from inference.segmenter import Segmenter


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What ran the last prediction, for the status bar and the model menu."""

    model: str
    engine: str
    device: str
    reason: str  # why this engine and device


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model on which engine and device, as for `load_segmenter`."""

    model: str = "starter"
    engine: str = "auto"
    device: str = "auto"


class ModelInUse(QObject):
    """Loads a model at the first call for it, and another one only behind the back of the one that answers."""

    replaced = Signal()
    refused = Signal(str)  # why another model could not be loaded; the old one stays in use
    status_changed = Signal(object)  # EngineStatus
    noted = Signal(str)  # what the engine has to do without from now on

    def __init__(self, choice: ModelChoice, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choice = choice
        self.status: EngineStatus | None = None
        self._lane = lane
        self._segmenter: Segmenter | None = None

    @property
    def loaded(self) -> bool:
        """Whether the next prediction need not wait for the model."""
        return self._segmenter is not None

    @property
    def name(self) -> str:
        """The name of the model as its card says it; of a weights file that is not loaded yet, the file's."""
        if self._segmenter is not None:
            return self._segmenter.card.name
        asked = self.choice.model
        known = (card.name for card in known_models() if asked in (card.name, *card.aliases))
        return next(known, Path(asked).stem)

    def card(self) -> ModelCard:
        """The card of the model. Raises `WeightsError` when that is not loaded and not to be found."""
        return find_card(self.choice.model) if self._segmenter is None else self._segmenter.card

    def segmenter(self) -> Segmenter:
        """The segmenter, loaded at the first call. Only for jobs in the engine's lane: loading takes a while."""
        if self._segmenter is None:
            self._segmenter = load_segmenter(self.choice.model, self.choice.engine, self.choice.device)
        return self._segmenter

    def use(self, choice: ModelChoice) -> None:
        """Load another model in the engine's lane; it replaces the one in use only after it has really run."""

        def load(_token: CancelToken) -> Segmenter:
            return load_segmenter(choice.model, choice.engine, choice.device)

        def loaded(segmenter: Segmenter) -> None:
            self._segmenter, self.choice, self.status = segmenter, choice, None
            self.report()
            self.replaced.emit()

        self._lane.submit(load, key="model", done=loaded, failed=self.refused.emit, priority=0)

    def report(self) -> None:
        """Say which engine runs the model, if that is new."""
        if self._segmenter is None:
            return
        engine = self._segmenter.engine
        notes = notes_of(engine)
        reason = " ".join(dict.fromkeys((engine.reason, *notes)))
        for note in notes:
            if self.status is None or note not in self.status.reason:
                self.noted.emit(note)
        status = EngineStatus(self._segmenter.card.name, engine.name, engine.device, reason)
        if status != self.status:
            self.status = status
            self.status_changed.emit(status)
