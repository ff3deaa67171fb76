"""What is said about a picture: its status, its marks, and what it is sorted by, in words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import assert_never

from app.core.catalogue import Exported, Filter, PictureFacts, SortBy
from app.core.pictures import PictureStatus
from app.panels.class_texts import class_name

STATUS_TEXTS = {
    PictureStatus.NEW: "New",
    PictureStatus.PREDICTED: "Predicted",
    PictureStatus.IN_WORK: "In work",
    PictureStatus.DONE: "Done",
    PictureStatus.SKIPPED: "Skipped",
    PictureStatus.UNREADABLE: "Cannot be read",
}
STATUS_TIPS = {
    PictureStatus.NEW: "Not predicted yet",
    PictureStatus.PREDICTED: "The network has predicted it; nobody has corrected it",
    PictureStatus.IN_WORK: "Corrections have begun",
    PictureStatus.DONE: "Somebody has said that it is done",
    PictureStatus.SKIPPED: "Set aside",
    PictureStatus.UNREADABLE: "Cannot be read",
}
EXPORTED_TEXTS = {
    Exported.NEVER: "",
    Exported.CURRENT: "Exported as it is now",
    Exported.CHANGED: "Changed since its export",
}
SORT_TEXTS = {
    SortBy.NAME: "Name",
    SortBy.TIME: "Time",
    SortBy.SIZE: "File size",
    SortBy.STATUS: "Status",
    SortBy.UNCERTAINTY: "Uncertainty",
    SortBy.UNLABELLED: "Unlabelled share",
}


def direction_texts(by: SortBy) -> tuple[str, str]:
    """What ascending and descending mean for something to sort by."""
    match by:
        case SortBy.NAME:
            return "A to Z", "Z to A"
        case SortBy.TIME:
            return "Oldest first", "Newest first"
        case SortBy.SIZE | SortBy.UNCERTAINTY | SortBy.UNLABELLED:
            return "Smallest first", "Largest first"
        case SortBy.STATUS:
            return "New ones first", "New ones last"
        case unexpected:
            assert_never(unexpected)


def second_line(name: str, facts: PictureFacts, reason: str, by: SortBy) -> str:
    """The line below the name, beside the mark of the status: what it is sorted by, else the status in words."""
    if reason and facts.status is PictureStatus.UNREADABLE:
        return short_reason(reason, name)
    return sorted_fact(facts, by) or STATUS_TEXTS[facts.status]


def sorted_fact(facts: PictureFacts, by: SortBy) -> str:
    """The fact a list is sorted by, in words; empty where it is unknown or said already."""
    match by:
        case SortBy.NAME | SortBy.STATUS:
            return ""
        case SortBy.TIME:
            return "" if facts.mtime_ns < 0 else time_text(facts.mtime_ns)
        case SortBy.SIZE:
            return "" if facts.size < 0 else size_text(facts.size)
        case SortBy.UNCERTAINTY:
            return "" if facts.uncertainty is None else f"{percent(facts.uncertainty)} uncertain"
        case SortBy.UNLABELLED:
            return "" if facts.unlabelled is None else f"{percent(facts.unlabelled)} unlabelled"
        case unexpected:
            assert_never(unexpected)


def tip(path: Path, facts: PictureFacts, reason: str, note: str) -> str:
    """All that is known of a picture, a line each."""
    measures = [
        "" if facts.size < 0 else size_text(facts.size),
        "" if facts.mtime_ns < 0 else time_text(facts.mtime_ns),
        "" if facts.unlabelled is None else f"{percent(facts.unlabelled)} unlabelled",
        "" if facts.uncertainty is None else f"{percent(facts.uncertainty)} uncertain",
    ]
    lines = [str(path), reason or STATUS_TIPS[facts.status], EXPORTED_TEXTS[facts.exported]]
    lines += [" · ".join(filter(None, measures)), f"Note: {note}" if note else ""]
    return "\n".join(filter(None, lines))


def spoken(name: str, facts: PictureFacts, reason: str, note: str) -> str:
    """What a screen reader says of a picture."""
    parts = [
        name,
        reason or STATUS_TEXTS[facts.status],
        EXPORTED_TEXTS[facts.exported],
        f"Note: {note}" if note else "",
    ]
    return ", ".join(filter(None, parts))


def short_reason(reason: str, name: str) -> str:
    """The reason without the name, which the line above it says: 'a.jpg is damaged …' becomes 'Damaged …'."""
    said = reason.removeprefix(name).lstrip().removeprefix("is ")
    return said[:1].upper() + said[1:]


def none_matches(wanted: Filter) -> str:
    """Why the list is empty although there are pictures."""
    return (
        f"No name contains “{wanted.text}”." if wanted == Filter(text=wanted.text) else "No picture matches the filter."
    )


def count_text(shown: int, total: int) -> str:
    """How many pictures there are, and how many of them are shown."""
    if shown < total:
        return f"{shown:,} of {total:,}"
    return "" if not total else "1 picture" if total == 1 else f"{total:,} pictures"


def filter_sentence(wanted: Filter) -> str:
    """What a filter asks for beside the name, in words; empty where it asks for nothing."""
    parts = []
    if wanted.statuses is not None:
        parts.append(" or ".join(STATUS_TEXTS[status].lower() for status in PictureStatus if status in wanted.statuses))
    if wanted.exported is not None:
        parts.append("changed since export")
    if wanted.noted:
        parts.append("with a note")
    if wanted.of_class is not None:
        parts.append(f"more than {percent(wanted.of_class.share)} {class_name(wanted.of_class.class_id)}")
    if wanted.unlabelled is not None:
        least, most = wanted.unlabelled
        parts.append(f"{percent(least)[:-2]} to {percent(most)} unlabelled")
    return "; ".join(parts)


def percent(share: float) -> str:
    """A share 0..1 in percent; what is next to nothing is not called nothing."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def size_text(size: int) -> str:
    """A file's size, in bytes, in words."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def time_text(mtime_ns: int) -> str:
    """A time in ns since 1970 as the day and the minute here."""
    return datetime.fromtimestamp(mtime_ns / 1e9).strftime("%Y-%m-%d %H:%M")
