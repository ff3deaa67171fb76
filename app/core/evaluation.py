"""Predicted label files against true ones: which belong together, and how well all of them agree.

Files are read, compared and forgotten one after the other by several threads: memory does not grow with their number.
"""

from __future__ import annotations

import heapq
import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from app.core.ade_png import read_labels
from app.core.import_labels import label_files, plan_import
from app.core.pictures import photos_among_labels
from inference.errors import ExpectedError
from inference.metrics import Confusion

WORST = 12  # pictures that are remembered


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which prediction is compared with which truth."""

    files: dict[Path, Path]  # truth -> prediction, in natural order
    refused: dict[Path, str] = field(default_factory=dict)  # truth without a prediction, or what cannot be listed
    spare: int = 0  # predictions without a truth, which do not count


@dataclass(frozen=True, slots=True)
class Compared:
    """How one picture did."""

    truth: Path
    predicted: Path
    pixels: int  # whose truth is known
    pixel_accuracy: float  # 0..1
    mean_iou: float  # over the classes in truth or prediction, 0..1


@dataclass
class Evaluation:
    """What became of all pairs."""

    confusion: Confusion = field(default_factory=Confusion)
    pictures: int = 0
    refused: dict[Path, str] = field(default_factory=dict)  # what was left out, each with one sentence
    worst: list[Compared] = field(default_factory=list)  # by pixel accuracy, the worst first, at most `WORST`


def pair_up(predicted: Path, truth: Path) -> Pairs:
    """Give each true label file, in a folder and those below it, the prediction of its stem.

    Where a stem occurs several times the folders decide, as in an import. PhotoError where a folder cannot be listed.
    """
    true_files = list(label_files(truth))
    plan = plan_import([predicted], true_files)
    # What is refused are predictions; one that fits several truths leaves those without any, which is told then.
    spare = sum(path != predicted for path in plan.refused)
    if not true_files:
        lacking = {truth: f"There are no PNGs in {truth}."}
    elif predicted in plan.refused:  # missing or empty, which says more than a line for each truth
        lacking = {predicted: plan.refused[predicted]}
    elif predicted.resolve() == truth.resolve():
        lacking = {predicted: "What is compared with itself says nothing; give predictions and truth of their own."}
    else:
        lacking = {file: f"There is no prediction for {file.name}." for file in true_files if file not in plan.files}
    return Pairs({file: plan.files[file] for file in true_files if file in plan.files}, lacking, spare)


def photos_of(truth: Path, images: Path) -> dict[Path, Path]:
    """The photo of each true label file, as far as the folder `images` and those below it hold them. PhotoError."""
    plan = plan_import([truth], photos_among_labels(images))
    return {file: photo for photo, file in plan.files.items()}


def evaluate(
    pairs: Pairs, *, jobs: int | None = None, done: Callable[[int], object] = lambda count: None
) -> Evaluation:
    """Compare every pair, in `jobs` threads (as many as there are processors); `done` is told how many are through.

    A pair that cannot be read, or whose sizes differ, is refused and the others go on.
    """
    found = Evaluation(refused=dict(pairs.refused))
    ranked: list[tuple[float, int, Compared]] = []  # a heap whose first is the best of the worst
    for number, outcome in enumerate(_outcomes(list(pairs.files.items()), jobs or os.cpu_count() or 1)):
        if isinstance(outcome, _Refused):
            found.refused[outcome.file] = outcome.reason
        else:
            confusion, compared = outcome
            found.confusion += confusion
            found.pictures += 1
            if compared.pixels:
                heapq.heappush(ranked, (-compared.pixel_accuracy, -number, compared))
                if len(ranked) > WORST:
                    heapq.heappop(ranked)
        done(number + 1)
    found.worst = [compared for _, _, compared in sorted(ranked, key=lambda entry: entry[:2], reverse=True)]
    return found


@dataclass(frozen=True, slots=True)
class _Refused:
    file: Path
    reason: str


_Outcome = tuple[Confusion, Compared] | _Refused


def _outcomes(pairs: Sequence[tuple[Path, Path]], jobs: int) -> Iterator[_Outcome]:
    """What became of each pair, in their order; only a few are looked at ahead."""
    waiting = iter(pairs)
    with ThreadPoolExecutor(jobs, thread_name_prefix="compare") as pool:
        begun: deque[Future[_Outcome]] = deque()
        try:
            while True:
                for pair in islice(waiting, 2 * jobs - len(begun)):
                    begun.append(pool.submit(_compare, *pair))
                if not begun:
                    return
                yield begun.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _compare(truth: Path, predicted: Path) -> _Outcome:
    file = truth
    try:
        true = read_labels(truth)
        file = predicted
        found = read_labels(predicted)
    except ExpectedError as error:
        return _Refused(file, str(error))
    if true.shape != found.shape:
        sizes = [f"{shape[1]} x {shape[0]}" for shape in (found.shape, true.shape)]
        return _Refused(predicted, f"{predicted.name} has {sizes[0]} pixels where its truth has {sizes[1]}.")
    confusion = Confusion()
    confusion.add(true, found)
    return confusion, Compared(truth, predicted, confusion.pixels, confusion.pixel_accuracy, confusion.mean_iou())


def as_record(found: Evaluation) -> dict[str, object]:
    """Everything as plain data for JSON; shares 0..1, null where there is none."""
    confusion = found.confusion
    shares = {
        "pixel_accuracy": confusion.pixel_accuracy,
        "mean_accuracy": confusion.mean_accuracy,
        "mean_iou_150": confusion.mean_iou_150,
        "mean_iou_present": confusion.mean_iou(),
        "frequency_weighted_iou": confusion.frequency_weighted_iou,
        "unlabelled": confusion.unlabelled,
    }
    columns = zip(confusion.iou, confusion.accuracy, confusion.truth_pixels, confusion.predicted_pixels, strict=True)
    return {
        "pictures": found.pictures,
        "pixels": confusion.pixels,
        **(shares if confusion.pixels else dict.fromkeys(shares)),
        "classes": [
            {
                "id": entry,
                "iou": _or_none(iou),
                "accuracy": _or_none(accuracy),
                "truth_pixels": int(true),
                "predicted_pixels": int(predicted),
            }
            for entry, (iou, accuracy, true, predicted) in enumerate(columns, 1)
        ],
        "confusions": [
            {"truth": one.truth, "predicted": one.predicted, "pixels": one.pixels, "share": one.share}
            for one in confusion.mistakes()
        ],
        "worst": [
            {"truth": str(one.truth), "predicted": str(one.predicted), "pixel_accuracy": one.pixel_accuracy}
            for one in found.worst
        ],
        "refused": [{"file": str(file), "reason": reason} for file, reason in found.refused.items()],
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
