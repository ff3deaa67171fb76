"""A picture that is done was accepted with the labels it showed: its answer counts, whichever model has given it.

The rule itself is `ProjectStore.predicted_identity`; here is what follows from it for pictures that are open.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.answering.model_in_use import ModelInUse
from app.answering.predictions import Predictions
from app.core.pictures import PictureStatus
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.listing.folder import Folder


class DoneAnswers(QObject):
    """Has the session hold no other answers than those that count, as models and marks change."""

    weighed = Signal()  # answers that do not count any more are gone from the session

    def __init__(
        self, folder: Folder, session: Session, *, keeper: Keeper, predictions: Predictions, model: ModelInUse
    ) -> None:
        super().__init__(predictions)
        self._folder, self._session = folder, session
        self._keeper, self._predictions, self._model = keeper, predictions, model
        self._elsewhere: set[Path] = set()  # pictures of earlier lists that were done when these were left
        folder.status_wanted.connect(lambda _rows: self._marked())

    def is_done(self, path: Path) -> bool:
        return self._is_marked(path) if path in self._folder else path in self._elsewhere

    def _is_marked(self, path: Path) -> bool:
        return self._folder.status(path) is PictureStatus.DONE

    def note_done(self) -> None:
        """Another list comes, and what is open stays so: this one says for the last time which of that is done."""
        listed = {path for path in self._session.recorded() if path in self._folder}
        self._elsewhere = (self._elsewhere - listed) | set(filter(self._is_marked, listed))

    def use_model(self) -> None:
        """Another model is in use. Its answers take the place of earlier ones, but not in pictures that are done."""
        self._predictions.drop_all()  # answers of the old model that are still on their way must not pass for its own
        self._keeper.forget_answers()
        self._session.drop_predictions(keeps=self.is_done)

    def _marked(self) -> None:
        """Pictures are done now, or are so no more."""
        self._keeper.weigh_answers()
        self._predictions.drop(self.is_done)  # they were accepted without it
        self._keeper.lane.read(  # a weights file that is not loaded yet has to be looked into for its name
            lambda: self._model.card().name, done=self._leave_out, failed=lambda _reason: self.weighed.emit()
        )

    def _leave_out(self, model: str) -> None:
        others = [path for path in self._session.foreign_answers(model) if not self.is_done(path)]
        if others:
            self._session.drop_answers(others)
        self.weighed.emit()

    def sentence(self, path: Path) -> str:
        """Whose answer a picture that is done keeps, where that is not the model in use; else empty."""
        document = self._session.find(path)
        if document is None or document.prediction is None or not document.model or not self.is_done(path):
            return ""
        same = document.model == self._model.name
        return "" if same else f"{path.name} is done and keeps the answer of {document.model}; F5 asks for another."
