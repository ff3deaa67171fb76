"""A project that could be rescued in part only gets what the window still knows of its pictures, open or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject

from app.core.catalogue import STATUSES, Catalogue
from app.core.pictures import PictureStatus
from app.keeping.keeper import Keeper
from app.keeping.open_project import ProjectInfo
from app.keeping.projects import Projects
from app.listing.folder import Folder

_TOLD = (PictureStatus.IN_WORK, PictureStatus.DONE, PictureStatus.SKIPPED)


class LostFacts(QObject):
    """Writes statuses and notes of the list to a project whose file is another one now, where that has none."""

    def __init__(self, folder: Folder, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder, self._keeper = folder, keeper
        keeper.renewed.connect(self._fill_in)

    def _fill_in(self, info: ProjectInfo) -> None:
        if info.refusal:
            return
        root, (catalogue, _reasons, notes) = self._folder.root, self._folder.state()

        def write(projects: Projects) -> None:
            store = projects.store(info.root)
            store.fill_in(_told(root, catalogue, notes, project=info.root))

        self._keeper.write(write)


def _told(
    root: Path, catalogue: Catalogue, notes: dict[str, str], *, project: Path
) -> Iterator[tuple[str, PictureStatus, str]]:
    """What was said of the pictures of a project: their names there, status and note."""
    told = np.isin(catalogue.status, [STATUSES.index(status) for status in _TOLD])
    told[[row for name in notes if (row := catalogue.row(name)) >= 0]] = True
    for row in np.flatnonzero(told).tolist():
        name, status = catalogue.names[row], STATUSES[catalogue.status[row]]
        path = root / name
        if path.is_relative_to(project):
            yield (
                path.relative_to(project).as_posix(),
                status if status in _TOLD else PictureStatus.NEW,
                notes.get(name, ""),
            )
