"""The pictures on the desk: the facts about each, and which of them are shown in which order."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.core.arrays import I32, Intp
from app.core.catalogue import STATUSES, Catalogue, ClassShare, Exported, Filter, PictureFacts, Sort, SortBy, order
from app.core.catalogue import following as following_row
from app.core.pictures import PictureStatus

SETTLE_MS = 400  # facts change in bursts, while the network runs over a folder
FINISHED = frozenset({PictureStatus.DONE, PictureStatus.SKIPPED, PictureStatus.UNREADABLE})
_UNREADABLE = STATUSES.index(PictureStatus.UNREADABLE)
_AT_ONCE = 1_000  # pictures that are looked through for the next one
_LASTING = frozenset({SortBy.NAME, SortBy.TIME, SortBy.SIZE})  # what no work on a picture changes


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Which pictures are shown, in which order."""

    rows: I32  # rows of the catalogue, one after the other
    places: I32  # (N,) by row of the catalogue: its index in `rows`, -1 where it is not shown

    @classmethod
    def of(cls, catalogue: Catalogue, wanted: Filter, sort: Sort) -> Arrangement:
        rows = order(catalogue, wanted, sort)
        places = np.full(len(catalogue), -1, np.int32)
        places[rows] = np.arange(len(rows), dtype=np.int32)
        return cls(rows, places)


def at_once(work: Callable[[], Any], done: Callable[[Any], None]) -> None:
    """Work and tell: what a folder does where nobody lends it a thread."""
    done(work())


def no_class(_wanted: ClassShare, done: Callable[[frozenset[str]], None]) -> None:
    """No picture is known to show anything: what a folder says where nobody asks a project."""
    done(frozenset())


