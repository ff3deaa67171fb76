"""Ask the network: what it holds possible at a point, also what lost there or lies under the threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from app.core.document import Document
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.core.soft_masks import Candidate, coarse_soft_mask, ranked_queries, soft_mask
from app.tools.base import Button, Choices, Pointer, Preview, Sketch, Tool, class_name
from app.tools.guesses import NO_ANSWER
from app.tools.options import Choice, Number, Option
from inference.prediction import Prediction

if TYPE_CHECKING:
    from app.core.parts import Check
    from app.editing.gesture import Paint
    from app.editing.session import Session
    from app.settings import Value

_OWN = "own"
_STEP, _LEAST, _MOST = 5, 5, 95  # percent of extent
_TIP = (
    "Fit: how probable the network finds it that the answer reaches this point · score: how sure it is of the class.\n"
    "The greater the product of both, the further up. J goes on, Shift+J back, Return takes the answer."
)
_ROWS = 512  # of the photo that are worked out before it may be cancelled


@dataclass(frozen=True, eq=False)
class _Question:
    """A point of a picture, and what the network holds possible there."""

    at: Pointer
    prediction: Prediction
    candidates: tuple[Candidate, ...]


class Ask(Tool):
    """Click, or drag over the picture: the best answer is shown. A click on the same point goes on to the next.

    J and Shift + J or Ctrl + wheel go through the answers, [ and ] let them shrink and grow; Return or the right button
    takes one, with its own class or with the current one.
    """

    id: ClassVar[str] = "ask"
    hint: ClassVar[str] = "Click: what does the network see here, also if it lost or is hidden?"
    options: ClassVar[tuple[Option, ...]] = (
        Choice(
            "take", "Take as", ((_OWN, "Its own class"), ("current", "Current class")), tip="What the answer becomes"
        ),
        Number(
            "extent", "Extent", _LEAST, _MOST, 50, suffix=" %",
            tip="How far an answer reaches; at 50 % it ends where the network itself is undecided ([ and ])\n"
            "While an answer is shown it is set for that question alone; before a click, for all that come",
        ),
    )  # fmt: skip

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._question: _Question | None = None
        self._active = 0
        self._extent: float | None = None  # of this question alone, where it was set
        self._preview: tuple[object, Preview | None] = (None, None)  # and what it was made for
        self._taken: Preview | None = None  # an answer that was accepted and is being painted

    # --- asking ----------------------------------------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        question = self._current()
        if question is not None and pointer.button is Button.RIGHT:
            self.accept()
        elif question is not None and _distance(question.at, pointer) <= pointer.reach / 2:
            self.next_best(1)
        else:
            self._ask(pointer)

    def move(self, pointer: Pointer) -> None:
        question = self._current()
        if (
            question is not None
            and pointer.button is Button.LEFT
            and _distance(question.at, pointer) > pointer.reach / 2
        ):
            self._ask(pointer)

    def cancel(self) -> None:
        self._question, self._active, self._preview, self._taken = None, 0, (None, None), None
        self._forget_extent()
        self.show()

    def pending(self) -> bool:
        return self._current() is not None

    def acceptable(self) -> bool:
        return self.pending() and self.preview() is not None

    def back(self) -> bool:
        waiting = self.pending()
        self.cancel()
        return waiting

    def next_best(self, step: int) -> bool:
        question = self._current()
        if question is None:
            return False
        self._active = (self._active + step) % len(question.candidates)
        self.show()
        return True

    def wheel(self, notches: int) -> bool:
        return self.next_best(-notches)  # towards the hand is down the list

    def adjust(self, steps: int) -> bool:
        self.set_value("extent", self.value("extent") + _STEP * steps)
        return True

    def value(self, key: str) -> Any:
        own = self._extent if key == "extent" else None
        return super().value(key) if own is None else own

    def set_value(self, key: str, value: Value) -> None:
        """The extent that is set while an answer is shown is of that question: the next one begins as ever."""
        if key != "extent" or self._current() is None or not isinstance(value, int | float):
            super().set_value(key, value)
            return
        self._extent = round(min(max(value, _LEAST), _MOST))
        self._tell_extent()

    def changed(self) -> None:
        if self._question is not None:
            self.show()

    def value_changed(self, key: str) -> None:
        self.show()

    def accept(self) -> None:
        question, preview = self._current(), self.preview()
        if question is None:
            return
        if preview is None:
            self.session.said.emit("This answer reaches no pixel; ] lets it grow.")
            return
        candidate, level, class_id = question.candidates[self._active], self._level, self._class_id
        own, name = class_name(candidate.class_id), class_name(class_id)
        self.cancel()
        self.session.edit(
            f"Take {own}" if class_id == candidate.class_id else f"Take {own} as {name}",
            lambda check: _parts(question.prediction, candidate.query, level, human_value(class_id), check),
            reach=preview.box,
            unchanged=f"This is {name} already.",
        )
        self._taken = preview if self.session.editing else None
        self.show()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def preview(self) -> Preview | None:
        question = self._current()
        if question is None:
            return self._taken if self.session.editing else None
        wanted = (question, self._active, self._level, self._class_id)
        if self._preview[0] != wanted:
            query = question.candidates[self._active].query
            box, mask = coarse_soft_mask(question.prediction, query, self._level)
            self._preview = (wanted, None if box.empty else Preview(box, mask, human_value(self._class_id)))
        return self._preview[1]

    def sketch(self) -> Sketch | None:
        question = self._current()
        return None if question is None else Sketch(((question.at.x, question.at.y),), handles=True)

    def choices(self) -> Choices | None:
        question = self._current()
        if question is None:
            return None
        rows = tuple((known.class_id, known.mask_prob, known.score) for known in question.candidates)
        return Choices("Best answers here", rows, self._active, heads=("fit", "score"), tip=_TIP)

    def note(self) -> str:
        question, document = self._current(), self.session.document
        if question is None or document is None:
            return ""
        candidate = question.candidates[self._active]
        parts = [
            f"{self._active + 1} of {len(question.candidates)}",
            class_name(candidate.class_id),
            f"score {candidate.score:.2f}",
        ]
        if _is_hidden(document, candidate):
            parts.append("hidden by the threshold")
        if candidate.mask_prob <= self._level:
            parts.append("ends before this point: ] lets it grow")
        return " · ".join([*parts, "J: next"])

    # --- inside ----------------------------------------------------------------------------------------------------

    def _ask(self, pointer: Pointer) -> None:
        document = self.session.document
        if document is None or document.segment_map is None or not document.segment_map.box.contains(*pointer.pixel):
            return
        if document.prediction is None:
            self.session.said.emit(NO_ANSWER)
            return
        candidates = ranked_queries(document.prediction, *pointer.pixel)
        self._forget_extent()
        self._question, self._active = _Question(pointer, document.prediction, candidates), 0
        self.show()

    def _forget_extent(self) -> None:
        if self._extent is not None:
            self._extent = None
            self._tell_extent()

    def _tell_extent(self) -> None:
        self.session.tool_value_changed.emit(f"{self.id}.extent")

    def _current(self) -> _Question | None:
        """What was asked, while the network's answer still is the one that was asked."""
        question, document = self._question, self.session.document
        if question is None or document is None or document.segment_map is None:
            return None
        return question if document.prediction is question.prediction else None

    @property
    def _level(self) -> float:
        """The mask probability at which an answer ends."""
        return float(1 - self.value("extent") / 100)

    @property
    def _class_id(self) -> int:
        """The class that the answer would become."""
        if self._question is None or self.value("take") != _OWN:
            return self.session.current_class
        return self._question.candidates[self._active].class_id


def _distance(one: Pointer, other: Pointer) -> float:
    return math.dist((one.x, one.y), (other.x, other.y))


def _is_hidden(document: Document, candidate: Candidate) -> bool:
    """Whether segments of this class and score do not count at the moment."""
    thresholds = document.thresholds
    return thresholds is not None and candidate.score <= thresholds.table()[candidate.class_id]


def _parts(prediction: Prediction, query: int, level: float, value: int, check: Check) -> Iterator[Paint]:
    """The exact mask, some rows at a time."""
    height, width = prediction.size
    for top in range(0, height, _ROWS):
        check()
        box, mask = soft_mask(prediction, query, level, box=Box(0, top, width, min(top + _ROWS, height)))
        if not box.empty:
            yield box, mask, value
