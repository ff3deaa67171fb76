"""The figures of a model card: what a model reached, on which pictures, as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_MEASURES = {  # key in a card → what people read, in the order of the table's columns
    "pixel_accuracy": "pixels right",
    "pacc": "pixels right",
    "unlabelled": "left unlabelled",
    "right_where_labelled": "right where labelled",
    "miou": "mean IoU",
    "mean_iou": "mean IoU",
    "macc": "mean class accuracy",
    "fwiou": "IoU weighted by area",
}
"""Measures in percent."""
_VIEWS = {"segments": "segments, threshold 0.5"}  # at what threshold figures of this view are taken
_NONE = "–"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a model reached on one set of pictures."""

    checked_on: str
    view: str = ""
    against: str = ""  # whose labels count as right; empty: those that belong to the pictures
    source: str = ""
    measures: Mapping[str, str] = field(default_factory=dict, hash=False)


def read_figures(entry: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> tuple[Figures, ...]:
    """The entry `figures` of a model card, one table or a list of them.

    A table names its pictures under `photos`, `data` or `split`, may count them (`pictures`), and may say `view`,
    `against`, `source` and over how many `classes` the mean IoU goes; all else in it is a measure.
    """
    tables = [entry] if isinstance(entry, Mapping) else entry
    return tuple(_figures(dict(table)) for table in tables if table)


def _figures(values: dict[str, Any]) -> Figures:
    names = [str(values.pop(key, "")) for key in ("photos", "data", "split")]
    checked_on = f"{values.pop('pictures', '')} {next(filter(None, names), '')}".strip()
    view = str(values.pop("view", ""))
    texts = {key: str(values.pop(key, "")) for key in ("against", "source")}
    classes = values.pop("classes", None)
    measures = {name: _percent(values.pop(key)) for key, name in _MEASURES.items() if key in values}
    if classes is not None and "mean IoU" in measures:
        measures["mean IoU"] += f" ({classes}\N{NO-BREAK SPACE}classes)"
    elif classes is not None:
        measures["classes"] = str(classes)
    measures |= {str(key).replace("_", " "): str(value) for key, value in values.items() if key}
    return Figures(checked_on=checked_on or "not stated", view=_VIEWS.get(view, view), measures=measures, **texts)


def _percent(value: Any) -> str:
    return f"{value:.1f}\N{NO-BREAK SPACE}%" if isinstance(value, (int, float)) else str(value)


def table_of(figures: Sequence[Figures]) -> list[list[str]]:
    """A heading row, then one row for each set of pictures; what was not measured is a dash."""
    found = {name for record in figures for name in record.measures}
    columns = [name for name in dict.fromkeys(_MEASURES.values()) if name in found]
    columns += sorted(found - set(columns))
    views = any(record.view for record in figures)
    rows = [["Checked on", *(["View"] if views else []), *(name[0].upper() + name[1:] for name in columns)]]
    for record in figures:
        view = [record.view or _NONE] if views else []
        rows.append([record.checked_on, *view, *(record.measures.get(name, _NONE) for name in columns)])
    return rows


def remarks_on(figures: Sequence[Figures]) -> list[str]:
    """Sentences that belong under the table: what its columns mean, whose labels count as right, who published it."""
    found = {name for record in figures for name in record.measures}
    remarks = []
    if "pixels right" in found:
        unlabelled = "; one left unlabelled counts as wrong" if "left unlabelled" in found else ""
        remarks.append(f"Pixels right: of the pixels whose class is known, the share that got it{unlabelled}.")
    if "mean IoU" in found:
        remarks.append(
            "Mean IoU: how well the area of a class is met (overlap divided by union), averaged over the classes, so "
            "that rare classes count as much as common ones."
        )
    remarks += dict.fromkeys(
        f"On the {record.checked_on.removeprefix('1 ')}, right means: as in {record.against}."
        for record in figures
        if record.against
    )
    remarks += dict.fromkeys(f"Source: {record.source}." for record in figures if record.source)
    return remarks