class Folder(QObject):
    """All pictures on the desk. Names are relative to `root`; of a picture elsewhere the name is its whole path.

    Facts are written here by the GUI thread alone; what takes longer works on copies elsewhere and is swapped in.
    """

    relisted = Signal()  # other pictures: the catalogue is another one, and so are its rows
    rearranged = Signal()  # other pictures are shown, or in another order
    changed = Signal(object)  # rows of the catalogue whose facts changed, (n,) intp
    said = Signal(str)
    status_wanted = Signal(object)  # rows, (n,) intp, to which a person has given one status and reason: to be kept
    files_changed = Signal(object)  # rows of the catalogue whose files are others than before, (n,) intp
    note_wanted = Signal(object)  # Path of a picture whose note a person has written: to be kept

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.root = Path()
        self.catalogue = Catalogue()
        self.filter, self.sort = Filter(), Sort()
        self.complete = True  # False while pictures are still being looked for
        self.compute: Callable[[Callable[[], Any], Callable[[Any], None]], None] = at_once
        self.find_class: Callable[[ClassShare, Callable[[frozenset[str]], None]], None] = no_class
        self.refusal: Callable[[Path], str] = lambda _path: ""  # why nothing may be kept of a picture; empty if it may
        self.current: Path | None = None
        self._shown = Arrangement.of(self.catalogue, self.filter, self.sort)
        self._gap = 0  # where the current picture would be if it were shown
        self._reasons: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._ticket = object()
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(lambda: self.arrange())

    # --- what there is ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.catalogue)

    def __bool__(self) -> bool:
        return True  # also a folder without pictures is one

    @property
    def rows(self) -> I32:
        """The rows of the pictures shown, in their order."""
        return self._shown.rows

    def path(self, row: int) -> Path:
        """Where the picture in a row of the catalogue lies."""
        return self.root / self.catalogue.names[row]

    def paths(self, rows: Sequence[int] | I32 | None = None) -> list[Path]:
        """Where the pictures of these rows lie, or all: for a hundred thousand that takes a moment."""
        names = self.catalogue.names
        return [self.root / name for name in (names if rows is None else [names[row] for row in rows])]

    def shown(self) -> list[Path]:
        """The pictures shown, in their order."""
        return self.paths(self.rows)

    def name(self, path: Path) -> str:
        """What a picture is called here, whether it is listed or not."""
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()

    def row(self, path: Path) -> int:
        """The row of a picture in the catalogue, or -1."""
        return self.catalogue.row(self.name(path))

    def place(self, path: Path) -> int:
        """Where among the pictures shown one is, or -1."""
        row = self.row(path)
        return -1 if row < 0 else int(self._shown.places[row])

    def __contains__(self, path: object) -> bool:
        return isinstance(path, Path) and self.row(path) >= 0

    # --- facts -----------------------------------------------------------------------------------------------------

    def facts(self, path: Path) -> PictureFacts:
        """What is known of a picture; of one that is not listed, nothing."""
        row = self.row(path)
        return PictureFacts() if row < 0 else self.catalogue.facts(row)

    def status(self, path: Path) -> PictureStatus:
        row = self.row(path)
        return PictureStatus.NEW if row < 0 else STATUSES[self.catalogue.status[row]]

    def reason(self, path: Path) -> str:
        """Why a picture cannot be read, or was skipped; may be empty."""
        return self._reasons.get(self.name(path), "")

    def problem(self, path: Path) -> str:
        """Why a picture cannot be used; empty where it can."""
        return self.reason(path) if self.status(path) is PictureStatus.UNREADABLE else ""

    def note(self, path: Path) -> str:
        return self._notes.get(self.name(path), "")

    def set_status(self, path: Path, status: PictureStatus, reason: str = "") -> None:
        """A person says how far the work on a picture of the list is; it is kept."""
        self.set_statuses(np.array([self.row(path)], np.intp), status, reason)

    def set_statuses(self, rows: Intp, status: PictureStatus, reason: str = "") -> None:
        """The same of many pictures, told once and kept at once."""
        folders, lies_in = self.catalogue.folders()
        example = np.full(len(folders), -1, np.intp)  # a picture of each folder
        example[lies_in[rows]] = rows
        whys = ["" if row < 0 else self.refusal(self.path(row)) for row in example.tolist()]
        if any(whys):
            self.said.emit(next(filter(None, whys)))
            rows = rows[~np.array(list(map(bool, whys)))[lies_in[rows]]]
        if rows.size:
            names = self.catalogue.names
            reasons = {names[row]: reason for row in rows.tolist()} if reason else {}
            self.learn_columns(rows, reasons=reasons, status=np.full(rows.size, STATUSES.index(status), np.uint8))
            self.status_wanted.emit(rows)

    def set_note(self, path: Path, text: str) -> None:
        """A person writes something about a picture; it is kept."""
        text = text.strip()
        if reason_not := self.refusal(path):
            self.said.emit(reason_not)
        elif text != self.note(path):
            self._put(self._notes, path, text)
            self.learn(path, noted=bool(text))
            self.note_wanted.emit(path)

    def learn(self, path: Path, *, reason: str | None = None, **facts: Any) -> None:
        """Take note of facts about a picture that are kept already, or need not be."""
        if reason is not None:
            changed = reason != self.reason(path)
            self._put(self._reasons, path, reason)
        else:
            changed = False
        row = self.row(path)
        if row < 0:
            return
        before = self.catalogue.facts(row)
        after = replace(before, **facts)
        if after != before or changed:
            self.catalogue.put(row, after)
            self._tell(np.array([row], np.intp))

    def learn_columns(
        self,
        rows: Intp,
        *,
        reasons: Mapping[str, str] | None = None,
        notes: Mapping[str, str] | None = None,
        **columns: Any,
    ) -> None:
        """Take note of facts about many pictures: arrays by the names of the catalogue's columns, texts by names."""
        for name, values in columns.items():
            getattr(self.catalogue, name)[rows] = values
        if reasons is not None:
            self._reasons = {**self._without(self._reasons, rows), **reasons}
        if notes is not None:
            self._notes = {**self._without(self._notes, rows), **notes}
        if rows.size:
            self._tell(rows)

    def _without(self, texts: dict[str, str], rows: Intp) -> dict[str, str]:
        """Texts of other pictures."""
        if not texts:
            return texts
        if len(rows) < len(texts):
            left, names = dict(texts), self.catalogue.names
            for row in rows.tolist():
                left.pop(names[row], None)
            return left
        told = np.zeros(len(self) + 1, np.bool_)  # the last for pictures that are not listed
        told[rows] = True
        return {name: text for name, text in texts.items() if not told[self.catalogue.row(name)]}

    def _put(self, texts: dict[str, str], path: Path, text: str) -> None:
        name = self.name(path)
        if text:
            texts[name] = text
        else:
            texts.pop(name, None)

    def _tell(self, rows: Intp) -> None:
        self.changed.emit(rows)
        if self._follows_work() and not self._settle.isActive():
            self._settle.start()

    def _follows_work(self) -> bool:
        """Whether what is shown depends on facts that change as one works."""
        wanted = replace(self.filter, text="", among=None)
        return wanted != Filter() or self.sort.by not in _LASTING

    # --- another list ----------------------------------------------------------------------------------------------

    def take(
        self,
        root: Path,
        catalogue: Catalogue,
        shown: Arrangement,
        *,
        reasons: dict[str, str] | None = None,
        notes: dict[str, str] | None = None,
        complete: bool = True,
    ) -> None:
        """Other pictures, or other facts about them; `shown` was made of a copy, with the filter and sort of here."""
        self._ticket = object()  # what is being arranged is of the old list
        self.root, self.catalogue, self.complete = root, catalogue, complete
        self._reasons = dict(reasons or {})
        self._notes = dict(notes or {})
        self._show(shown)
        self.relisted.emit()

    # --- which are shown -------------------------------------------------------------------------------------------

    def arrange(self, *, filter: Filter | None = None, sort: Sort | None = None) -> None:  # noqa: A002
        """Show other pictures, or in another order, or see which are to be shown now; `rearranged` tells."""
        self.filter, self.sort = filter or self.filter, sort or self.sort
        ticket = self._ticket = object()
        self._settle.stop()

        def ordered(shown: Arrangement) -> None:
            if self._ticket is ticket:
                self._show(shown)
                self.rearranged.emit()

        def found(among: frozenset[str] | None) -> None:
            if self._ticket is ticket:
                facts, wanted, by = self.catalogue.copy(), replace(self.filter, among=among), self.sort
                self.compute(lambda: Arrangement.of(facts, wanted, by), ordered)

        if self.filter.of_class is None:
            found(self.filter.among)
        else:
            self.find_class(self.filter.of_class, found)

    def look_for_class(self) -> None:
        """Other areas are known of a picture: it may show enough of the class that is asked for, or no longer."""
        if self.filter.of_class is not None and not self._settle.isActive():
            self._settle.start()

    def hold(self, path: Path | None) -> None:
        """The picture in hand: the next one is the one after it, also where it is not shown any more."""
        self.current = path
        place = -1 if path is None else self.place(path)
        if place >= 0:
            self._gap = place

    def _show(self, shown: Arrangement) -> None:
        before, self._shown = self._shown, shown
        place = -1 if self.current is None else self.place(self.current)
        if place < 0 and len(before.places) == len(shown.places):
            passed = before.rows[: self._gap]
            place = int((shown.places[passed] >= 0).sum())
        self._gap = max(place, 0)

    # --- from one to the next --------------------------------------------------------------------------------------

    def next(self, path: Path | None, step: int = 1) -> Path | None:
        """The picture after `path`, or with -1 before it, in the order shown; unreadable ones are passed over.

        None at the end. Where `path` is not shown any more, that is the one after its place.
        """
        rows, place = self.rows, -1 if path is None else self.place(path)
        if place < 0:
            left = path is not None and path == self.current and path in self
            at = self._gap if left else 0 if step > 0 else len(rows)
            rest = rows[at:] if step > 0 else rows[:at][::-1]
        else:
            rest = rows[place + 1 :] if step > 0 else rows[:place][::-1]
        for start in range(0, len(rest), _AT_ONCE):  # the first few nearly always hold one
            some = rest[start : start + _AT_ONCE]
            usable = np.flatnonzero(self.catalogue.status[some] != _UNREADABLE)
            if usable.size:
                return self.path(int(some[usable[0]]))
        return None

    def next_unfinished(self, path: Path | None, step: int = 1) -> Path | None:
        """The next picture shown that is neither done nor skipped; after the last comes the first. None: no other."""
        row = -1 if path is None else self.row(path)
        wanted = ~np.isin(self.catalogue.status, [STATUSES.index(status) for status in FINISHED])
        if row >= 0 and self._shown.places[row] < 0 and path == self.current:
            turned = np.roll(self.rows, -self._gap if step > 0 else 0)
            found = np.flatnonzero(wanted[turned])
            return self.path(int(turned[found[0]])) if found.size else None
        found_row = following_row(self.rows, row, wanted, step=step)
        return None if found_row is None else self.path(found_row)

    def state(self) -> tuple[Catalogue, dict[str, str], dict[str, str]]:
        """The facts, reasons and notes as they are now, to work on elsewhere."""
        return self.catalogue.copy(), copy.copy(self._reasons), copy.copy(self._notes)


__all__ = ["Arrangement", "ClassShare", "Exported", "Folder"]
