"""What `finetune` shows while it learns, and the table of what came of it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.commands.console import counted, note, print_table
from app.core.run_progress import duration
from inference.learning.events import Event, Stage, StageTold, StepTold
from inference.learning.report import SEGMENTS, SEMANTIC, ClassChange, LearnReport
from resources.classes import ade_class

_GATHERING = "Reading the pictures"
_TITLES = {
    Stage.FEATURES: "Finding features",
    Stage.BEFORE: "Measuring the model as it is",
    Stage.TRAINING: "Learning",
    Stage.AFTER: "Trying how much of it helps",
    Stage.WRITING: "Writing it",
}
_VIEWS = {SEGMENTS: "segments", SEMANTIC: "semantic"}
_NONE = "–"


class StageBars:
    """A bar for each stage, one after the other, on stderr; none where that is no terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._title = self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def gathering(self, done: int, total: int) -> None:
        """So many pictures were read."""
        self._at(_GATHERING, done, total)

    def show(self, event: Event) -> None:
        match event:
            case StageTold():
                self._at(_TITLES[event.stage], event.done, event.total, left=event.left)
            case StepTold():
                loss = f"loss {event.loss:.3f}"
                self._at(_TITLES[Stage.TRAINING], event.step, event.steps, said=loss, left=event.left)
            case _:
                pass  # nobody pauses here, and how it ends is told elsewhere

    def _at(self, title: str, done: int, total: int, *, said: str = "", left: float | None = None) -> None:
        if title != self._title:
            self._close()
            self._title, self._bar = title, _bar(title, total)
        self._said = said or self._said  # between two steps only the time is told
        left_text = "" if left is None else f"{duration(left)} left"
        self._bar.total = total
        self._bar.set_postfix_str(", ".join(filter(None, (self._said, left_text))), refresh=False)
        self._bar.update(done - self._bar.n)
        self._bar.refresh()  # also where only the time is another one

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.refresh()  # what came within a moment is shown as well
            self._bar.close()
        self._bar, self._title, self._said = None, "", ""


def _bar(title: str, total: int) -> Any:
    from tqdm import tqdm

    return tqdm(
        desc=title,
        total=total,
        disable=None,
        dynamic_ncols=True,
        file=sys.stderr,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}",
    )


def print_report(report: LearnReport, weights: Path) -> None:
    """Every class and every measure before and after, then what to make of it."""
    if report.classes:
        print_table(("class", "true pixels", "IoU before", "after", "change"), [_row(one) for one in report.classes])
    if report.before:
        pictures = f"on {counted(report.held_back, 'picture')} held back"
        print_table((pictures, "before", "after", "change"), _measures(report))
    print(report.verdict)
    print(f"{report.name}: {weights}, learned from {counted(report.trained, 'picture')} in {duration(report.seconds)}.")
    if report.recommended:
        note(f"To use it: --model {weights}; to have it in the window, too: ade-mask-studio weights add {weights}")


def _row(change: ClassChange) -> tuple[str, str, str, str, str]:
    name, pixels = ade_class(change.class_id).name, f"{change.pixels:,}"
    return name, pixels, _percent(change.before), _percent(change.after), _points(change.before, change.after)


def _measures(report: LearnReport) -> list[tuple[str, str, str, str]]:
    rows: list[tuple[str, float | None, float | None]] = []
    for view, title in _VIEWS.items():
        before, after = report.before.get(view), report.after.get(view)
        if before is None or after is None:
            continue
        rows += [
            (f"Pixels right, {title}", before.pixel_accuracy, after.pixel_accuracy),
            (f"Mean IoU, {title}", before.mean_iou, after.mean_iou),
        ]
        if view == SEGMENTS:
            rows.append((f"Left unlabelled, {title}", before.unlabelled, after.unlabelled))
    if report.decided_after is not None:
        rows.append(("What you decided, as you did", report.decided_before, report.decided_after))
    return [(name, _percent(before), _percent(after), _points(before, after)) for name, before, after in rows]


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.1f} %"


def _points(before: float | None, after: float | None) -> str:
    """A change in percentage points; one that is too small to be seen is no loss."""
    if before is None or after is None:
        return _NONE
    return f"{round(100 * (after - before), 1) + 0.0:+.1f}"  # a nought of its own, without the sign of what was rounded
