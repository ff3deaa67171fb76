"""What leaves the program: ADE PNGs with overlay and detections beside them. Window and command line share it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.core.ade_png import write_labels
from app.core.arrays import U8, Bool
from app.core.document import DocumentSnapshot, ViewMode
from app.core.errors import ExportError
from app.core.files import atomic_write, make_folder, reason
from app.core.segment_map import HUMAN_UNLABELLED, NETWORK_MAX
from app.core.tables import Thresholds, label_table
from app.core.tile_counts import count_codes
from inference.prediction import Detection, SegmentTable, detections_of
from resources.classes import palette

if TYPE_CHECKING:
    from app.core.origin import Origin

_ROWS_AT_ONCE = 512
_JPEG_QUALITY = 92
_OWN_JPEG = b"\xff\xd8\xff\xfe\x00\x11ade-mask-studio"  # begins with a comment (ITU-T T.81, B.2.4.5): 2 + 15 bytes


class Rest(Enum):
    """What becomes of unlabelled pixels that no person decided."""

    THRESHOLD = "threshold"  # they stay unlabelled
    SEMANTIC = "semantic"  # they take the class of the semantic view


@dataclass(frozen=True)
class ExportOptions:
    """What to write beside the ADE PNG, and how to fill it."""

    rest: Rest = Rest.THRESHOLD
    overlay: bool = False
    detections: bool = False


@dataclass(frozen=True)
class Resolved:
    """The labels to export, and where each of them came from."""

    codes: U8  # (H, W) as shown
    table: SegmentTable  # of the network's codes
    label_table: U8  # (256,) the label of every code
    labels: U8  # (H, W) 0..150
    filled: U8 | None = None  # (H, W) rows + 1 of `fill_table` where the semantic view filled the rest, else 0
    fill_table: SegmentTable | None = None

    def detections(self) -> list[Detection]:
        """One record for each segment as exported; their masks do not overlap and add up to `labels`.

        A segment of the network that shows a pixel keeps its score. All that a person decided to be one class is one
        record with conf 1.0, however many regions it has; so is what the semantic view filled in, with its own score.
        """
        found = detections_of(self.codes, _owners(self.table, self.codes, self.label_table))
        if self.filled is not None and self.fill_table is not None:
            found += detections_of(self.filled, _owners(self.fill_table, self.filled))
        return found


def resolve(snapshot: DocumentSnapshot, *, rest: Rest = Rest.THRESHOLD) -> Resolved:
    """What a picture is exported as: what the screen shows, and the rest as asked for.

    With Rest.SEMANTIC a pixel that shows no class takes the class that the semantic view gives it, unless a person
    decided that it is unlabelled. Without a prediction there is nothing to fill with. PhotoError where there is neither
    a prediction nor a correction, or where the corrections are of another size.
    """
    snapshot = snapshot.composed()
    codes, table = snapshot.codes(), snapshot.label_table()
    labels = np.asarray(cv2.LUT(codes, table), np.uint8)
    if rest is Rest.THRESHOLD or snapshot.prediction is None:
        return Resolved(codes, snapshot.table, table, labels)
    unlabelled: Bool = (labels == 0) & (codes <= NETWORK_MAX)
    layer, fill_table = snapshot.prediction.semantic_segments()
    filled = np.where(unlabelled, layer, 0).astype(np.uint8, copy=False)
    classes = np.zeros(256, np.uint8)
    classes[1 : len(fill_table.class_ids) + 1] = fill_table.class_ids
    labels = np.maximum(labels, cv2.LUT(filled, classes))
    return Resolved(codes, snapshot.table, table, labels, filled, fill_table)


def labels_of(snapshot: DocumentSnapshot, *, rest: Rest = Rest.THRESHOLD) -> U8:
    """The labels alone of what `resolve` gives: for an untouched answer of the network nothing else is composed."""
    prediction = snapshot.prediction
    untouched = snapshot.layer is None and snapshot.corrections is None
    if prediction is None or not untouched or rest is not Rest.THRESHOLD or snapshot.mode is not ViewMode.SEGMENTS:
        return resolve(snapshot, rest=rest).labels
    table = label_table(prediction.segment_table(), threshold=snapshot.thresholds)
    return prediction.owners_as(table[1 : len(prediction.scores) + 1])


def export_snapshot(
    snapshot: DocumentSnapshot,
    *,
    folder: Path,
    stem: str,
    photo: U8 | None,
    options: ExportOptions,
    origin: Origin | None = None,
) -> list[Path]:
    """Write one picture as it was when the snapshot was taken; arguments, result and errors as for `export_picture`."""
    exported = resolve(snapshot, rest=options.rest) if options.detections else None
    return export_picture(
        folder=folder,
        stem=stem,
        labels=labels_of(snapshot, rest=options.rest) if exported is None else exported.labels,
        photo=photo,
        detections=None if exported is None else exported.detections(),
        options=options,
        source=snapshot.path,
        model=snapshot.model,
        thresholds=snapshot.thresholds,
        origin=origin,
    )


def export_picture(
    *,
    folder: Path,
    stem: str,
    labels: U8,
    photo: U8 | None = None,
    detections: Sequence[Detection] | None = None,
    options: ExportOptions,
    source: Path | None = None,
    model: str | None = None,
    thresholds: Thresholds | None = None,
    origin: Origin | None = None,
) -> list[Path]:
    """Write `<stem>.png` and, as the options say, `<stem>.json` and `<stem>_overlay.jpg`; the paths, the PNG first.

    `labels` (H, W) uint8 0..150; `photo` (H, W, 3) RGB, needed for the overlay; `detections`, needed for the JSON file,
    which also names `source`, the photo's path, `model` and `thresholds` (None: every segment counted). What all was
    made of, `origin`, is kept in the PNG. The folder is made if need be. Every file is written atomically, the PNG last
    and checked by reading it back: where it is there, the picture is done. ExportError when a file cannot be written,
    or would overwrite the photo itself.
    """
    target = folder / f"{stem}.png"
    beside: list[tuple[Path, bytes]] = []
    if options.detections:
        if detections is None:
            raise ValueError("Detections are to be written, but none were given.")
        record = {
            "image": source.name if source else stem,
            "size": [labels.shape[1], labels.shape[0]],
            "model": model,
            "threshold": thresholds.base if thresholds else None,
            **({"class_thresholds": dict(thresholds.by_class)} if thresholds and thresholds.by_class else {}),
            "detections": list(detections),
        }
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        beside.append((folder / f"{stem}.json", text.encode("utf-8", "backslashreplace")))
    if options.overlay:
        if photo is None:
            raise ValueError("An overlay is to be written, but no photo was given.")
        beside.append((folder / f"{stem}_overlay.jpg", _jpeg(overlay_picture(photo, labels), stem)))
    make_folder(folder)
    _spare_source(source, [target, *(path for path, _ in beside)])
    for path, data in beside:
        atomic_write(path, data)
    kept = "" if origin is None else origin.text({path.name[len(stem) :]: data for path, data in beside})
    write_labels(target, labels, origin=kept)
    return [target, *(path for path, _ in beside)]


def overlay_picture(photo: U8, labels: U8, opacity: float = 0.55) -> U8:
    """The photo with the usual ADE20K colours laid over its labelled pixels: (H, W, 3) uint8 RGB.

    `photo` (H, W, 3) RGB, `labels` (H, W) 0..150, `opacity` 0..1.
    """
    if photo.shape[:2] != labels.shape:
        raise ValueError(f"Labels of {labels.shape} do not fit a photo of {photo.shape}.")
    colours = palette().reshape(1, 256, 3)
    picture = np.empty_like(photo)
    for top in range(0, len(photo), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        tint = cv2.LUT(cv2.merge([labels[rows]] * 3), colours)
        blended = cv2.addWeighted(photo[rows], 1 - opacity, tint, opacity, 0)
        picture[rows] = np.where(labels[rows, :, None] > 0, blended, photo[rows])
    return picture


def _owners(table: SegmentTable, codes: U8, labels: U8 | None = None) -> dict[int, tuple[int, float]]:
    """Class and score of every code present that has a class; `labels` (256,) is the label table, None = all count."""
    owners = {}
    for code in np.flatnonzero(count_codes(codes)):
        if 1 <= code <= len(table.scores):
            class_id = int(table.class_ids[code - 1] if labels is None else labels[code])
            score = float(table.scores[code - 1])
        else:
            class_id = int(labels[code]) if labels is not None and NETWORK_MAX < code < HUMAN_UNLABELLED else 0
            score = 1.0
        if class_id:
            owners[int(code)] = (class_id, score)
    return owners


def _jpeg(picture: U8, stem: str) -> bytes:
    try:
        done, data = cv2.imencode(
            ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
        )
    except cv2.error:
        done = False
    if not done:  # JPEG ends at 65,500 pixels a side
        raise ExportError(f"{stem} is too large for an overlay as JPEG.")
    return _OWN_JPEG + data.tobytes()[2:]


def is_own_overlay(file: Path) -> bool:
    """Whether this program wrote a picture, also where it was stopped before it wrote the labels. OSError."""
    with file.open("rb") as opened:
        return opened.read(len(_OWN_JPEG)) == _OWN_JPEG


def _spare_source(source: Path | None, targets: Sequence[Path]) -> None:
    """An export into the photos' own folder must not replace a photo that is a PNG."""
    if source is None or not source.exists():
        return
    for target in targets:
        try:
            is_source = target.exists() and target.samefile(source)
        except OSError as error:  # a name that is too long with what is put behind it, for instance
            raise ExportError(f"{target.name} cannot be written: {reason(error)}.") from error
        if is_source:
            raise ExportError(f"{target.name} would overwrite the photo itself; choose another folder.")
