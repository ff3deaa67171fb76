"""In which order and by which filter a folder's pictures were looked at last, from one start to the next."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from app.core.catalogue import ClassShare, Exported, Filter, Sort, SortBy
from app.core.pictures import PictureStatus
from app.keeping.choices import ProjectChoices
from app.listing.folder import Folder
from resources.classes import CLASS_COUNT

_KEY = "list"


class ListMemory(QObject):
    """Kept with the project. A name that was searched for is no choice for the next day: it is not kept."""

    def __init__(self, folder: Folder, choices: ProjectChoices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder, self._choices = folder, choices
        folder.relisted.connect(self._relisted)
        folder.rearranged.connect(self._remember)

    def _relisted(self) -> None:
        """Another folder is looked at as it was last; a list that was only read anew goes on as it is."""
        if self._folder.complete:
            return
        kept = self._choices.get(self._folder.root, _KEY)
        wanted, sort = read_filter(kept), read_sort(kept)
        if (wanted, sort) != (self._folder.filter, self._folder.sort):
            self._folder.arrange(filter=wanted, sort=sort)

    def _remember(self) -> None:
        self._choices.set(self._folder.root, _KEY, written(self._folder.filter, self._folder.sort))


def written(wanted: Filter, sort: Sort) -> dict[str, Any]:
    """A filter, without the name, and an order, made of what JSON knows."""
    of_class = wanted.of_class
    return {
        "sort": sort.by.value,
        "descending": sort.descending,
        "statuses": None if wanted.statuses is None else sorted(status.value for status in wanted.statuses),
        "changed": wanted.exported is not None,
        "noted": wanted.noted,
        "class": None if of_class is None else [of_class.class_id, of_class.share],
        "unlabelled": None if wanted.unlabelled is None else list(wanted.unlabelled),
    }


def read_sort(kept: object) -> Sort:
    """The order of what `written` gave; that of names where it is nothing of the kind."""
    if not isinstance(kept, dict) or kept.get("sort") not in [by.value for by in SortBy]:
        return Sort()
    return Sort(SortBy(kept["sort"]), kept.get("descending") is True)


def read_filter(kept: object) -> Filter:
    """The filter of what `written` gave; what is nothing of the kind asks for nothing."""
    if not isinstance(kept, dict):
        return Filter()
    return Filter(
        statuses=_statuses(kept.get("statuses")),
        exported=frozenset({Exported.CHANGED}) if kept.get("changed") is True else None,
        noted=kept.get("noted") is True,
        of_class=_of_class(kept.get("class")),
        unlabelled=_pair(kept.get("unlabelled")),
    )


def _statuses(kept: object) -> frozenset[PictureStatus] | None:
    if not isinstance(kept, list):
        return None
    return frozenset(status for status in PictureStatus if status.value in kept) or None


def _of_class(kept: object) -> ClassShare | None:
    if not isinstance(kept, list) or len(kept) != 2 or not isinstance(kept[0], int) or not _is_share(kept[1]):
        return None
    return ClassShare(kept[0], float(kept[1])) if 1 <= kept[0] <= CLASS_COUNT else None


def _pair(kept: object) -> tuple[float, float] | None:
    if not isinstance(kept, list) or len(kept) != 2 or not all(map(_is_share, kept)):
        return None
    return float(kept[0]), float(kept[1])


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
