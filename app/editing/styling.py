"""The colours and patterns that the classes have at the moment: one value that canvas, legend and buttons share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.core.palettes import ClassColours, ClassStyles, Palette, usual_styles

if TYPE_CHECKING:
    from app.editing.session import Session


class Styling(QObject):
    """Follows a session: classes of its picture and the class in hand are kept apart, and keep what they got.

    Made before anyone else listens to the session, so that whoever draws after a change finds the styles up to date.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._colours = ClassColours()
        self.styles = self._styles()
        session.document_changed.connect(self._follow)
        session.prediction_changed.connect(self._follow)
        session.tables_changed.connect(self._follow)
        session.current_class_changed.connect(self._follow)
        session.corrected.connect(self._follow)

    def _follow(self) -> None:
        styles = self._styles()
        if styles is not self.styles:
            self.styles = styles
            self.changed.emit()

    def _styles(self) -> ClassStyles:
        session, overlay = self._session, self._session.overlay
        patterned = overlay.patterns and not overlay.outline
        if overlay.palette is Palette.ADE and not patterned:
            return usual_styles()  # which classes there are does not matter
        document = session.document
        seen = [] if document is None else np.flatnonzero(document.areas()).tolist()
        return self._colours.styles(overlay.palette, [*seen, session.current_class], patterned=patterned)
