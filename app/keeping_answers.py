"""What the network has answered: kept by a run over the folder, and brought back for a picture that is opened."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from app.core.arrays import I64
from app.core.project.predictions import PackedAnswer
from app.core.project.records import FileIdentity
from app.core.project.store import ProjectStore
from app.keeping import Keeping
from app.projects import Known
from app.session import Session
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
        self._models = 0  # that were in use before

    def answered(self, path: Path) -> None:
        """A run over the folder has kept an answer for a picture."""
        if path in self._kept:
            self._kept[path].answered = True
        self.answer_kept.emit(path)

    def forget_answers(self) -> None:
        """Another model is in use: answers that are on their way are not its own."""
        self._models += 1
        for kept in self._kept.values():
            kept.know(None)

    def fetch_prediction(self, path: Path, done: Callable[[Prediction | None], None]) -> bool:
        """Bring the answer that is kept for a picture and not in memory; False where there is none."""
        kept, model = self._kept.get(path), self._model
        if kept is None or not kept.answered:
            return False
        if path in self._fetching:
            return True

        def take(prediction: Prediction | None) -> None:
            self._fetching.discard(path)
            kept.know(prediction)
            done(prediction)

        self._fetching.add(path)
        self.lane.read(
            self._doing(self._of_model(lambda: self._projects.prediction(path, model=model()))),
            done=lambda answer: take(answer[1] if answer[0] == self._models else None),
            failed=lambda _reason: take(None),
        )
        return True

    def _of_model(self, work: Callable[[], T]) -> Callable[[], tuple[int, T]]:
        """`work` for the lane, and how many models were in use before the one that it is about."""

        def do() -> tuple[int, T]:
            before = self._models
            return before, work()

        return do

    def ask(self, path: Path, model: str) -> Future[Known]:
        """What is known of a picture, for a run of the network; from any thread."""
        return self.lane.ask(self._doing(lambda: self._projects.known(path, model=model)))

    def keep_answer(
        self, path: Path, prediction: Prediction, *, model: str, identity: FileIdentity, counts: I64
    ) -> Future[None]:
        """What the network has answered for a picture that need not be open; from any thread, which has to pack it."""
        answer = PackedAnswer.of(prediction, counts)
        return self.in_store(path, lambda store, name: store.keep_answer(name, answer, model=model, identity=identity))

    def in_store(self, path: Path, work: Callable[[ProjectStore, str], None]) -> Future[None]:
        """Change what is kept of a picture that nobody has opened; from any thread."""
        return self.lane.hand_over(self._doing(lambda: work(*self._projects.store_of(path))))
