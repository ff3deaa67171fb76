"""Pictures of the folder as a sequence of paths that are made when they are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from app.core.arrays import I32, Intp
from app.listing.folder import Folder


@dataclass(frozen=True, eq=False)
class FolderRows(Sequence[Path]):
    """Pictures of a folder as they are now; their paths are made when they are wanted."""

    root: Path
    names: Sequence[str]
    rows: Sequence[int] | I32 | Intp

    @classmethod
    def of(cls, folder: Folder, rows: I32 | Intp | None = None) -> FolderRows:
        """Those in these rows of the catalogue, or all."""
        names = folder.catalogue.names
        return cls(folder.root, names, range(len(names)) if rows is None else rows)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> FolderRows: ...
    def __getitem__(self, index: int | slice) -> Path | FolderRows:
        if isinstance(index, slice):
            return FolderRows(self.root, self.names, self.rows[index])
        return self.root / self.names[self.rows[index]]
