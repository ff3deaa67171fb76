"""Weights on their way to this machine: fetched or brought one after the other, in a thread of their own."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.workers.lane import CancelToken, Lane
from inference import weights_store
from inference.downloads import Progress
from inference.models import ModelCard, find_card

SILENCE_MS = 3000
"""A server that sends nothing for so long is waited for, whatever its pace was before."""


@dataclass(frozen=True, slots=True)
class FetchState:
    """How far the weights of a model are, or why they did not come."""

    under_way: bool = False
    progress: Progress | None = None  # None before the first bytes
    checking: bool = False  # all has come, and is looked at before it counts
    silent: bool = False  # nothing has come for a while
    problem: str = ""


class ModelFetches(QObject):
    """What is fetched, how far it is, and what came of it. A fetch that was stopped goes on where it was."""

    changed = Signal(str)  # the name of a model whose state is another
    arrived = Signal(str)  # the name of a model that can be used now
    refused = Signal(str)  # why a file that was brought cannot be used, one sentence
    _progressed = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = Lane("weights", self, may_be_left=True)
        self._states: dict[str, FetchState] = {}
        self._cancels: dict[str, threading.Event] = {}
        self._silence = QTimer(self, singleShot=True)
        self._silence.timeout.connect(self._nothing_comes)
        self._progressed.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def state(self, name: str) -> FetchState:
        return self._states.get(name, FetchState())

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def fetch(self, card: ModelCard) -> None:
        """Bring the published weights of a model, the rest of them where a part is here already."""
        name = card.name
        cancelled = self._cancels[name] = threading.Event()

        def work(_token: CancelToken) -> ModelCard:
            return weights_store.fetch(
                card, progress=lambda progress: self._progressed.emit(name, progress), cancelled=cancelled
            )

        self._lane.submit(
            work,
            key=name,
            done=lambda _card: self._arrived(name),
            failed=lambda reason: self._set(name, FetchState(problem=reason)),
        )
        self._set(name, FetchState(under_way=True))

    def cancel(self, name: str) -> None:
        """Stop; what has come is kept for the next time.

        It counts as stopped at once, whatever the thread is at: a silent line is cut within a moment; looking for a
        host, or one step of a check, ends by itself, and nothing comes of it. Only another fetch waits for that.
        """
        if not self.state(name).under_way:
            return
        if (event := self._cancels.pop(name, None)) is not None:
            event.set()
        self._lane.cancel(name)
        self._set(name, FetchState())

    def bring(self, file: Path, *, wanted: ModelCard | None = None) -> None:
        """Take weights that a person has into the store: as those of the model `wanted` where they fit its network."""

        def work(_token: CancelToken) -> ModelCard:
            fits = wanted is not None and find_card(file).network == wanted.network
            return weights_store.add(file, name=wanted.name if wanted is not None and fits else None)

        self._lane.submit(
            work,
            key=file,
            done=lambda card: self._arrived(card.name),
            failed=self.refused.emit,
        )

    def remove(self, name: str) -> None:
        """Take weights away from this machine; what was shipped stays."""
        self._lane.submit(
            lambda _token: weights_store.remove(name),
            key=name,
            done=lambda _none: self._set(name, FetchState()),
            failed=self.refused.emit,
        )

    def close(self) -> None:
        """Stop everything and wait for the thread to end, unless that takes a while."""
        for event in self._cancels.values():
            event.set()
        self._lane.close()

    def _tell(self, name: str, progress: Progress) -> None:
        if self.state(name).under_way:
            whole = progress.total is not None and progress.done >= progress.total
            self._set(name, FetchState(under_way=True, progress=progress, checking=whole))
            self._silence.start(SILENCE_MS)

    def _nothing_comes(self) -> None:
        for name, state in list(self._states.items()):
            if state.under_way and state.progress is not None and not state.checking:
                self._set(name, replace(state, silent=True))

    def _arrived(self, name: str) -> None:
        self._cancels.pop(name, None)
        self._set(name, FetchState())
        self.arrived.emit(name)

    def _set(self, name: str, state: FetchState) -> None:
        self._states[name] = state
        self.changed.emit(name)
