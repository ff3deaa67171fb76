"""Slow work of the tools in a lane of its own: a hand that waits for it must not wait for exports or thumbnails too."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.workers.lane import Lane

PATIENCE_MS = 250  # what takes no longer is not announced: a sign that flashes up only disturbs


class Background(QObject):
    """Runs one job after the other; says what is under way once that takes longer than a moment."""

    busy_changed = Signal(str)  # what is under way; empty when nothing worth saying is

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = Lane("tools", self, may_be_left=True)
        self._latest: dict[Hashable, object] = {}  # what tells the newest job of a key from the one it replaced
        self._texts: dict[Hashable, str] = {}
        self._said = ""
        self.concerns: Callable[[Hashable], bool] = lambda _key: True  # whether a job is worth saying at the moment
        self._timer = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._timer.timeout.connect(self._say)

    def run(
        self,
        work: Callable[[Callable[[], None]], Any],
        *,
        key: Hashable,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        text: str,
    ) -> Callable[[], None]:
        """Run `work(check)`, then `done(result)` or `failed(sentence)` on the GUI thread; a job with the same key is
        replaced. The returned callable cancels it."""

        def ended(then: Callable[[Any], None]) -> Callable[[Any], None]:
            def end(answer: Any) -> None:
                self._forget(key)
                then(answer)

            return end

        ticket = self._latest[key] = object()
        self._lane.submit(lambda token: work(token.check), key=key, done=ended(done), failed=ended(failed))
        if text and key not in self._texts:  # one job after the other for the same thing is one wait
            self._timer.start()
        if text:
            self._texts[key] = text
        else:
            self._texts.pop(key, None)
        self._say_less()
        return lambda: self._cancel(key, ticket)

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def close(self) -> None:
        """Cancel everything and wait for the thread to end."""
        self._timer.stop()
        self._lane.close()

    def _cancel(self, key: Hashable, ticket: object) -> None:
        if self._latest.get(key) is ticket:
            self._lane.cancel(key)
            self._forget(key)

    def _forget(self, key: Hashable) -> None:
        del self._latest[key]
        self._texts.pop(key, None)
        self._say_less()

    def look_again(self) -> None:
        """Other jobs are worth saying now, those of another picture."""
        self._say_less()
        if not self._timer.isActive():
            self._say()

    def _worth_saying(self) -> list[str]:
        return [text for key, text in self._texts.items() if self.concerns(key)]

    def _say(self) -> None:
        text = next(iter(self._worth_saying()), "")
        if text != self._said:
            self._said = text
            self.busy_changed.emit(text)

    def _say_less(self) -> None:
        """What has ended is no longer announced; what goes on still is."""
        if self._said and self._said not in self._worth_saying():
            self._said = ""
            self.busy_changed.emit("")
            if self._texts:
                self._timer.start()
