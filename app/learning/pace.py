"""How long learning will take on this machine: measured with a few pictures, before anybody decides."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.files import reason
from app.learning.gathering import Order
from app.learning.job import CLOSING_SECONDS
from app.workers.lane import CancelToken, Lane
from inference.engines.devices import cuda_devices
from inference.learning.errors import JobError
from inference.learning.events import PaceTold
from inference.learning.job import MINIMUM_PICTURES
from inference.learning.process import measure_pace
from inference.learning.settings import Untouched

_SOME = MINIMUM_PICTURES  # pictures are enough to measure with
_MUCH = 0.1
"""By this share more or fewer pictures make no other time: it is told in round numbers."""


class LearnPace(QObject):
    """Measures in a thread of its own; what was measured is known until something else is asked for."""

    measured = Signal(object, str, str)  # PaceTold or None while it is measured, where, why it cannot be

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = Lane("pace", self)
        self._known: Hashable = None  # what was measured last, or is being measured
        self._pictures = 0  # for how many that was

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def measure(self, order: Order, *, pictures: int) -> None:
        """Tell how long a job with so many pictures takes; of what is known already nothing is told again, also where
        some were finished since."""
        asked = (order.root, order.parent.name, order.parent.file)
        if asked == self._known and abs(pictures - self._pictures) <= _MUCH * self._pictures:
            return
        self._known, self._pictures = asked, pictures
        self.measured.emit(None, "", "")

        def work(token: CancelToken) -> tuple[PaceTold, str]:
            return _measured(order, pictures, token)

        self._lane.submit(work, key="pace", done=lambda told: self.measured.emit(*told, ""), failed=self._failed)

    def cancel(self) -> None:
        """Nobody waits for it: something else needs the processors."""
        if self._lane.cancel("pace"):
            self._known = None

    def forget(self) -> None:
        """Other pictures are to be learned from: what was measured with these is of no use."""
        self._lane.cancel("pace")
        self._known = None

    def close(self) -> None:
        self._lane.close(timeout=CLOSING_SECONDS)

    def _failed(self, reason: str) -> None:
        self._known = None  # perhaps it can be measured when somebody asks again
        self.measured.emit(None, "", reason)


def _measured(order: Order, pictures: int, token: CancelToken) -> tuple[PaceTold, str]:
    """In the lane: with a job of some of the pictures, which nobody goes on with. ExpectedError."""
    everything = replace(order.settings, untouched=Untouched.KEEP, kept_score=0.0)
    try:
        temporary = tempfile.TemporaryDirectory(prefix="ade-mask-studio-", ignore_cleanup_errors=True)
    except OSError as error:
        raise JobError(f"There is no temporary folder to write to: {reason(error)}.") from error
    with temporary as folder:
        job = replace(order, settings=everything, left_out=[]).job(Path(folder) / "job", token, most=_SOME)
        token.check()
        return measure_pace(job, pictures=pictures, gentle=True), _place(order.settings.device)


def _place(device: str) -> str:
    """Where it was measured, to be added to a time."""
    on_card = device.startswith("cuda") or (device == "auto" and cuda_devices().count > 0)
    return f" on this {'graphics card' if on_card else 'processor'}"
