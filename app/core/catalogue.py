"""Facts about all pictures of a project in columns, and which of them to show in which order.

A hundred thousand pictures are filtered and sorted in some milliseconds, because each fact is one array. Row n is the
n-th picture in the order of names.
"""

from __future__ import annotations

import copy
import math
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import repeat
from operator import contains
from typing import assert_never

import numpy as np

from app.core.arrays import F32, I32, I64, U8, Bool, Intp
from app.core.pictures import PictureStatus
from app.core.project.areas import FolderAreas
from app.core.project.records import PictureRow
from app.core.tables import Thresholds

STATUSES = tuple(PictureStatus)
"""What the numbers in the column `status` stand for."""
_STATUS_CODES = {status: code for code, status in enumerate(STATUSES)}
_LAST = np.iinfo(np.int64).max
_UNKNOWN = -1  # in columns of whole numbers; those of shares have NaN


class Exported(Enum):
    """Whether what a picture shows is what its last export wrote; the values are those in the column `exported`."""

    NEVER = 0
    CURRENT = 1
    CHANGED = 2


class SortBy(Enum):
    """What pictures are sorted by."""

    NAME = "name"
    TIME = "time"
    SIZE = "size"
    STATUS = "status"
    UNCERTAINTY = "uncertainty"
    UNLABELLED = "unlabelled"


@dataclass(frozen=True, slots=True)
class ClassShare:
    """A class 1..150 and the share 0..1 of a picture that it has to cover more than."""

    class_id: int
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which pictures to show: those for which everything asked for holds."""

    text: str = ""  # words that all occur in the name, in any case
    statuses: frozenset[PictureStatus] | None = None  # None: any
    exported: frozenset[Exported] | None = None  # None: any
    unlabelled: tuple[float, float] | None = None  # least and largest share 0..1; unknown shares are left out
    noted: bool = False  # only those with a note
    of_class: ClassShare | None = None  # which pictures that are is in the project: whoever asks there fills `among`
    among: frozenset[str] | None = None  # names, such as of the pictures with more than 2 % of a class; None: any


@dataclass(frozen=True, slots=True)
class Sort:
    """In which order to show pictures. Equal ones are in the order of names, unknown ones last, either way round."""

    by: SortBy = SortBy.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the catalogue keeps of one picture; the defaults are what is known of a new one."""

    size: int = _UNKNOWN  # bytes
    mtime_ns: int = _UNKNOWN  # when its file was last changed, in ns since 1970
    status: PictureStatus = PictureStatus.NEW
    exported: Exported = Exported.NEVER
    unlabelled: float | None = None  # share of its pixels 0..1
    uncertainty: float | None = None  # 0..1
    noted: bool = False


