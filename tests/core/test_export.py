"""Export: the PNG says what the screen said, and everything beside it agrees with the PNG."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.core import export
from app.core.ade_png import read_labels
from app.core.document import Document, DocumentSnapshot, ViewMode, compose_layer
from app.core.errors import ExportError
from app.core.export import ExportOptions, Rest, export_picture, export_snapshot, labels_of, resolve
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.patches import Edit
from app.core.segment_map import SegmentMap
from app.core.soft_masks import classes_at, probable_classes
from inference.errors import PhotoError
from inference.prediction import Detection, Prediction
from resources.classes import ade_class

SIZE = (60, 90)
THRESHOLD = 0.9  # so high that the network leaves something unlabelled
EVERYTHING = ExportOptions(rest=Rest.SEMANTIC, overlay=True, detections=True)


def answer(seed: int = 0) -> Prediction:
    random = np.random.default_rng(seed)
    probs = random.dirichlet(np.full(150, 0.02), 100).astype(np.float32)
    return Prediction(class_probs=probs, mask_probs=random.random((100, 8, 12), np.float32), size=SIZE)


def corrected(mode: ViewMode = ViewMode.SEGMENTS) -> Document:
    """A predicted picture with a painted area, an erased area and one given back to the network."""
    document = Document(Path("street.jpg"), threshold=THRESHOLD)
    document.attach_photo((np.full((*SIZE, 3), (90, 140, 200), np.uint8),))
    prediction = answer()
    if mode is ViewMode.SEGMENTS:
        layer, table = prediction.segment_map(), prediction.segment_table()
    else:
        layer, table = prediction.semantic_segments()
    document.set_prediction(prediction, layer=layer, table=table, mode=mode, model="starter")
    assert document.segment_map is not None
    edit = Edit(document.segment_map)
    edit.paint(Box(0, 0, 20, 20), None, 112)
    edit.paint(Box(40, 30, 60, 50), None, 112)
    edit.paint(Box(10, 10, 30, 30), None, 251)
    edit.paint(Box(12, 12, 14, 14), None, 0)
    edit.finish()
    return document


def put_together(detections: list[Detection]) -> np.ndarray:
    labels = np.zeros(SIZE, np.uint8)
    for found in detections:
        x0, y0, x1, y1 = found["bbox"]
        png = np.frombuffer(base64.b64decode(found["mask"]), np.uint8)
        mask = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
        assert mask.shape == (y1 - y0, x1 - x0)
        part = labels[y0:y1, x0:x1]
        assert not part[mask > 0].any(), "two detections share a pixel"
        part[mask > 0] = found["cls_id"]
        assert found["label"] == ade_class(found["cls_id"]).name
    return labels


@pytest.mark.parametrize("mode", ViewMode)
@pytest.mark.parametrize("rest", Rest)
@pytest.mark.parametrize("parked", [False, True])
def test_what_is_exported_is_what_was_shown(*, mode: ViewMode, rest: Rest, parked: bool) -> None:
    document = corrected(mode)
    assert document.segment_map is not None
    shown, person = document.labels(), document.segment_map.human > 0
    document.mode = mode  # as the session keeps it
    if parked:
        document.park()
    labels = resolve(document.snapshot(), rest=rest).labels
    if rest is Rest.THRESHOLD:
        assert np.array_equal(labels, shown)
    else:
        open_ = (shown == 0) & ~person
        assert open_.any() == (mode is ViewMode.SEGMENTS)
        assert np.array_equal(labels, np.where(open_, answer().semantic_labels(), shown))
        assert (labels[20:30, 20:30] == 0).all(), "what a person made unlabelled stays so"
    detections = resolve(document.snapshot(), rest=rest).detections()
    assert np.array_equal(put_together(detections), labels)
    by_hand = [found for found in detections if found["conf"] == 1.0]
    assert [found["cls_id"] for found in by_hand] == [12]
    assert all(0 < found["conf"] <= 1 for found in detections)


@pytest.mark.parametrize("rest", Rest)
@pytest.mark.parametrize("parked", [False, True])
def test_classes_with_their_own_threshold_are_exported_as_shown(tmp_path: Path, *, rest: Rest, parked: bool) -> None:
    document = corrected()
    assert document.segment_map is not None
    plain = document.labels()
    present = [class_id for class_id in np.unique(plain).tolist() if class_id not in (0, 12)]
    network = document.segment_map.network[document.segment_map.human == 0]
    absent = sorted({int(document.table.class_ids[code - 1]) for code in np.unique(network)} - {*present, 12})
    document.class_thresholds = {absent[0]: 0.0, present[0]: 1.0}
    shown = document.labels()
    assert {absent[0], present[0]} & set(np.unique(shown).tolist()) == {absent[0]}
    if parked:
        document.park()
    options = ExportOptions(rest=rest, detections=True)
    snapshot = document.snapshot()
    document.class_thresholds = {}
    png, beside = export_snapshot(snapshot, folder=tmp_path, stem="street", photo=None, options=options)
    labels = read_labels(png)
    assert np.array_equal(labels[shown > 0], shown[shown > 0])
    assert rest is Rest.SEMANTIC or np.array_equal(labels, shown)
    record = json.loads(beside.read_text(encoding="utf-8"))
    assert np.array_equal(put_together(record["detections"]), labels)
    assert record["threshold"] == THRESHOLD
    assert record["class_thresholds"] == {str(absent[0]): 0.0, str(present[0]): 1.0}


def test_the_semantic_view_knows_no_thresholds_of_classes(tmp_path: Path) -> None:
    document = corrected(ViewMode.SEMANTIC)
    shown = document.labels()
    document.class_thresholds = dict.fromkeys(range(1, 151), 1.0)
    options = ExportOptions(detections=True)
    png, beside = export_snapshot(document.snapshot(), folder=tmp_path, stem="street", photo=None, options=options)
    assert np.array_equal(read_labels(png), shown)
    record = json.loads(beside.read_text(encoding="utf-8"))
    assert record["threshold"] is None
    assert "class_thresholds" not in record


def test_a_snapshot_is_the_moment_it_was_taken() -> None:
    document = corrected()
    snapshot, shown = document.snapshot(), document.labels()
    assert document.segment_map is not None
    Edit(document.segment_map).paint(Box(0, 0, 90, 60), None, 103)
    document.set_prediction(
        answer(1), layer=answer(1).segment_map(), table=answer(1).segment_table(), mode=ViewMode.SEGMENTS
    )
    document.threshold = 0.9
    document.class_thresholds = dict.fromkeys(range(1, 151), 1.0)
    document.park()
    assert np.array_equal(resolve(snapshot).labels, shown)


def test_the_corrections_of_an_open_picture_are_copied_not_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressing takes longer than a hand may wait, and a snapshot is taken while it does."""
    document = corrected()

    def refuse(_map: SegmentMap) -> None:
        raise AssertionError("compressed")

    monkeypatch.setattr("app.core.document.human_snapshot", refuse)
    assert np.array_equal(resolve(document.snapshot()).labels, document.labels())


