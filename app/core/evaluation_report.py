"""An evaluation as one HTML page that needs no other file: figures, classes, confusions, the worst pictures."""

from __future__ import annotations

import base64
import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from app.core.ade_png import read_labels
from app.core.arrays import U8
from app.core.evaluation import Compared, Evaluation
from app.core.files import atomic_write, make_folder
from inference.errors import ExpectedError, PhotoError
from inference.metrics import Confusion
from inference.photo import read_photo
from resources.classes import ade_class, palette

_WIDTH = 300  # pixels of a small picture
_CELLS = range(12, 33)  # pixels that a cell of the matrix may take, more where there are few
_MATRIX = 880  # pixels that the matrix takes where it can
_FAINT = 0.08  # of a cell that holds next to nothing: enough to see that there is something
_LEGIBLE = 9  # pixels that a letter keeps on a narrow screen, which scrolls instead
_LETTER = 0.6  # of a name beside or above it, in its font's size
_WRONG, _UNKNOWN = (214, 39, 40), (128, 128, 128)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1080px; margin: 32px auto; padding: 0 16px; }
h1 { font-size: 24px; } h2 { font-size: 18px; margin-top: 32px; }
table { border-collapse: collapse; } td, th { padding: 3px 12px 3px 0; text-align: right; }
td:first-child, th:first-child, .words :nth-child(2) { text-align: left; }
th { font-weight: 600; border-bottom: 1px solid #8886; }
.swatch { display: inline-block; width: 11px; height: 11px; margin-right: 8px; box-shadow: 0 0 0 1px #8886; }
figure { margin: 0 0 24px; } figure > div { display: flex; gap: 8px; flex-wrap: wrap; }
figure > div > div { flex: 1 1 130px; max-width: 255px; }
figcaption { margin-bottom: 4px; overflow-wrap: anywhere; }
figure span { display: block; font-size: 13px; opacity: .75; }
img { width: 100%; height: auto; display: block; box-shadow: 0 0 0 1px #8886; }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
svg text { font-family: system-ui, sans-serif; fill: currentColor; } svg path { stroke: #8884; }
"""


def report_html(found: Evaluation, *, title: str, photos: Mapping[Path, Path] = MappingProxyType({})) -> str:
    """The page; `photos` by true label file are shown beside the worst pictures.

    The files of those are read once more; one that is gone by now is said to be.
    """
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1>",
        _table(["Measure", "Value"], measures(found)),
        f"<h2>The largest confusions</h2>{_mistakes(found.confusion)}",
        f"<h2>Confusion matrix</h2>{_matrix(found.confusion)}",
        f"<h2>The worst pictures</h2>{_pictures(found.worst, photos)}",
        f"<h2>Classes</h2>{_classes(found)}",
    ]
    if found.refused:
        rows = [(str(file), reason) for file, reason in found.refused.items()]
        parts.append(f"<h2>Left out</h2>{_table(['File', 'Why'], rows)}")
    return "\n".join(parts)


def measures(found: Evaluation) -> list[tuple[str, str]]:
    """The figures over all pictures, each with its name in words."""
    confusion = found.confusion
    seen = int(np.isfinite(confusion.iou).sum())
    pictures = ("Pictures", f"{found.pictures:,}")
    if not confusion.pixels:
        return [pictures, ("Pixels with a known class", "none, so there is nothing to measure")]
    return [
        pictures,
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
    iou, accuracy = confusion.iou, confusion.accuracy
    true, predicted = confusion.truth_pixels, confusion.predicted_pixels
    return [
        (label_name(label), percent(iou[row]), percent(accuracy[row]), f"{true[row]:,}", f"{predicted[row]:,}")
        for label in _occurring(confusion)
        for row in [label - 1]
    ]


def _occurring(confusion: Confusion) -> list[int]:
    """The classes 1..150 in truth or prediction, the most frequent in the truth first."""
    true = confusion.truth_pixels
    rows = np.flatnonzero(true + confusion.predicted_pixels)
    return [int(row) + 1 for row in sorted(rows, key=lambda row: (-true[row], row))]


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
    rows = mistake_rows(confusion)
    return _table(["Truth", "Taken for", "Pixels", "Share"], rows, kind="words") if rows else "<p>There are none.</p>"


def _classes(found: Evaluation) -> str:
    """With the colours that the pictures have."""
    colours = [f"rgb{tuple(palette()[label].tolist())}" for label in _occurring(found.confusion)]
    marks = [f'<span class=swatch style="background: {colour}"></span>' for colour in colours]
    return _table(["Class", "IoU", "Accuracy", "True pixels", "Predicted"], class_rows(found), marks=marks)


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "", marks: Sequence[str] = ()) -> str:
    """`marks`: HTML that the rows begin with, none or one for each."""
    marked = zip(rows, marks or [""] * len(rows), strict=True)
    lines = [_row(heading, "th"), *(_row(row, "td", mark=mark) for row, mark in marked)]
    return f'<div class=wide><table class="{kind}">{"".join(lines)}</table></div>'


def _row(cells: Sequence[str], tag: str, *, mark: str = "") -> str:
    inside = [mark + escape(cells[0]), *map(escape, cells[1:])]
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in inside)}</tr>"


def _matrix(confusion: Confusion) -> str:
    """Rows: true classes; columns: what they were taken for; a cell is as dark as its share of the row."""
    counts = confusion.counts
    rows = sorted(np.flatnonzero(counts.sum(axis=1)), key=lambda label: (-counts[label].sum(), label))
    columns = [*rows, *(label for label in np.flatnonzero(counts.sum(axis=0)) if label not in rows)]
    cell = min(max(_MATRIX // max(len(columns), 1), _CELLS[0]), _CELLS[-1])
    font = min(cell - 3, 14)
    names = {label: label_name(int(label)) for label in columns}
    beside = 8 + math.ceil(_LETTER * font * max(map(len, names.values()), default=0))
    right, bottom = beside + cell * len(columns), beside + cell * len(rows)
    grid = "".join(
        [f"M{beside} {beside + cell * y}H{right}" for y in range(len(rows) + 1)]
        + [f"M{beside + cell * x} {beside}V{bottom}" for x in range(len(columns) + 1)]
    )
    marks = [f'<path d="{grid}"/>']
    marks += [
        _cell_mark(confusion, (int(truth), int(predicted)), place=(beside + x * cell, beside + y * cell), cell=cell)
        for y, truth in enumerate(rows)
        for x, predicted in enumerate(columns)
        if counts[truth, predicted]
    ]
    for y, truth in enumerate(rows):
        base = beside + y * cell + cell * 3 // 4
        marks.append(f'<text x="{beside - 4}" y="{base}" text-anchor="end">{escape(names[truth])}</text>')
    for x, predicted in enumerate(columns):
        place = f"translate({beside + x * cell + cell * 3 // 4},{beside - 4}) rotate(-90)"
        marks.append(f'<text transform="{place}">{escape(names[predicted])}</text>')
    said = "<p>Rows are true classes, columns what they were taken for; point at a cell to read its share.</p>"
    drawn = f'viewBox="0 0 {right + 1} {bottom + 1}" width="{right + 1}" height="{bottom + 1}" font-size="{font}"'
    least = f'style="min-width: {(right + 1) * _LEGIBLE // font}px"'
    return f"{said}<div class=wide><svg {drawn} {least}>{''.join(marks)}</svg></div>"


def _cell_mark(confusion: Confusion, labels: tuple[int, int], *, place: tuple[int, int], cell: int) -> str:
    """The cell of a truth and a prediction; `place` is its corner."""
    truth, predicted = labels
    share = int(confusion.counts[labels]) / int(confusion.counts[truth].sum())
    colour = "#2a7" if truth == predicted else "#d33"
    said = f"{escape(label_name(truth))} taken for {escape(label_name(predicted))}: {percent(share)}"
    return (
        f'<rect x="{place[0]}" y="{place[1]}" width="{cell}" height="{cell}" '
        f'fill="{colour}" fill-opacity="{max(share, _FAINT):.2f}"><title>{said}</title></rect>'
    )


def _pictures(worst: Iterable[Compared], photos: Mapping[Path, Path]) -> str:
    return "".join(_picture(one, photos.get(one.truth)) for one in worst) or "<p>There are none.</p>"


def _picture(compared: Compared, photo: Path | None) -> str:
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
    shown = [
        (palette()[truth], "truth"),
        (palette()[predicted], "prediction"),
        (wrong, "wrong in red, unknown in grey"),
    ]
    if photo is not None:
        with contextlib.suppress(PhotoError):  # the labels say as much without it
            shown.insert(0, (_shrunk(read_photo(photo)), "photo"))
    images = "".join(
        f'<div><img alt="" src="{_data_uri(picture)}"><span>{name}</span></div>' for picture, name in shown
    )
    return f"<figure><figcaption>{caption}</figcaption><div>{images}</div></figure>"


def _shrunk(photo: U8) -> U8:
    height = max(1, round(photo.shape[0] * _WIDTH / photo.shape[1]))
    return np.asarray(cv2.resize(photo, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def _small(labels: U8) -> U8:
    height = max(1, round(labels.shape[0] * _WIDTH / labels.shape[1]))
    return np.asarray(cv2.resize(labels, (_WIDTH, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def _data_uri(picture: U8) -> str:
    _, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode('ascii')}"


def write_report(
    path: Path, found: Evaluation, *, title: str, photos: Mapping[Path, Path] = MappingProxyType({})
) -> None:
    """Write the page atomically. ExportError when that fails."""
    make_folder(path.parent)
    atomic_write(path, report_html(found, title=title, photos=photos).encode("utf-8", "surrogateescape"))
