"""An evaluation as one HTML page that needs no other file: figures, classes, confusions, the worst pictures."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from app.core.ade_png import read_labels
from app.core.arrays import U8
from app.core.evaluation import Compared, Evaluation
from app.core.files import atomic_write, make_folder
from inference.errors import ExpectedError
from inference.metrics import Confusion
from resources.classes import ade_class, palette

_WIDTH = 300  # pixels of a small picture
_CELL = 12  # pixels of a cell of the matrix
_NAMES = 120  # pixels beside and above the matrix
_WRONG, _UNKNOWN = (214, 39, 40), (128, 128, 128)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1080px; margin: 32px auto; padding: 0 16px; }
h1 { font-size: 24px; } h2 { font-size: 18px; margin-top: 32px; }
table { border-collapse: collapse; } td, th { padding: 3px 12px 3px 0; text-align: right; }
td:first-child, th:first-child { text-align: left; } th { font-weight: 600; border-bottom: 1px solid #8886; }
figure { margin: 0 0 24px; } figure div { display: flex; gap: 8px; flex-wrap: wrap; } figcaption { margin-bottom: 4px; }
img { width: 300px; height: auto; image-rendering: pixelated; }
svg { max-width: 100%; height: auto; } svg text { font: 9px system-ui, sans-serif; fill: currentColor; }
"""


def report_html(found: Evaluation, *, title: str) -> str:
    """The page. The label files of the worst pictures are read once more; one that is gone by now is said to be."""
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1>",
        _table(["Measure", "Value"], measures(found)),
        f"<h2>The largest confusions</h2>{_mistakes(found.confusion)}",
        f"<h2>Confusion matrix</h2>{_matrix(found.confusion)}",
        f"<h2>The worst pictures</h2>{''.join(_picture(one) for one in found.worst) or '<p>There are none.</p>'}",
        f"<h2>Classes</h2>{_table(['Class', 'IoU', 'Accuracy', 'True pixels', 'Predicted'], class_rows(found))}",
    ]
    if found.refused:
        rows = [(str(file), reason) for file, reason in found.refused.items()]
        parts.append(f"<h2>Left out</h2>{_table(['File', 'Why'], rows)}")
    return "\n".join(parts)


def measures(found: Evaluation) -> list[tuple[str, str]]:
    """The figures over all pictures, each with its name in words."""
    confusion = found.confusion
    seen = int(np.isfinite(confusion.iou).sum())
    return [
        ("Pictures", f"{found.pictures:,}"),
        ("Pixels with a known class", f"{confusion.pixels:,}"),
        ("Pixel accuracy", percent(confusion.pixel_accuracy)),
        ("Mean accuracy of the classes in the truth", percent(confusion.mean_accuracy)),
        ("Mean IoU over 150 classes, absent ones as 0", percent(confusion.mean_iou_150)),
        (f"Mean IoU over the {seen} classes that occur", percent(confusion.mean_iou())),
        ("IoU weighted by frequency", percent(confusion.frequency_weighted_iou)),
        ("Left unlabelled", percent(confusion.unlabelled)),
    ]


def class_rows(found: Evaluation) -> list[tuple[str, str, str, str, str]]:
    """Each class that occurs, the most frequent first: name, IoU, accuracy, pixels in truth and in prediction."""
    confusion = found.confusion
    true, predicted = confusion.truth_pixels, confusion.predicted_pixels
    order = sorted(np.flatnonzero(true + predicted), key=lambda row: (-true[row], row))
    return [
        (
            ade_class(int(row) + 1).name,
            percent(confusion.iou[row]),
            percent(confusion.accuracy[row]),
            f"{true[row]:,}",
            f"{predicted[row]:,}",
        )
        for row in order
    ]


def mistake_rows(confusion: Confusion) -> list[tuple[str, str, str, str]]:
    """The largest confusions: true class, what it was taken for, pixels, share of all known pixels."""
    return [
        (label_name(one.truth), label_name(one.predicted), f"{one.pixels:,}", percent(one.share))
        for one in confusion.mistakes()
    ]


