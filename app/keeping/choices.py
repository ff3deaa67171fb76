"""What a person chose for the pictures of a project: remembered there, and so with the folder wherever it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from app.keeping.keeper import Keeper
from app.keeping.open_project import ProjectInfo
from app.keeping.projects import Projects

_KEY = "choices"


class ProjectChoices(QObject):
    """Knows the choices of all projects that were opened, and writes those that change."""

    def __init__(self, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._infos: dict[Path, ProjectInfo] = {}  # by the project's root
        self._choices: dict[Path, dict[str, Any]] = {}
        keeper.opened.connect(self.meet)

    def meet(self, info: ProjectInfo) -> None:
        """A project was opened."""
        self._infos[info.root] = info
        self._choices.setdefault(info.root, dict(info.choices))

    def info(self, path: Path) -> ProjectInfo | None:
        """The project that keeps a picture or a folder, as far as it is open."""
        above = (root for root in (path, *path.parents) if root in self._infos)
        return self._infos.get(next(above, Path()))

    def get(self, path: Path, key: str) -> Any:
        """What was chosen for the project of a picture or folder; None where nothing was."""
        info = self.info(path)
        return None if info is None else self._choices[info.root].get(key)

    def set(self, path: Path, key: str, value: Any) -> None:
        """Remember a choice, made of what JSON knows."""
        info = self.info(path)
        if info is None or self._choices[info.root].get(key) == value:
            return
        choices = self._choices[info.root] = self._choices[info.root] | {key: value}
        if not info.refusal:

            def write(projects: Projects) -> None:
                projects.store(info.root).set_value(_KEY, choices)

            self._keeper.write(write)
