"""The model that answers: which one was chosen, on which engine it runs, and how another takes its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.settings import Settings
from app.workers.lane import CancelToken, Lane
from inference import load_segmenter
from inference.engines.memory import notes_of
from inference.errors import ExpectedError
from inference.models import ModelCard, find_card, known_models
from inference.remote_card import REMOTE, card_for, leaving, remote_address, remote_host
from inference.remote_key import RemoteError
from inference.segmenter import Segmenter


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What runs the model, for the status bar and the model menu."""

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
    remote_allowed: str = ""  # the address that photos may be sent to: leave given for one is none for another

    @classmethod
    def of(cls, settings: Settings) -> ModelChoice:
        """What was chosen last; no engine elsewhere unless photos may be sent there."""
        engine = "auto" if settings.engine == REMOTE and not settings.remote_allowed else settings.engine
        return cls(settings.model, engine, settings.device, settings.remote_allowed)

    @property
    def may_send(self) -> bool:
        """Whether photos may be sent to where the remote engine is now."""
        try:
            return self.remote_allowed == remote_address()
        except RemoteError:
            return self.remote_allowed != ""  # nothing is sent: what is wrong with the address is said instead


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
        if choice.engine == REMOTE:
            QTimer.singleShot(0, self, self._warn if choice.may_send else self._ask_again)  # once somebody hears it
            self.choice = choice if choice.may_send else self.local

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
        name = next(known, Path(asked).stem)
        return f"{name} ({REMOTE})" if self.choice.engine == REMOTE else name

    def card(self) -> ModelCard:
        """The card of the model. Raises `WeightsError` when that is not loaded and not to be found."""
        if self._segmenter is not None:
            return self._segmenter.card
        return card_for(self.choice.model, engine=self.choice.engine)

    def segmenter(self) -> Segmenter:
        """The segmenter, loaded at the first call. Only for jobs in the engine's lane: loading takes a while."""
        if self._segmenter is None:
            _check_allowed(self.choice)
            self._segmenter = load_segmenter(self.choice.model, self.choice.engine, self.choice.device)
        return self._segmenter

    def use(self, choice: ModelChoice) -> None:
        """Load another model in the engine's lane; it replaces the one in use only after it has really run."""

        def load(_token: CancelToken) -> Segmenter:
            _check_allowed(choice)
            return load_segmenter(choice.model, choice.engine, choice.device)

        def loaded(segmenter: Segmenter) -> None:
            self._segmenter, self.choice, self.status = segmenter, choice, None
            self.report()
            self.replaced.emit()

        self._lane.submit(load, key="model", done=loaded, failed=self.refused.emit, priority=0)

    @property
    def local(self) -> ModelChoice:
        """The choice as it is on this machine: that in use, or what takes its place once no photo leaves any more."""
        if self.choice.engine != REMOTE:
            return self.choice
        try:
            is_here = find_card(self.choice.model).file is not None
        except ExpectedError:  # its file is gone by now
            is_here = False
        return ModelChoice(self.choice.model) if is_here else ModelChoice()

    def use_here(self, choice: ModelChoice) -> None:
        """Load a model for this machine, as `use` does; from now on no photo leaves it."""
        self.stay_here()
        choice = replace(choice, remote_allowed="")
        if choice != self.choice:
            self.use(choice)

    def stay_here(self) -> None:
        """No photo leaves this machine from now on: what is under way to another one is refused."""
        if self._segmenter is not None and self.choice.engine == REMOTE:
            from inference.remote import RemoteEngine  # with the web client, which is in use here already

            if isinstance(self._segmenter.engine, RemoteEngine):
                self._segmenter.engine.client.stop()
        if self.choice.engine == REMOTE:
            self.choice = self.local
            self._segmenter, self.status = None, None
            self.status_changed.emit(EngineStatus(self.name, "", "", "The model is loaded with the next photo."))
            self.replaced.emit()
            self.noted.emit(f"No photo leaves this machine any more; {self.name} is in use.")
        self.choice = replace(self.choice, remote_allowed="")

    def _warn(self) -> None:
        """Photos will leave this machine: that is said before the first of them does."""
        try:
            host = remote_host()
        except RemoteError as error:
            self.refused.emit(str(error))
            return
        if self.status is None and self.choice.engine == REMOTE:
            self.status = EngineStatus(self.name, REMOTE, host, leaving(host))
            self.status_changed.emit(self.status)

    def _ask_again(self) -> None:
        self.noted.emit(
            f"The remote engine is at {remote_host()} now: photos stay on this machine until you allow them to be sent "
            "there, under Models and devices."
        )

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


def _check_allowed(choice: ModelChoice) -> None:
    if choice.engine == REMOTE and not choice.may_send:
        raise RemoteError("Photos may not be sent to the remote engine: allow that first, under Models and devices.")
