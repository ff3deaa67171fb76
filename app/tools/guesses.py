"""Guesses: the most probable classes of the segment under the pointer, one after the other, with any tool in hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.document import Document, ViewMode
from app.core.segment_map import NETWORK_MAX, human_value
from app.core.soft_masks import classes_at, probable_classes
from app.core.targets import Scope, Target
from app.tools.aim import aim, paint_target
from app.tools.base import Choices, class_name

if TYPE_CHECKING:
    from app.editing.session import Session

NO_ANSWER = "The network has not answered for this picture yet."
COUNT = 5
_TIP = "How probable the network finds each class.\nJ goes on, Shift+J back, Return keeps the class, Esc does not."


@dataclass(eq=False)
class _Series:
    """The answers for one segment, and which of them it is now."""

    path: Path
    seed: tuple[int, int]  # the pixel (x, y) that was pointed at
    below: int | None  # its code in the network layer; None for a region that a person decided
    rows: tuple[tuple[int, float], ...]
    active: int  # of the rows; -1 where it is none of them to begin with
    target: Target  # its pixels
    before: int  # revision of the picture without an answer
    step: int | None = None  # and with one, once it is there
    on_its_way: bool = False  # an answer was painted, or is being painted

    def go(self, step: int) -> None:
        """Go on in the list, round and round; at first to the most probable, or backwards to the least."""
        start = max(self.active, -1 if step > 0 else 0)
        self.active, self.step, self.on_its_way = (start + step) % len(self.rows), None, False

    @property
    def is_shown(self) -> bool:
        """Whether the segment is what the active answer says."""
        return self.target.segment_map.code_at(*self.seed) == human_value(self.rows[self.active][0])

    def holds(self, pixel: tuple[int, int]) -> bool:
        """Whether a pixel belongs to the segment: it shows the same as the one pointed at, also in the network layer.

        It shows the answer, or what was there before while that is on its way.
        """
        (x, y), segment_map = pixel, self.target.segment_map
        same = segment_map.box.contains(x, y) and self.below in (None, int(segment_map.network[y, x]))
        return same and segment_map.code_at(x, y) == segment_map.code_at(*self.seed)


class Guesses:
    """Each call of `go` gives the segment another class and takes the last one back: one undo step remains.

    The pointer may go where it likes meanwhile, to the card of answers for one. It ends when a button of the mouse is
    pressed over the picture, with another tool or picture, when anything else is corrected or undone, and when `go` is
    asked for another segment.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._series: _Series | None = None
        self._over: tuple[int, int] | None = None  # the pixel under the pointer
        self._pixel: tuple[int, int] | None = None  # the last one that was

    def point(self, pixel: tuple[int, int] | None) -> None:
        """The pointer is over a pixel (x, y) of the picture, or over none."""
        self._over = pixel
        self._pixel = pixel or self._pixel  # on its way to a menu it still means what it was over

    @property
    def goes_on(self) -> bool:
        """Whether `go` goes on with the answers there are: not where the pointer is over another segment by now."""
        series = self._known()
        return series is not None and (self._over is None or series.holds(self._over))

    def go(self, step: int) -> None:
        """The next answer (+1) or the one before (-1) for the segment under the pointer."""
        if not self.goes_on:
            self.end()
            self._series = self._begin()
        self.pick(step)

    def pick(self, step: int) -> None:
        """So many answers further, or back, for the segment whose answers there are, wherever the pointer is."""
        session, series = self._session, self._known()
        if series is None:
            return
        self._series = None  # what changes now is no sign that something else was done
        if series.step is not None:
            session.undo()
            session.settle(series.path)  # what is still being shown takes no paint, and the next answer is to come
        elif series.on_its_way:
            session.cancel_edit()
        series.go(step)
        class_id, probability = series.rows[series.active]
        name = class_name(class_id)
        text, unchanged = f"Relabel to {name}", f"This is {name} already."
        series.on_its_way = paint_target(session, series.target, class_id, text=text, unchanged=unchanged)
        if series.on_its_way:
            session.said.emit(f"{name}, {probability:.2f}: J goes on, Shift+J back, Return keeps it, Esc does not.")
        if series.on_its_way or series.is_shown:
            self._series = series
            self._known()  # what was done at once is there now
        session.tool_changed.emit()  # where the rule refused, which was said, there is no answer to go on from

    def choices(self) -> Choices | None:
        """The answers while one goes through them."""
        series = self._known()
        return None if series is None else Choices("Most probable here", series.rows, series.active, tip=_TIP)

    def end(self) -> bool:
        """Leave the segment as it is now; False when there was nothing to go through."""
        ended, self._series = self._known() is not None, None
        if ended:
            self._session.said.emit("")
            self._session.tool_changed.emit()
        return ended

    def cancel(self) -> bool:
        """Take the answer back; False when there was none."""
        series, self._series = self._known(), None
        if series is None:
            return False
        if series.step is not None:
            self._session.undo()
        elif series.on_its_way:
            self._session.cancel_edit()
        self._session.said.emit("")
        self._session.tool_changed.emit()
        return True

    @property
    def _scope(self) -> Scope:
        """In the semantic view there are no segments, only the regions of classes."""
        document = self._session.document
        return Scope.REGION if document is not None and document.layer_mode is ViewMode.SEMANTIC else Scope.SEGMENT

    def _begin(self) -> _Series | None:
        session, document, pixel = self._session, self._session.document, self._pixel
        hover = None if document is None or pixel is None else document.describe(*pixel)
        target = None if hover is None else aim(session, (hover.x, hover.y), self._scope)
        if document is None or hover is None or target is None:
            session.said.emit("Point at a segment first.")
            return None
        rows = rows_at(document, hover.x, hover.y)
        if not rows:
            session.said.emit(NO_ANSWER)
            return None
        of_network = hover.code <= NETWORK_MAX
        return _Series(
            path=document.path,
            seed=(hover.x, hover.y),
            below=hover.code if of_network else None,
            rows=rows,
            active=next((index for index, (class_id, _) in enumerate(rows) if class_id == hover.class_id), -1),
            target=target,
            before=session.export_state(document.path).revision,
        )

    def _known(self) -> _Series | None:
        """The answers, if the picture still is as the last one left it."""
        series, document = self._series, self._session.document
        if series is None:
            return None
        if (
            document is None
            or document.segment_map is None
            or document.segment_map.network is not series.target.segment_map.network
        ):
            self._series = None  # another picture, or another answer of the network: that is another segment
            return None
        revision = self._session.export_state(series.path).revision
        if series.step is None and series.on_its_way and revision != series.before:
            series.step = revision
        came_to_nothing = series.on_its_way and series.step is None and not self._session.editing
        if revision != (series.before if series.step is None else series.step):
            self._series = None
        elif came_to_nothing and not series.is_shown:
            self._series = None  # the rule refused it in the background
        return self._series


def rows_at(document: Document, x: int, y: int) -> tuple[tuple[int, float], ...]:
    """What the network holds most probable at a pixel of the picture: (class id, probability), the best first."""
    prediction, segment_map = document.prediction, document.segment_map
    if prediction is None or segment_map is None or document.layer_mode is None:
        return ()
    if document.layer_mode is ViewMode.SEMANTIC:
        return classes_at(prediction, x, y, COUNT)
    code = int(segment_map.network[y, x])
    return probable_classes(prediction, code - 1, COUNT) if code else ()