class Catalogue:
    """The facts of all pictures of a project, one row each, in columns that may be written as they are.

    One thread writes it; `order` works elsewhere on a `copy`, which takes a millisecond for a hundred thousand rows.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        """`names`: of all pictures, each once, in natural order. They are kept, not copied."""
        count = len(names)
        self.names = names
        self.size: I64 = np.full(count, _UNKNOWN, np.int64)
        self.mtime_ns: I64 = np.full(count, _UNKNOWN, np.int64)
        self.status: U8 = np.full(count, _STATUS_CODES[PictureStatus.NEW], np.uint8)
        self.exported: U8 = np.full(count, Exported.NEVER.value, np.uint8)
        self.unlabelled: F32 = np.full(count, np.nan, np.float32)
        self.uncertainty: F32 = np.full(count, np.nan, np.float32)
        self.noted: Bool = np.zeros(count, np.bool_)
        self._rows: dict[str, int] | None = None
        self._folded: list[str] | None = None
        self._folders: tuple[list[str], I32] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def copy(self) -> Catalogue:
        """The same facts, which go on being what they are now."""
        other = copy.copy(self)
        for column in _COLUMNS:
            setattr(other, column, getattr(self, column).copy())
        return other

    def adopt(self, other: Catalogue, rows: Intp) -> None:
        """Take over what is known in another catalogue. `rows`: (N,) the rows there of the pictures here, -1 for none
        of which anything is taken over."""
        known = rows >= 0
        for column in _COLUMNS:
            getattr(self, column)[known] = getattr(other, column)[rows[known]]

    def prepare(self) -> None:
        """Work out now what the first use of `row`, `folders` and `with_words` would: with many names they take their
        time."""
        self.row("")
        self.folders()
        self.with_words("")

    def row(self, name: str) -> int:
        """The row of a picture; -1 where there is none of that name."""
        if self._rows is None:
            self._rows = {known: row for row, known in enumerate(self.names)}
        return self._rows.get(name, -1)

    def rows(self, names: Collection[str]) -> Intp:
        """The rows of so many pictures, (n,) intp; -1 where there is none of that name."""
        return np.fromiter(map(self.row, names), np.intp, len(names))

    def folders(self) -> tuple[list[str], I32]:
        """What comes before the last "/" in any of the names, each once, and which of them in each row: (N,) int32."""
        if self._folders is None:
            numbers: dict[str, int] = {}
            each = (numbers.setdefault(name.rpartition("/")[0], len(numbers)) for name in self.names)
            rows = np.fromiter(each, np.int32, len(self))
            self._folders = list(numbers), rows
        return self._folders

    def facts(self, row: int) -> PictureFacts:
        """What is known of one picture."""
        unlabelled, uncertainty = float(self.unlabelled[row]), float(self.uncertainty[row])
        return PictureFacts(
            size=int(self.size[row]),
            mtime_ns=int(self.mtime_ns[row]),
            status=STATUSES[self.status[row]],
            exported=Exported(int(self.exported[row])),
            unlabelled=None if math.isnan(unlabelled) else unlabelled,
            uncertainty=None if math.isnan(uncertainty) else uncertainty,
            noted=bool(self.noted[row]),
        )

    def put(self, row: int, facts: PictureFacts) -> None:
        """Replace what is known of one picture."""
        self.size[row], self.mtime_ns[row] = facts.size, facts.mtime_ns
        self.status[row], self.exported[row] = _STATUS_CODES[facts.status], facts.exported.value
        self.unlabelled[row] = math.nan if facts.unlabelled is None else facts.unlabelled
        self.uncertainty[row] = math.nan if facts.uncertainty is None else facts.uncertainty
        self.noted[row] = facts.noted

    def fill(self, rows: Sequence[PictureRow], *, threshold: float | None) -> None:
        """Take over what a project keeps of its pictures; rows of names that are not here are passed over.

        `threshold`: of all pictures that have none of their own, or None in the semantic view.
        """
        here = self.rows([row.name for row in rows])
        columns = {
            "size": [_UNKNOWN if row.size is None else row.size for row in rows],
            "mtime_ns": [_UNKNOWN if row.mtime_ns is None else row.mtime_ns for row in rows],
            "status": [_STATUS_CODES[row.status] for row in rows],
            "exported": [_exported(row, threshold).value for row in rows],
            "noted": [row.has_note for row in rows],
        }
        for name, values in columns.items():
            column = getattr(self, name)
            column[here[here >= 0]] = np.array(values, column.dtype)[here >= 0]

    def fill_shares(self, areas: FolderAreas, *, threshold: Thresholds | float | None) -> None:
        """Take over the unlabelled share and the uncertainty of the pictures whose areas are known."""
        here = self.rows(areas.names)
        self.unlabelled[here[here >= 0]] = areas.unlabelled_shares(threshold=threshold)[here >= 0]
        self.uncertainty[here[here >= 0]] = areas.uncertainties()[here >= 0]

    def with_names(self, names: Collection[str]) -> Bool:
        """Which pictures are called one of `names`: (N,) bool."""
        found = np.zeros(len(self) + 1, np.bool_)  # the last for names of no picture, whose row is -1
        found[self.rows(names)] = True
        return found[:-1]

    def with_words(self, text: str) -> Bool:
        """Which names hold all words of `text`, in any case: (N,) bool."""
        if self._folded is None:
            self._folded = [_folded(name) for name in self.names]
        found = np.ones(len(self), np.bool_)
        for word in _folded(text).split():
            found &= np.fromiter(map(contains, self._folded, repeat(word)), np.bool_, len(self))
        return found


_COLUMNS = ("size", "mtime_ns", "status", "exported", "unlabelled", "uncertainty", "noted")


def order(catalogue: Catalogue, wanted: Filter, sort: Sort) -> I32:
    """The rows of the pictures to show, one after the other, int32."""
    rows = np.flatnonzero(matching(catalogue, wanted)).astype(np.int32)
    column = _column(catalogue, sort.by)
    if column is None:
        return rows[::-1].copy() if sort.descending else rows
    values = column[rows]
    keys = -values if sort.descending else values.copy()
    if values.dtype == np.int64:  # NaN, which is unknown, is sorted last as it is and negated
        keys[values == _UNKNOWN] = _LAST
    return rows[np.argsort(keys, kind="stable")]


def matching(catalogue: Catalogue, wanted: Filter) -> Bool:
    """Which pictures a filter lets pass, (N,) bool."""
    found = catalogue.with_words(wanted.text)
    if wanted.statuses is not None:
        found &= np.isin(catalogue.status, [_STATUS_CODES[status] for status in wanted.statuses])
    if wanted.exported is not None:
        found &= np.isin(catalogue.exported, [mark.value for mark in wanted.exported])
    if wanted.unlabelled is not None:
        least, most = np.float32(wanted.unlabelled[0]), np.float32(wanted.unlabelled[1])
        found &= (catalogue.unlabelled >= least) & (catalogue.unlabelled <= most)
    if wanted.noted:
        found &= catalogue.noted
    if wanted.among is not None:
        found &= catalogue.with_names(wanted.among)
    return found


def following(rows: I32, row: int, wanted: Bool, *, step: int = 1) -> int | None:
    """The next of `rows`, as `order` gave them, after `row` that is `wanted`, a table (N,) of all rows.

    After the last comes the first; `step` -1 goes backwards. None when no other row is wanted. Where `row` itself is
    not shown, the search starts at the first, or the last.
    """
    here = np.flatnonzero(rows == row)
    start = int(here[0]) if here.size else -1 if step > 0 else 0
    turned = np.roll(rows, -start - 1) if step > 0 else np.roll(rows[::-1], start - len(rows))
    others = turned[wanted[turned] & (turned != row)]
    return int(others[0]) if others.size else None


def _column(catalogue: Catalogue, by: SortBy) -> F32 | I64 | None:
    """The column to sort by; None for the order of rows."""
    match by:
        case SortBy.NAME:
            return None
        case SortBy.TIME:
            return catalogue.mtime_ns
        case SortBy.SIZE:
            return catalogue.size
        case SortBy.STATUS:
            return catalogue.status.astype(np.int64)
        case SortBy.UNCERTAINTY:
            return catalogue.uncertainty
        case SortBy.UNLABELLED:
            return catalogue.unlabelled
        case unexpected:
            assert_never(unexpected)


def _exported(row: PictureRow, threshold: float | None) -> Exported:
    if row.exported_revision is None:
        return Exported.NEVER
    return Exported.CHANGED if row.changed_since_export(threshold) else Exported.CURRENT


def _folded(text: str) -> str:
    """A text as it is compared with others: in lower case, however its accents are stored."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
