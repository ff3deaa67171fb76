"""A project's file: everything that is kept of the pictures of a folder.

One connection, used from one thread at a time. Every method that changes something is one transaction: it is in the
file when the method returns, or a ProjectError says why it is not and nothing has changed. What a method is told of a
picture is kept even where the picture was not known before: a stroke is never lost for want of a row.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Self

from app.core.errors import DamagedProjectError, ProjectError
from app.core.files import reason
from app.core.project import carrying, merging
from app.core.project.database import open_database, problem
from app.core.project.histories import Histories
from app.core.project.listing import Listing
from app.core.project.moves import Moves
from app.core.project.places import FOLDER_KEY, describe
from app.core.project.predictions import Predictions
from app.core.project.rescue import rescue

CARRIED = "The file of this project was deleted while it was open; all that was in it is there again."
MERGED = "The file of this project was replaced while it was open; what both had is in it now."


class ProjectStore(Histories, Predictions, Listing, Moves):
    """The project of the folder `root`, in `file`. Pictures go by their names: POSIX paths relative to `root`."""

    rescued: str = ""  # what was rescued from a damaged file when this was opened, as a sentence

    @classmethod
    def open(cls, root: Path, file: Path, *, read_only: bool = False) -> Self:
        """Open the project, or make it where there is none; `places.project_file` tells which file.

        A damaged file is set aside and what can be read of it is rescued, unless it may only be read.

        Raises:
            ProjectError: it cannot be opened; nothing was changed.
        """
        root, file = (Path(os.path.abspath(path)) for path in (root, file))  # noqa: PTH100 - links stay links
        rescued = ""
        if not read_only and file.parent != root:
            _make_folder(file.parent)
        try:
            connection = open_database(file, read_only=read_only)
        except DamagedProjectError:
            if read_only:
                raise
            rescued = rescue(file)
            connection = open_database(file, read_only=False)
        store = cls(connection, root=root, file=file, read_only=read_only)
        store.rescued = rescued
        if not read_only and file.parent != root:
            store.set_value(FOLDER_KEY, describe(root))
        return store

    @classmethod
    def rescue(cls, root: Path, file: Path) -> Self:
        """Open a project that turned out to be damaged in use: DamagedProjectError said so, and it was closed."""
        sentence = rescue(file)
        store = cls.open(root, file)
        store.rescued = sentence
        return store

    def adopt(self, other: Self) -> None:
        """Be what `other` is from now on: whoever holds this goes on with the file that is used now."""
        self._connection.close()
        self.root, self.file, self.read_only = other.root, other.file, other.read_only
        self._connection, self.rescued = other._connection, other.rescued
        self._seen_version = other._seen_version

    def renew(self) -> None:
        """Have the project in its place once more, after its file was deleted or replaced while this had it open.

        Everything that only the file that is gone had is in the new one, or is merged with what lies there by now; it
        tells what came of it in `rescued`. ProjectError, and this goes on reading what it read, where that fails.
        """
        is_deleted = not self.file.exists()
        try:
            with carrying.copied(self._connection, self.file) as copy:
                if copy is not None and is_deleted and carrying.settle(copy, self.file):
                    sentence, copy = CARRIED, None
                else:
                    sentence = ""
                store = type(self).open(self.root, self.file)
                if copy is not None:
                    sentence = store._merge(copy)
        except sqlite3.Error as error:
            known = problem(error, self.file, doing="written")
            if known is None:
                raise
            raise ProjectError(str(known), may_pass=True) from error
        self.adopt(store)
        self.rescued = f"{store.rescued} {sentence}".strip()

    def _merge(self, copy: Path) -> str:
        """Take over what is in `copy`; what came of it, a sentence. Where people went on from both, both are kept."""
        try:
            said = MERGED
            if merging.torn(self._connection, self.file, copy):
                with carrying.copied(self._connection, self.file) as mine:
                    names = [carrying.keep_aside(part, self.file).name for part in (copy, mine) if part is not None]
                said = f"{said[:-1]}; as they were before, both are kept as {' and '.join(names)}."
            merging.merge(self._connection, self.file, copy)
        except BaseException:
            self.close()
            raise
        return said


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"The folder {folder} cannot be made: {reason(error)}.") from error
