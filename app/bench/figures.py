"""A measured figure, and the table it is printed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: the median, and the 95th percentile where something was repeated. No median: the note says why.

    `goal` is what neither of the two should exceed, in the unit of the row, or where it is `at_least`, fall below.
    `a_second`: how many get done in a second. `floor`: what no program could fall below here, in the unit of the row.
    """

    name: str
    median: float | None
    p95: float | None = None
    unit: str = "ms"
    note: str = ""
    goal: float | None = None
    at_least: bool = False
    a_second: float | None = None
    floor: float | None = None

    @classmethod
    def of(cls, name: str, milliseconds: Sequence[float], *, note: str = "", goal: float | None = None) -> Figure:
        """The figure of something that was timed again and again. Of fewer than 20 times the largest stands for the
        95th percentile: nothing between two of them is made up."""
        median, p95 = np.median(milliseconds), np.percentile(milliseconds, 95, method="higher")
        return cls(
            name=name, median=float(median), p95=float(p95), note=note or f"{len(milliseconds)} times", goal=goal
        )

    def remark(self) -> str:
        """The note, and the goal with what became of it."""
        if self.goal is None or self.median is None:
            return self.note
        if self.at_least:
            met = "missed" if self.median < self.goal else "met"
        else:
            met = "missed" if self.median > self.goal else "mostly met" if (self.p95 or 0) > self.goal else "met"
        return f"goal {'at least ' if self.at_least else ''}{_written(self.goal, self.unit)}: {met}" + (
            f" · {self.note}" if self.note else ""
        )


def markdown_table(figures: Iterable[Figure]) -> str:
    """The figures as a table for people, which can be pasted into an issue or the README."""
    columns: dict[str, list[str]] = {heading: [] for heading in _COLUMNS}
    for row in figures:
        for heading, cell in _COLUMNS.items():
            columns[heading].append(cell(row))
    shown = {heading: cells for heading, cells in columns.items() if heading not in _AT_NEED or any(cells)}
    widths = [max(3, len(heading), *map(len, cells)) for heading, cells in shown.items()]
    rule = ["-" * width for width in widths]
    return "\n".join(_line(cells, widths) for cells in ([*shown], rule, *zip(*shown.values(), strict=True)))


def _possible(row: Figure) -> str:
    """The floor, and which share of the time it is: 100 % would be perfect."""
    if row.floor is None or not row.median:
        return ""
    return f"{_written(row.floor, row.unit)}, {row.floor / row.median:.0%}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


_COLUMNS: dict[str, Callable[[Figure], str]] = {
    "what": lambda row: row.name,
    "median": lambda row: _written(row.median, row.unit),
    "95th percentile": lambda row: _written(row.p95, row.unit),
    "a second": lambda row: _written(row.a_second, ""),
    "floor, share": _possible,
    "": Figure.remark,
}
_AT_NEED = frozenset({"a second", "floor, share"})  # only where a row has something to say there