def test_corrections_of_another_size_are_refused() -> None:
    small = np.zeros((60, 90), np.uint8)
    snapshot = DocumentSnapshot(Path("street.jpg"), layer=small, corrections=HumanLayer.of_map(SegmentMap(60, 91)))
    with pytest.raises(PhotoError, match=r"^street\.jpg has another size than its corrections"):
        resolve(snapshot)


@pytest.mark.parametrize("mode", ViewMode)
def test_a_picture_that_was_never_opened(mode: ViewMode) -> None:
    snapshot = DocumentSnapshot.empty(Path("new.jpg"), threshold=0.3, mode=mode)
    with pytest.raises(PhotoError, match=r"new.jpg has neither a prediction nor corrections yet\.$"):
        resolve(snapshot)
    predicted = snapshot.with_prediction(answer())
    expected = answer().labels(0.3) if mode is ViewMode.SEGMENTS else answer().semantic_labels()
    assert np.array_equal(resolve(predicted).labels, expected)
    if mode is ViewMode.SEGMENTS:
        assert put_together(answer().detections(0.3)).tolist() == expected.tolist()
        assert len(resolve(predicted).detections()) == len(answer().detections(0.3))


@pytest.mark.parametrize("rest", Rest)
@pytest.mark.parametrize("mode", ViewMode)
def test_labels_alone_are_those_that_are_exported_with_everything(*, mode: ViewMode, rest: Rest) -> None:
    untouched = replace(
        DocumentSnapshot.empty(Path("a.jpg"), threshold=0.3, mode=mode).with_prediction(answer()),
        class_thresholds={int(answer().class_ids[0]): 0.95},
    )
    for snapshot in (untouched, untouched.composed(), corrected(mode).snapshot()):
        np.testing.assert_array_equal(labels_of(snapshot, rest=rest), resolve(snapshot, rest=rest).labels)


