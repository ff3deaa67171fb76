"""Exports from the window: what was asked for is what is written, and the user's work gets out whatever else fails."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.answering.model_in_use
import app.exporting.exporter
from app.answering.model_in_use import ModelChoice
from app.core.ade_png import read_labels
from app.core.document import ViewMode
from app.core.export import ExportOptions, Rest
from app.core.export_plan import plan_export
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.desk import Desk
from app.exporting.exporter import Exporter, ExportSummary
from inference.errors import WeightsError
from tests.app.desk_scene import FakeSegmenter, Named, predicted

ALL = ExportOptions(overlay=True, detections=True)
LABELS_ONLY = ExportOptions()
CORNER = Box(0, 0, 5, 5)


@pytest.fixture
def exporter(desk: Desk) -> Exporter:
    return Exporter(desk, desk.session)


def paint(desk: Desk, class_id: int, box: Box = CORNER) -> None:
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(box, None, human_value(class_id))
    assert gesture.commit()


def export(
    exporter: Exporter, qtbot: QtBot, pictures: list[Path], folder: Path, options: ExportOptions = LABELS_ONLY
) -> ExportSummary:
    with qtbot.waitSignal(exporter.finished, timeout=10_000) as finished:
        exporter.start(plan_export(pictures, folder, options))
    summary = finished.args[0]
    assert isinstance(summary, ExportSummary)
    return summary


def test_pictures_never_opened_are_predicted_and_written(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    paint(desk, 7)
    summary = export(exporter, qtbot, photos, tmp_path / "out", ALL)
    assert [path.name for path in summary.written] == [f"{number}.png" for number in range(5)]
    assert summary.skipped == summary.notes == []
    for number, photo in enumerate(photos):
        labels = read_labels(tmp_path / "out" / f"{number}.png")
        assert labels.shape == (40, 100 + number)
        record = json.loads((tmp_path / "out" / f"{number}.json").read_text())
        assert record["model"] == "fake"
        assert desk.session.is_exported(photo)
    assert (read_labels(tmp_path / "out" / "0.png")[:5, :5] == 7).all()
    assert desk.session.unexported() == []


def test_stroke_made_during_an_export_stays_unexported(
    desk: Desk, exporter: Exporter, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    paint(desk, 7)
    with qtbot.waitSignal(exporter.finished):
        exporter.start(plan_export(photos[:1], tmp_path / "out", ExportOptions()))
        desk.session.undo()
        paint(desk, 8, Box(10, 10, 20, 20))
    labels = read_labels(tmp_path / "out" / "0.png")
    assert (labels[:5, :5] == 7).all()
    assert desk.session.unexported() == photos[:1]


def test_every_picture_is_exported_in_the_view_on_screen(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[1]) and desk.idle)
    desk.session.set_threshold(1.0)
    desk.session.set_mode(ViewMode.SEMANTIC)
    qtbot.waitUntil(lambda: desk.idle)
    export(exporter, qtbot, photos, tmp_path / "semantic")
    desk.session.set_mode(ViewMode.SEGMENTS)
    export(exporter, qtbot, photos, tmp_path / "segments")
    for number in range(5):
        assert (read_labels(tmp_path / "semantic" / f"{number}.png") > 0).all()
        assert not read_labels(tmp_path / "segments" / f"{number}.png").any()
    export(exporter, qtbot, photos, tmp_path / "filled", ExportOptions(rest=Rest.SEMANTIC))
    assert (read_labels(tmp_path / "filled" / "3.png") > 0).all()


def test_thresholds_of_classes_hold_for_pictures_never_opened_too(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    desk.session.set_threshold(1.0)
    for number in (0, 3):  # the network sees one class in each picture, 101 + its number
        desk.session.set_class_threshold(101 + number, 0.2)
    document = desk.session.document
    assert document is not None
    shown = document.labels()
    assert (shown == 101).all()
    export(exporter, qtbot, photos, tmp_path / "out")
    assert np.array_equal(read_labels(tmp_path / "out" / "0.png"), shown)
    labels = [np.unique(read_labels(tmp_path / "out" / f"{number}.png")).tolist() for number in range(5)]
    assert labels == [[101], [0], [0], [104], [0]]
    assert all(desk.session.is_exported(photo) for photo in photos)
    desk.session.set_class_threshold(104, None)
    assert not any(desk.session.is_exported(photo) for photo in photos)


def test_corrections_get_out_without_photo_and_without_network(
    desk: Desk,
    exporter: Exporter,
    photos: list[Path],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: str) -> None:
        raise WeightsError("The weights are gone.")

    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", refuse)
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.open(photos[:2])
    qtbot.waitUntil(lambda: "The weights are gone." in "".join(problems))
    paint(desk, 9)
    summary = export(exporter, qtbot, photos[:2], tmp_path / "out", ALL)
    assert [path.name for path in summary.written] == ["0.png"]
    assert "your corrections alone: The weights are gone." in summary.notes[0][1]
    assert summary.skipped == [(photos[1], "The weights are gone.")]
    labels = read_labels(tmp_path / "out" / "0.png")
    assert (labels[:5, :5] == 9).all()
    assert not labels[5:].any()
    photos[0].unlink()
    paint(desk, 10)
    summary = export(exporter, qtbot, photos[:1], tmp_path / "out", ALL)
    assert len(summary.written) == 1
    assert (read_labels(tmp_path / "out" / "0.png")[:5, :5] == 10).all()


def test_photo_of_another_size_costs_only_its_overlay(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    cv2.imwrite(str(photos[0]), np.zeros((9, 9, 3), np.uint8))
    summary = export(exporter, qtbot, photos[:1], tmp_path / "out", ALL)
    assert "has changed on disk" in summary.notes[0][1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.json", "0.png"]
    assert read_labels(tmp_path / "out" / "0.png").shape == (40, 100)


def test_many_are_handed_on_as_others_are_done_and_shown_as_when_they_were_asked_for(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.exporting.exporter, "AHEAD", 1)
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    desk.show(photos[4])
    qtbot.waitUntil(lambda: predicted(desk, photos[4]) and desk.idle)
    paint(desk, 7)
    threshold = desk.session.threshold
    with qtbot.waitSignal(exporter.finished, timeout=10_000) as finished:
        exporter.start(plan_export(photos, tmp_path / "out", ExportOptions()))
        paint(desk, 8)  # too late
        desk.session.set_threshold(0.99)
    assert sorted(path.name for path in finished.args[0].written) == [f"{number}.png" for number in range(5)]
    assert (read_labels(tmp_path / "out" / "4.png")[:5, :5] == 7).all()
    for photo in photos:
        state = desk.session.exported_state(photo)
        assert state is not None
        assert state.threshold == threshold


def test_cancel_leaves_what_is_written_and_the_next_export_works(
    desk: Desk, exporter: Exporter, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    segmenter.gate.clear()
    segmenter.entered.clear()
    exporter.start(plan_export(photos, tmp_path / "out", ExportOptions()))
    qtbot.waitUntil(segmenter.entered.is_set)
    with qtbot.waitSignal(exporter.finished) as finished:
        exporter.cancel()
    summary = finished.args[0]
    assert len(summary.written) + summary.cancelled == 5
    assert summary.cancelled >= 4
    segmenter.gate.set()
    qtbot.waitUntil(lambda: desk.idle)
    assert len(export(exporter, qtbot, photos, tmp_path / "out").written) == 5


def test_other_model_chosen_meanwhile_does_not_mix_into_an_export(
    desk: Desk,
    exporter: Exporter,
    segmenter: FakeSegmenter,
    photos: list[Path],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    segmenter.gate.clear()
    segmenter.entered.clear()
    exporter.start(plan_export(photos, tmp_path / "out", ALL))
    qtbot.waitUntil(segmenter.entered.is_set)
    other = FakeSegmenter(card=Named("other"))
    other.gate.set()
    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", lambda *_: other)
    desk.use_model(ModelChoice("other"))
    with qtbot.waitSignal(exporter.finished):
        segmenter.gate.set()
    names = {json.loads(file.read_text())["model"] for file in (tmp_path / "out").glob("*.json")}
    assert names == {"fake"}
    qtbot.waitUntil(lambda: desk.idle)
    assert other.seen == [100]


def test_late_answer_of_the_old_model_is_dropped(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    other = FakeSegmenter(card=Named("other"))
    other.gate.set()
    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", lambda *_: other)
    desk.use_model(ModelChoice("other"))
    desk.show(photos[3])
    qtbot.waitUntil(lambda: predicted(desk, photos[3]) and desk.idle)
    assert 103 in other.seen
    document = desk.session.find(photos[3])
    assert document is not None
    assert document.model == "other"


def test_escape_keeps_the_model_in_use(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, segmenter: FakeSegmenter
) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    other = FakeSegmenter(card=Named("other"))
    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", lambda *_: other)
    desk.use_model(ModelChoice("other"))
    assert desk.cancel()
    desk.predict_again()
    qtbot.waitUntil(lambda: desk.idle)
    assert desk.choice == ModelChoice()
    assert segmenter.seen == [100, 100]
    assert other.seen == []


def test_photo_that_changed_under_corrections_is_said_not_a_crash(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    paint(desk, 7)
    for photo in photos[1:]:
        desk.show(photo)
        qtbot.waitUntil(lambda photo=photo: predicted(desk, photo) and desk.idle)
    document = desk.session.find(photos[0])
    assert document is not None
    document.park()
    cv2.imwrite(str(photos[0]), np.zeros((9, 9, 3), np.uint8))
    busy: list[str] = []
    desk.busy_changed.connect(busy.append)
    desk.show(photos[0])
    qtbot.waitUntil(lambda: "changed on disk" in desk.keeper.refusal(photos[0]))
    qtbot.waitUntil(lambda: busy[-1] == "")
    assert desk.session.unexported() == [photos[0]]
    desk.keeper.use_record(photos[0], use=True)
    qtbot.waitUntil(lambda: desk.folder.problem(photos[0]) != "")
    assert desk.keeper.is_undecided(photos[0]), "corrections of another size cannot hold"
    desk.keeper.use_record(photos[0], use=False)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    assert desk.session.unexported() == []


def test_a_plan_spares_the_photo_that_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    real, link = tmp_path / "a.png", tmp_path / "photos" / "a.jpg"
    real.write_bytes(b"a photo")
    link.symlink_to(real)
    assert plan_export([link], tmp_path, LABELS_ONLY).refused.keys() == {link}
    (tmp_path / "same").symlink_to(tmp_path)
    assert plan_export([tmp_path / "same" / "a.png"], tmp_path, LABELS_ONLY).refused
    assert plan_export([link], tmp_path / "elsewhere", LABELS_ONLY).targets == {link: "a"}


def test_plan_names_every_file_and_spares_photos(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png", "c.jpg", "c_overlay.jpg", "C.tif", "a.json"):
        (tmp_path / name).write_bytes(b"x")
    pictures = [tmp_path / name for name in ("a.jpg", "b.png", "c.jpg", "C.tif")]
    plan = plan_export(pictures, tmp_path, ALL, sources=[tmp_path / "c_overlay.jpg"])
    assert plan.targets == {tmp_path / "a.jpg": "a"}
    assert "would overwrite" in plan.refused[tmp_path / "b.png"]
    assert "c_overlay.jpg would overwrite" in plan.refused[tmp_path / "c.jpg"]
    assert "same name" in plan.refused[tmp_path / "C.tif"]
    assert plan.existing() == {tmp_path / "a.jpg": [tmp_path / "a.json"]}
    elsewhere = plan_export(pictures, tmp_path / "out", ALL)
    assert elsewhere.existing() == {}
    assert set(elsewhere.refused) == {tmp_path / "C.tif"}
