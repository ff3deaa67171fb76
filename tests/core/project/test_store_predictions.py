"""The answers of the network in a project, and what follows from them: areas, and what changed since the export."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.document import ViewMode
from app.core.pictures import PictureStatus
from app.core.project.packing import rounded
from app.core.project.predictions import PackedAnswer
from app.core.project.records import ExportedState
from app.core.project.store import ProjectStore
from app.core.tables import Thresholds
from tests.core.project.projects import Painter, damage, identity, loaded, some_prediction


def test_a_photo_that_changed_and_was_predicted_anew_is_that_photo_unless_it_has_corrections(
    store: ProjectStore,
) -> None:
    old, new = identity(1), replace(identity(2), header=b"new")
    for name in ("a.jpg", "b.jpg"):
        store.add_files([(name, old)])
        store.keep_prediction(name, some_prediction(), model="starter", identity=old)
    Painter(store, "b.jpg").paint()
    for name in ("a.jpg", "b.jpg"):
        store.keep_prediction(name, some_prediction(), model="starter", identity=new)
    assert store.add_files([("a.jpg", new), ("b.jpg", new)]) == ["b.jpg"]
    kept = loaded(store, "b.jpg")
    assert kept.identity == old
    predicted = store.prediction("b.jpg")
    assert predicted is not None
    assert predicted.identity == new


def test_a_prediction_comes_back_rounded(store: ProjectStore) -> None:
    prediction = some_prediction(2)
    store.keep_prediction("a.jpg", prediction, model="bisenetformer-l", identity=identity(7))
    kept = store.prediction("a.jpg")
    assert kept is not None
    assert (kept.model, kept.identity) == ("bisenetformer-l", identity(7))
    assert np.array_equal(kept.prediction.mask_probs, rounded(prediction).mask_probs)
    (row,) = store.rows()
    assert (row.status, row.model, row.size) == (PictureStatus.PREDICTED, "bisenetformer-l", identity(7).size)


def test_rows_whose_areas_changed_are_told_once(store: ProjectStore) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    store.add_files([(name, identity(7)) for name in names])
    assert store.touched() is None  # nobody knows what was read before
    assert store.touched() == set()
    store.set_status("a.jpg", PictureStatus.DONE)
    store.set_value("list", 1)
    assert store.touched() == set()
    store.keep_answer(
        "a.jpg", PackedAnswer.of(some_prediction(), np.ones(256, np.int64)), model="starter", identity=identity(7)
    )
    store.set_threshold("b.jpg", 0.3)
    store.gone(["d.jpg"])
    assert store.touched() == {1, 2, 4}
    assert store.touched() == set()
    other = ProjectStore.open(store.root, store.file)
    other.set_threshold("c.jpg", 0.3)
    other.close()
    assert store.touched() is None
    assert store.touched() == set()
    store.adopt(ProjectStore.open(store.root, store.file))  # as after its folder was renamed: another connection
    assert store.touched() is None
    store.set_threshold("c.jpg", 0.4)
    assert store.touched() == {3}


def test_a_damaged_prediction_is_none(store: ProjectStore) -> None:
    store.keep_prediction("a.jpg", some_prediction(), model="starter", identity=identity())
    damage(store, "prediction", "data")
    assert store.prediction("a.jpg") is None


def test_what_counts_as_changed_since_the_export(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    store.keep_prediction("a.jpg", some_prediction(1), model="starter", identity=identity())

    def changed(threshold: float | None = 0.5) -> bool:
        return store.rows()[0].changed_since_export(threshold)

    assert not changed()  # never exported: there is nothing that could differ
    store.set_exported("a.jpg", ExportedState(2, ViewMode.SEGMENTS, 0.5))
    assert not changed()
    assert changed(0.6)
    assert changed(None)
    painter.stand_at(1)
    assert changed()
    painter.stand_at(2)
    assert not changed()
    store.set_threshold("a.jpg", 0.7)
    assert changed()
    store.set_threshold("a.jpg", 0.5)
    assert not changed(0.9)  # its own threshold counts
    store.keep_prediction("a.jpg", some_prediction(1), model="starter", identity=identity())
    assert not changed()
    store.keep_prediction("a.jpg", some_prediction(2), model="other", identity=identity())
    assert changed()
    store.set_exported("a.jpg", ExportedState(2, ViewMode.SEGMENTS, 0.5))
    assert not changed()


def test_areas_follow_predictions_and_corrections(store: ProjectStore) -> None:
    prediction = rounded(some_prediction(4))
    counts = np.bincount(prediction.segment_map().ravel(), minlength=256)
    store.keep_prediction("a.jpg", prediction, model="starter", identity=identity(), counts=counts)
    labels = prediction.labels(0.3)
    boat = int(np.bincount(labels.ravel(), minlength=151)[1:].argmax()) + 1
    share = float((labels == boat).mean())
    assert store.with_class(boat, threshold=0.3, share=share - 0.001) == {"a.jpg"}
    assert store.with_class(boat, threshold=0.3, share=share + 0.001) == set()
    assert store.with_class(boat, threshold=Thresholds(0.3, {boat: 1.0})) == set()
    assert store.areas().unlabelled_shares(threshold=0.3) == pytest.approx([(labels == 0).mean()])
    decided = np.zeros(256, np.int64)
    decided[150] = 10
    store.keep_areas("a.jpg", decided, prediction.segment_table())
    assert store.with_class(50, threshold=1.0, share=0.99) == {"a.jpg"}
    store.keep_prediction("a.jpg", prediction, model="starter", identity=identity())
    assert store.with_class(50, threshold=1.0) == set()  # what is not known is not guessed


def test_the_answer_of_a_picture_that_is_done_counts_whichever_model_gave_it(store: ProjectStore) -> None:
    store.keep_prediction("a.jpg", some_prediction(), model="starter", identity=identity(7))
    store.add_files([("b.jpg", identity(8))])
    store.set_status("b.jpg", PictureStatus.DONE)
    for status in PictureStatus:
        store.set_status("a.jpg", status)
        accepted = identity(7) if status is PictureStatus.DONE else None
        assert store.predicted_identity("a.jpg", model="starter") == identity(7)
        assert store.predicted_identity("a.jpg", model="mine") == accepted
        assert store.predicted_identity("a.jpg", model=None) == accepted
    assert store.predicted_identity("b.jpg", model="starter") is None