def test_labels_alone_compose_no_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = DocumentSnapshot.empty(Path("a.jpg"), threshold=THRESHOLD).with_prediction(answer())
    expected = resolve(snapshot).labels
    monkeypatch.setattr(Prediction, "segment_map", lambda _self: pytest.fail("composed"))
    np.testing.assert_array_equal(labels_of(snapshot), expected)


def test_corrections_without_a_prediction() -> None:
    document = corrected()
    document.drop_prediction()
    shown = document.labels()
    assert np.array_equal(resolve(document.snapshot(), rest=Rest.SEMANTIC).labels, shown)
    assert set(np.unique(shown)) == {0, 12}
    renewed = document.snapshot().with_prediction(answer())
    assert np.array_equal(resolve(renewed).labels, corrected().labels())


def test_the_files(tmp_path: Path) -> None:
    document = corrected()
    folder = tmp_path / "new" / "labels"
    paths = export_snapshot(document.snapshot(), folder=folder, stem="street", photo=document.photo, options=EVERYTHING)
    assert paths == [folder / "street.png", folder / "street.json", folder / "street_overlay.jpg"]
    assert sorted(folder.iterdir()) == sorted(paths)
    labels = read_labels(paths[0])
    assert np.array_equal(labels, resolve(document.snapshot(), rest=Rest.SEMANTIC).labels)
    record = json.loads(paths[1].read_text(encoding="utf-8"))
    assert list(record) == ["image", "size", "model", "threshold", "detections"]
    assert (record["image"], record["size"], record["model"]) == ("street.jpg", [90, 60], "starter")
    assert record["threshold"] == THRESHOLD
    assert np.array_equal(put_together(record["detections"]), labels)
    jpeg = cv2.cvtColor(cv2.imdecode(np.fromfile(paths[2], np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert document.photo is not None
    expected = export.overlay_picture(document.photo, labels)
    assert np.abs(jpeg.astype(int) - expected).mean() < 16  # random labels are hard on JPEG
    assert np.abs(jpeg[::-1].astype(int) - expected).mean() > 25


def test_only_what_was_asked_for(tmp_path: Path) -> None:
    labels = np.zeros((4, 5), np.uint8)
    assert export_picture(folder=tmp_path, stem="a", labels=labels, options=ExportOptions()) == [tmp_path / "a.png"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    for options in (ExportOptions(overlay=True), ExportOptions(detections=True)):
        with pytest.raises(ValueError, match="given"):
            export_picture(folder=tmp_path, stem="b", labels=labels, options=options)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_photo_itself_is_never_overwritten(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    photo.write_bytes(b"a photo")
    labels = np.zeros((4, 5), np.uint8)
    with pytest.raises(ExportError, match=r"^a.png would overwrite the photo itself; choose another folder\.$"):
        export_picture(folder=tmp_path, stem="a", labels=labels, options=ExportOptions(), source=photo)
    assert photo.read_bytes() == b"a photo"
    overlay = tmp_path / "b_overlay.jpg"
    overlay.write_bytes(b"a photo")
    with pytest.raises(ExportError, match="would overwrite the photo itself"):
        export_picture(
            folder=tmp_path, stem="b", labels=labels, photo=np.zeros((4, 5, 3), np.uint8),
            options=ExportOptions(overlay=True), source=overlay,
        )  # fmt: skip
    assert not (tmp_path / "b.png").exists()


def test_a_failure_leaves_no_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PNG says that a picture is done, so it comes last."""

    def full(path: Path, _data: bytes) -> None:
        raise ExportError(f"{path.name} cannot be written: the disk is full.")

    monkeypatch.setattr(export, "atomic_write", full)
    with pytest.raises(ExportError, match="json cannot"):
        export_picture(
            folder=tmp_path, stem="a", labels=np.zeros((4, 5), np.uint8), detections=[],
            options=ExportOptions(detections=True),
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_a_picture_too_long_for_jpeg(tmp_path: Path) -> None:
    labels = np.zeros((1, 70_000), np.uint8)
    with pytest.raises(ExportError, match=r"^a is too large for an overlay as JPEG\.$"):
        export_picture(
            folder=tmp_path, stem="a", labels=labels, photo=np.zeros((1, 70_000, 3), np.uint8),
            options=ExportOptions(overlay=True),
        )  # fmt: skip


@pytest.mark.parametrize("opacity", [0.0, 0.55, 1.0])
def test_overlay_blends_where_there_is_a_label(opacity: float) -> None:
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (1100, 7, 3), dtype=np.uint8)
    labels = random.integers(0, 151, (1100, 7), dtype=np.uint8)
    labels[labels < 60] = 0
    colours = np.array([(0, 0, 0), *[ade_class(class_id).color for class_id in range(1, 151)]])
    blended = photo * (1 - opacity) + colours[labels] * opacity
    expected = np.where(labels[..., None] > 0, blended, photo)
    assert np.abs(export.overlay_picture(photo, labels, opacity) - expected).max() <= 1
    with pytest.raises(ValueError, match="do not fit"):
        export.overlay_picture(photo, labels[1:])


def test_a_name_too_long_for_what_is_put_behind_it_is_refused_in_a_sentence(tmp_path: Path) -> None:
    photo, labels = tmp_path / f"{'x' * 251}.png", np.ones((4, 6), np.uint8)
    photo.write_bytes(b"photo")
    with pytest.raises(ExportError, match=r"_overlay\.jpg cannot be written: "):
        export_picture(
            folder=tmp_path / "out",
            stem=photo.stem,
            labels=labels,
            options=ExportOptions(overlay=True),
            photo=np.zeros((4, 6, 3), np.uint8),
            source=photo,
        )
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("rest", Rest)
def test_what_the_network_says_is_nothing_is_exported_unlabelled_in_either_view(tmp_path: Path, rest: Rest) -> None:
    """A network with a channel for it: the left half is sky, the right half nothing."""
    classes = np.zeros((2, 151), np.float32)
    classes[0, 2], classes[1, [4, 150]] = 0.9, 0.4
    masks = np.zeros((2, 6, 8), np.float32)
    masks[0, :, :4], masks[1, :, 4:] = 1, 1
    prediction = Prediction(classes, masks, (60, 80))
    for mode in ViewMode:
        document = Document(Path("street.jpg"))
        document.attach_photo((np.zeros((60, 80, 3), np.uint8),))
        layer, table = compose_layer(prediction, mode)
        document.set_prediction(prediction, layer=layer, table=table, mode=mode, model="mine")
        hover = document.describe(70, 30)
        assert hover is not None
        assert hover.class_id == 0
        export_snapshot(document.snapshot(), folder=tmp_path, stem=mode.value, photo=None, options=ExportOptions(rest))
        labels = read_labels(tmp_path / f"{mode.value}.png")
        assert set(np.unique(labels[:, :35])) == {3}
        assert not labels[:, 45:].any()
    for found in (classes_at(prediction, 70, 30, 150), probable_classes(prediction, 1, 150)):
        assert sorted(class_id for class_id, _ in found) == list(range(1, 151))
