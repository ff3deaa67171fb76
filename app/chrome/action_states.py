"""Which actions can be used at the moment, which are ticked, and what undo and redo would do."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction

from app.canvas.canvas import Canvas
from app.chrome.actions import PALETTE_ACTIONS, Act
from app.core.document import ViewMode
from app.desk import Desk
from app.editing.session import Session

NAMED_MS = 30  # after a step, when the picture is on screen, its menu entries and tooltips say what comes next


class ActionStates(QObject):
    """Keeps the actions of a window true to what is open and in hand, whoever changed it."""

    def __init__(self, actions: Mapping[Act, QAction], session: Session, desk: Desk, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._actions = actions
        self._session = session
        self._desk = desk
        self._canvas = canvas
        self._named = QTimer(self, singleShot=True, interval=NAMED_MS)
        self._named.timeout.connect(self._name_steps)
        for changed in (session.undo_group.indexChanged, session.undo_group.activeStackChanged):
            changed.connect(self._show_history)  # once for each step; what can be undone and is named goes with it
        session.tool_changed.connect(self._show_history)
        session.under_way_changed.connect(lambda _path: self._show_history())
        for changed in (session.document_changed, session.prediction_changed, session.corrected):
            changed.connect(self._show_document)
        desk.folder.relisted.connect(self._show_document)
        for changed in (session.tables_changed, session.mode_changed):
            changed.connect(self._tick)
        self._show_document()
        self._show_history()
        self._name_steps()
        self._tick()

    def _show_document(self) -> None:
        document, actions = self._session.document, self._actions
        ready = document is not None and document.segment_map is not None
        labelled = document is not None and (document.prediction is not None or document.has_corrections)
        actions[Act.EXPORT].setEnabled(ready and labelled)
        for act in (Act.IMPORT, Act.EXPORT_ALL):
            actions[act].setEnabled(len(self._desk.folder) > 0)
        actions[Act.PREDICT_AGAIN].setEnabled(document is not None)
        for act in (Act.PREDICT_ALL, Act.PREDICT_SHOWN, Act.PREDICT_SELECTED, Act.LEARN):
            actions[act].setEnabled(len(self._desk.folder) > 0)
        for act in (Act.ZOOM_FIT, Act.ZOOM_100, Act.ZOOM_IN, Act.ZOOM_OUT):
            actions[act].setEnabled(ready)
        for act in (Act.PREVIOUS, Act.NEXT):
            actions[act].setEnabled(len(self._desk.folder) > 1)

    def _show_history(self) -> None:
        """Undo also takes back the steps of what is being drawn, and what still waits to be computed; redo likewise."""
        group, tool, actions = self._session.undo_group, self._canvas.tool, self._actions
        drawing = tool is not None and tool.pending()
        actions[Act.UNDO].setEnabled(drawing or self._session.unfinished or group.canUndo())
        actions[Act.REDO].setEnabled(group.canRedo() or (tool is not None and tool.has_again()))
        if not self._named.isActive():
            self._named.start()

    def _name_steps(self) -> None:
        group, actions = self._session.undo_group, self._actions
        actions[Act.UNDO].setText(f"Undo {group.undoText()}".strip())
        actions[Act.REDO].setText(f"Redo {group.redoText()}".strip())

    def _tick(self) -> None:
        overlay = self._session.overlay
        self._actions[Act.OUTLINE].setChecked(overlay.outline)
        self._actions[Act.DECIDERS].setChecked(overlay.deciders)
        self._actions[Act.PATTERNS].setChecked(overlay.patterns)
        self._actions[Act.NAMES].setChecked(overlay.names)
        for palette, act in PALETTE_ACTIONS.items():
            self._actions[act].setChecked(overlay.palette is palette)
        self._actions[Act.MODE].setChecked(self._session.mode is ViewMode.SEMANTIC)
