"""The names over one canvas: they stay where they are in the picture and are placed anew when it comes to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QPainter

from app.canvas.comparing import Comparing
from app.canvas.names import NamePlace, NameTags
from app.canvas.overlay import visible_labels
from app.canvas.screen import Screen
from app.canvas.view import PhotoView

if TYPE_CHECKING:
    from app.editing.session import Session

REST_MS = 150


class NameLayer(QObject):
    """Draws the names if the overlay's settings ask for them; without them it costs nothing.

    They are placed while painting, because the codes on screen are up to date then. While the hand moves the picture or
    paints, they wait for it to rest; while it drags the threshold, they follow every now and then.
    """

    def __init__(self, canvas: PhotoView, session: Session, *, screen: Screen, comparing: Comparing) -> None:
        super().__init__(canvas)
        self._canvas, self._session, self._screen, self._comparing = canvas, session, screen, comparing
        self._places: tuple[NamePlace, ...] = ()
        self._tags = NameTags(canvas.font(), ratio=canvas.devicePixelRatioF())
        self._due = True
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.renew)
        session.document_changed.connect(self.renew)
        session.prediction_changed.connect(self.renew)
        session.pixels_changed.connect(self.moved)
        session.tables_changed.connect(self._tables_changed)

    @property
    def places(self) -> tuple[NamePlace, ...]:
        """The names as they were last placed."""
        return self._places

    def moved(self) -> None:
        """The view or the pixels are changing: place the names when that is over."""
        if self._asked:
            self._rest.start()

    def renew(self) -> None:
        """Place the names the next time the canvas is painted, which is soon."""
        self._due = True
        if self._asked:
            self._canvas.update()

    @property
    def _asked(self) -> bool:
        overlay = self._comparing.overlay
        return overlay.names and not overlay.deciders

    def _tables_changed(self) -> None:
        """The canvas is about to be painted anyway: place them now if they were not there, else every now and then."""
        if not self._asked:
            self._places, self._due = (), True
        elif not self._due and not self._rest.isActive():
            self._rest.start()

    def draw(self, painter: QPainter) -> None:
        """Draw the names over the view that the screen was just refreshed for; the painter works in device pixels."""
        document, view = self._session.document, self._canvas.viewport
        if not self._asked or document is None or view is None or not self._screen.has_overlay:
            return
        if self._tags.fit(self._canvas.font(), ratio=self._canvas.devicePixelRatioF()) or self._due:
            labels = visible_labels(document.label_table(), self._session.overlay)
            self._places, self._due = self._tags.place(self._screen.seen_codes, labels, view), False
        self._tags.draw(painter, self._places, view)
