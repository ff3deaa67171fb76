"""What the network has answered: kept by a run over the folder, and brought back for a picture that is opened."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from app.core.arrays import I64
from app.core.project.predictions import PackedAnswer
from app.core.project.records import FileIdentity, StoredPrediction
from app.core.project.store import ProjectStore
from app.editing.session import Session
from app.keeping.projects import Known
from app.keeping.writing import Keeping
from inference.prediction import Prediction

T = TypeVar("T")


class KeepingAnswers(Keeping):
    """Keeps answers for pictures that need not be open, and fetches those that are not in memory."""

    answer_kept = Signal(object)  # Path of a picture that the network has answered for in a run over the folder

    def __init__(self, session: Session, model: Callable[[], str], parent: QObject | None = None) -> None:
        """`model`: the name of the model in use; called in the project lane."""
        super().__init__(session, parent)
        self._model = model
        self._fetching: set[Path] = set()  # pictures whose answer is on its way back
        self._rulings = 0  # times that other answers came to count

    def answered(self, path: Path) -> None:
        """A run over the folder has kept an answer for a picture."""
        if path in self._kept:
            self._kept[path].answered = True
        self.answer_kept.emit(path)

    def forget_answers(self) -> None:
        """Another model is in use: no answer counts any more but that of a picture that is done."""
        for kept in self._kept.values():
            kept.answered = False
        self.weigh_answers()

    def weigh_answers(self) -> None:
        """Pictures are done now, or are so no more: which answers count is asked anew, also of those on their way."""
        self._rulings += 1
        for kept in self._kept.values():
            kept.may_count = True

    def fetch_prediction(self, path: Path, done: Callable[[StoredPrediction | None], None]) -> bool:
        """Bring the answer that counts for a picture and is not in memory; False where there is none."""
        kept, model = self._kept.get(path), self._model
        if kept is None or not (kept.answered or kept.may_count):
            return False
        if path in self._fetching:
            return True

        def take(answer: tuple[int, StoredPrediction | None]) -> None:
            self._fetching.discard(path)
            if answer[0] != self._rulings and self.fetch_prediction(path, done):
                return
            stored = answer[1] if answer[0] == self._rulings else None
            kept.know(None if stored is None else stored.prediction)
            done(stored)

        self._fetching.add(path)
        any_of_model = kept.answered
        self.lane.read(
            self._doing(self._ruled(lambda: self._projects.prediction(path, model=model() if any_of_model else None))),
            done=take,
            failed=lambda _reason: take((self._rulings, None)),
        )
        return True

    def _ruled(self, work: Callable[[], T]) -> Callable[[], tuple[int, T]]:
        """`work` for the lane, and how often other answers had come to count before."""

        def do() -> tuple[int, T]:
            before = self._rulings
            return before, work()

        return do

    def ask(self, path: Path, model: str) -> Future[Known]:
        """What is known of a picture, for a run of the network; from any thread."""
        return self.lane.ask(self._doing(lambda: self._projects.known(path, model=model)))

    def keep_answer(
        self, path: Path, prediction: Prediction, *, model: str, identity: FileIdentity, counts: I64
    ) -> Future[None]:
        """What the network has answered for a picture that need not be open; from any thread, which has to pack it.

        One that was marked done meanwhile stays as it was accepted.
        """
        answer = PackedAnswer.of(prediction, counts)

        def keep(store: ProjectStore, name: str) -> None:
            accepted = store.predicted_identity(name, model=None)
            if accepted is None or not accepted.is_same(identity):
                store.keep_answer(name, answer, model=model, identity=identity)

        return self.in_store(path, keep)

    def in_store(self, path: Path, work: Callable[[ProjectStore, str], None]) -> Future[None]:
        """Change what is kept of a picture that nobody has opened; from any thread."""
        return self.lane.hand_over(self._doing(lambda: work(*self._projects.store_of(path))))
