"""How far the work on each picture has come: the folder follows the session, and what a person says is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer

from app.core.arrays import Intp
from app.core.catalogue import Exported
from app.core.document import Document
from app.core.pictures import PictureStatus
from app.core.project.areas import FolderAreas, pack_areas
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.keeping.projects import Projects
from app.listing.folder import Folder
from app.listing.reading import Counted, tell_status

SHARES_MS = 300  # after a correction
_UNTOUCHED = (PictureStatus.NEW, PictureStatus.PREDICTED, PictureStatus.UNREADABLE)


class PictureStates(QObject):
    """Tells the folder what the session knows of its pictures; what cannot be read is reported by whoever tried."""

    def __init__(self, folder: Folder, session: Session, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder, self._session, self._keeper = folder, session, keeper
        self._before: dict[
            Path, PictureStatus
        ] = {}  # of pictures that cannot be read, or that an edit is on its way to
        self._exported: set[Path] = set()  # pictures that the session knows an export of
        self._seen: set[Path] = set()
        self._worked: set[Path] = set()  # pictures with something of a person's on them, when they were seen last
        self._shares: set[Path] = set()  # pictures whose shares are to be counted
        self._counting = QTimer(self, singleShot=True, interval=SHARES_MS)
        self._counting.timeout.connect(self._count)
        folder.status_wanted.connect(self._keep_status)
        folder.note_wanted.connect(self._keep_note)
        keeper.started_over.connect(self._started_over)
        folder.relisted.connect(self.refresh_all)  # what is open may be in the new list as well
        session.corrected.connect(self.refresh)
        session.under_way_changed.connect(self.refresh)
        session.tables_changed.connect(self._refresh_current)
        session.prediction_changed.connect(self._refresh_current)

    @property
    def counting(self) -> bool:
        return self._counting.isActive()

    # --- what a person says ----------------------------------------------------------------------------------------

    def _keep_status(self, rows: Intp) -> None:
        folder, told = self._folder, np.zeros(len(self._folder) + 1, np.bool_)  # the last for what is not listed
        told[rows] = True
        self._before = {path: status for path, status in self._before.items() if not told[folder.row(path)]}
        names, root, first = folder.catalogue.names, folder.root, folder.path(int(rows[0]))
        status, reason = folder.status(first), folder.reason(first)

        def keep(projects: Projects) -> None:
            tell_status(projects, root, [names[row] for row in rows.tolist()], status, reason)

        self._keeper.write(keep)

    def _keep_note(self, path: Path) -> None:
        note = self._folder.note(path)

        def keep(projects: Projects) -> None:
            store, name = projects.store_of(path)
            store.set_note(name, note)

        self._keeper.write(keep)

    # --- what cannot be read ---------------------------------------------------------------------------------------

    def unreadable(self, path: Path, reason: str) -> None:
        """Its photo could not be had. Where no work was done on it, that is kept as well."""
        status = self._folder.status(path)
        if status is not PictureStatus.UNREADABLE:
            self._before[path] = status
        self._folder.learn(path, status=PictureStatus.UNREADABLE, reason=reason)
        if status in (PictureStatus.NEW, PictureStatus.PREDICTED) and not self._folder.refusal(path):
            self._keep_reason(path, reason)

    def _keep_reason(self, path: Path, reason: str) -> None:
        def keep(projects: Projects) -> None:
            store, name = projects.store_of(path)
            store.set_status(name, PictureStatus.UNREADABLE, reason)

        self._keeper.write(keep)

    def readable(self, path: Path) -> None:
        """Its photo is here, perhaps after all."""
        if self._folder.status(path) is not PictureStatus.UNREADABLE:
            return
        status = self._before.pop(path, PictureStatus.NEW)
        self._folder.learn(path, status=status, reason="")
        if status in _UNTOUCHED and not self._folder.refusal(path):
            self._keep_status(np.array([self._folder.row(path)], np.intp))
        self.refresh(path)

    # --- what the session knows ------------------------------------------------------------------------------------

    def refresh(self, path: Path) -> None:
        """Look at the session afresh."""
        if path not in self._folder:
            return
        self._seen.add(path)
        self._refresh_status(path)
        self._refresh_export(path)
        self._shares.add(path)
        self._counting.start()

    def refresh_all(self) -> None:
        self._seen = {path for path in self._seen if self._session.find(path) is not None}
        for path in list(self._seen):
            self.refresh(path)

    def _refresh_status(self, path: Path) -> None:
        status = self._folder.status(path)
        history, document = self._session.history_of(path), self._session.find(path)
        worked = self._session.is_worked(path)
        running = path in self._session.under_way()
        if worked or running:
            if status in _UNTOUCHED and (running or status is not PictureStatus.UNREADABLE):
                if not worked:
                    self._before.setdefault(path, status)
                self._folder.learn(path, status=PictureStatus.IN_WORK, reason="")
            if worked:
                self._before.pop(path, None)
                self._worked.add(path)
            return
        undone = path in self._worked and history is not None
        if undone:
            self._worked.discard(path)
        if status is PictureStatus.IN_WORK and undone:  # all that was done is taken back
            answered = document is not None and document.prediction is not None
            self._folder.learn(path, status=PictureStatus.PREDICTED if answered else PictureStatus.NEW)
        elif status is PictureStatus.IN_WORK and path in self._before:
            self._folder.learn(path, status=self._before.pop(path))
        elif status is PictureStatus.NEW and document is not None and document.prediction is not None:
            self._folder.learn(path, status=PictureStatus.PREDICTED)

    def _started_over(self, path: Path) -> None:
        """Nothing that was known holds for the photo that lies there now; a note stays."""
        self._before.pop(path, None)
        self._worked.discard(path)
        self._exported.discard(path)
        self._folder.learn(
            path, status=PictureStatus.NEW, reason="", exported=Exported.NEVER, unlabelled=None, uncertainty=None
        )

    def _refresh_export(self, path: Path) -> None:
        known = self._session.exported_state(path) is not None
        if known:
            self._exported.add(path)
        if path in self._exported:  # also of another model by now
            same = known and self._session.is_exported(path)
            self._folder.learn(path, exported=Exported.CURRENT if same else Exported.CHANGED)

    def _refresh_current(self) -> None:
        """Another threshold, view or answer: what was exported is not what is on screen any more, or is so again."""
        if self._session.document is not None:
            self.refresh(self._session.document.path)

    def _count(self) -> None:
        counted = Counted.of(self._session)
        for path in self._shares:
            document = self._session.find(path)
            if document is not None and (areas := self._areas(document)) is not None:
                self._folder.learn(path, **counted.facts(areas))
        self._shares.clear()

    def _areas(self, document: Document) -> FolderAreas | None:
        counts = document.code_counts() if document.prediction is not None else None
        if counts is None or not np.any(counts):
            return None
        own = self._session.own_threshold(document.path)
        return FolderAreas.of_packed([(document.path.name, own, pack_areas(counts, document.table))])