def percent(share: float) -> str:
    """A share 0..1 for people; a dash where there is none."""
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


def label_name(label: int) -> str:
    """The name of a class, or what 0 means."""
    return ade_class(label).name if label else "unlabelled"


def _mistakes(confusion: Confusion) -> str:
    return _table(["Truth", "Taken for", "Pixels", "Share"], mistake_rows(confusion))


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(heading, "th"), *(_row(row, "td") for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _matrix(confusion: Confusion) -> str:
    """Rows: true classes; columns: what they were taken for; a cell is as dark as its share of the row."""
    counts = confusion.counts
    rows = sorted(np.flatnonzero(counts.sum(axis=1)), key=lambda label: (-counts[label].sum(), label))
    columns = [*rows, *(label for label in np.flatnonzero(counts.sum(axis=0)) if label not in set(rows))]
    marks = []
    for y, truth in enumerate(rows):
        total = int(counts[truth].sum())
        name = escape(label_name(int(truth)))
        marks.append(f'<text x="{_NAMES - 4}" y="{_NAMES + y * _CELL + 9}" text-anchor="end">{name}</text>')
        for x, predicted in enumerate(columns):
            if pixels := int(counts[truth, predicted]):
                colour = "#2a7" if truth == predicted else "#d33"
                said = f"{name} taken for {escape(label_name(int(predicted)))}: {percent(pixels / total)}"
                marks.append(
                    f'<rect x="{_NAMES + x * _CELL}" y="{_NAMES + y * _CELL}" width="{_CELL}" height="{_CELL}" '
                    f'fill="{colour}" fill-opacity="{max(pixels / total, 0.03):.2f}"><title>{said}</title></rect>'
                )
    for x, predicted in enumerate(columns):
        left = _NAMES + x * _CELL + 9
        name = escape(label_name(int(predicted)))
        marks.append(f'<text transform="translate({left},{_NAMES - 4}) rotate(-90)">{name}</text>')
    width, height = _NAMES + _CELL * len(columns), _NAMES + _CELL * len(rows)
    said = "<p>Rows are true classes, columns what they were taken for; point at a cell to read its share.</p>"
    return f'{said}<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">{"".join(marks)}</svg>'


def _picture(compared: Compared) -> str:
    caption = f"{escape(str(compared.truth))}: {percent(compared.pixel_accuracy)} of its pixels right"
    try:
        truth, predicted = read_labels(compared.truth), read_labels(compared.predicted)
    except ExpectedError as error:
        return f"<figure><figcaption>{caption}. {escape(str(error))}</figcaption></figure>"
    if truth.shape != predicted.shape:
        return f"<figure><figcaption>{caption}. The files have changed.</figcaption></figure>"
    truth, predicted = _small(truth), _small(predicted)
    wrong = palette()[0] + np.zeros((*truth.shape, 3), np.uint8)
    wrong[truth != predicted] = _WRONG
    wrong[truth == 0] = _UNKNOWN
    shown = [(palette()[truth], "truth"), (palette()[predicted], "prediction"), (wrong, "wrong pixels, red")]
    images = "".join(f'<img alt="{name}" title="{name}" src="{_data_uri(picture)}">' for picture, name in shown)
    return f"<figure><figcaption>{caption}</figcaption><div>{images}</div></figure>"


def _small(labels: U8) -> U8:
    height = max(1, round(labels.shape[0] * _WIDTH / labels.shape[1]))
    return np.asarray(cv2.resize(labels, (_WIDTH, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def _data_uri(picture: U8) -> str:
    _, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode('ascii')}"


def write_report(path: Path, found: Evaluation, *, title: str) -> None:
    """Write the page atomically. ExportError when that fails."""
    make_folder(path.parent)
    atomic_write(path, report_html(found, title=title).encode("utf-8", "surrogateescape"))
