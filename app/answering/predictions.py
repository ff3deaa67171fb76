"""Masks from the network: asked for in the engine's lane, handed to the session when they are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.answering.model_in_use import ModelInUse
from app.core.document import Document
from app.core.project.records import StoredPrediction
from app.editing.session import Session
from app.workers.lane import CancelToken, Lane
from app.workers.tasks import ComposedPrediction, compose_prediction, predict_photo
from inference.errors import PhotoError
from inference.prediction import Prediction

Fetch = Callable[[Path, Callable[[StoredPrediction | None], None]], bool]

NOW = 0  # priority in the lane
_FEW_TILES = 100  # of a map; counting so many takes some 10 ms


class Predictions(QObject):
    """Runs the network on pictures and composes its answers for the view; says when they have arrived."""

    arrived = Signal(object)  # Path
    failed = Signal(object, str)  # Path, why there is no answer

    def __init__(self, session: Session, model: ModelInUse, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._lane = lane
        self._seconds: dict[Path, float] = {}
        self.fetch: Fetch = lambda _path, _done: False  # brings an answer that is kept; False where there is none

    def bring(self, path: Path, photo: NDArray[np.uint8], *, priority: int = NOW) -> None:
        """The answer that is kept for a picture, else a new one for its photo."""

        def fetched(kept: StoredPrediction | None) -> None:
            if kept is not None and self._session.recall(path, kept.prediction, model=kept.model):
                self.arrived.emit(path)
            else:
                self.predict(path, photo, priority=priority)

        if not self.fetch(path, fetched):
            self.predict(path, photo, priority=priority)

    def predict(self, path: Path, photo: NDArray[np.uint8], *, priority: int = NOW) -> None:
        """Run the network on a photo (H, W, 3) uint8 RGB."""
        mode, model = self._session.mode, self._model
        self._ask(
            "predict",
            path,
            lambda token: predict_photo(model.segmenter(), photo, mode=mode, token=token),
            priority,
        )

    def compose(self, path: Path, prediction: Prediction, *, model: str) -> None:
        """Make the network layer of the view in use from an answer of `model` that is there."""
        mode = self._session.mode
        self._ask("compose", path, lambda _token: compose_prediction(prediction, mode=mode, model=model), NOW)

    def _ask(self, kind: str, path: Path, work: Callable[[CancelToken], ComposedPrediction], priority: int) -> None:
        self._lane.submit(
            work,
            key=(kind, path),
            done=lambda result: self._take(path, result),
            failed=lambda reason: self.failed.emit(path, reason),
            priority=priority,
        )

    def _take(self, path: Path, result: ComposedPrediction) -> None:
        if self._must_be_counted(path, result):
            return
        self._model.report()
        if result.seconds:
            self._seconds[path] = result.seconds
        try:
            self._session.attach_prediction(
                path,
                result.prediction,
                layer=result.layer,
                counts=result.counts,
                shown=result.shown,
                table=result.table,
                mode=result.mode,
                model=result.model,
            )
        except PhotoError as error:
            self.failed.emit(path, str(error))
        else:
            self.arrived.emit(path)

    def _must_be_counted(self, path: Path, result: ComposedPrediction) -> bool:
        """Whether what shows under the corrections is counted first, where these are too many to do it now."""
        document = self._session.find(path)
        segment_map = None if document is None else document.segment_map
        fits = segment_map is not None and segment_map.shape == result.layer.shape
        if segment_map is None or not fits or segment_map.stale(result.shown).sum() <= _FEW_TILES:
            return False

        def count(_token: CancelToken) -> ComposedPrediction:
            return replace(result, shown=segment_map.count_shown(result.layer, result.counts))

        self._ask("compose", path, count, NOW)
        return True

    def seconds(self, document: Document | None) -> float | None:
        """How long preprocessing and network took for the masks of a document, in seconds."""
        return None if document is None or document.prediction is None else self._seconds.get(document.path)

    # --- what is under way -----------------------------------------------------------------------------------------

    def is_predicting(self, path: Path) -> bool:
        return self._lane.has(("predict", path))

    def under_way(self, path: Path) -> str:
        """What a picture waits for; empty when nothing."""
        if self._lane.has(("predict", path)):
            return "Predicting…" if self._model.loaded else "Loading model and predicting…"
        return "Composing…" if self._lane.has(("compose", path)) else ""

    def cancel(self, path: Path) -> bool:
        """Stop waiting for the masks of a picture; False when nothing was under way."""
        predicting, composing = self._lane.cancel(("predict", path)), self._lane.cancel(("compose", path))
        return predicting or composing

    def keep_only(self, path: Path | None) -> None:
        """Run the network on no other picture."""
        self._lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] == "predict" and key[1] != path)

    def drop(self, unwanted: Callable[[Path], bool]) -> None:
        """What the network was to say of these pictures is not wanted any more."""
        self._lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] == "predict" and unwanted(key[1]))

    def drop_all(self) -> None:
        """What is on its way is no longer wanted: another model answers now."""
        self._lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] in ("predict", "compose"))
