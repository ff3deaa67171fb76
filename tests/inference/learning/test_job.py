"""A job is a folder: written whole or not at all, opened again, refused in one sentence where it cannot be used."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.calibration import Calibration
from inference.errors import ExpectedError, WeightsError
from inference.foreign import ForeignGraph
from inference.learning.events import StepTold
from inference.learning.job import Job, JobError, JobState, is_held_back
from inference.learning.pictures import place_of
from inference.learning.settings import LearnSettings, Untouched
from inference.models import ModelCard
from tests.inference.learning.jobs import create, finished_picture, finished_pictures, report, small_job


def test_a_job_is_opened_as_it_was_created(tmp_path: Path, parent: ModelCard) -> None:
    about = {"trained_on": "photos", "limits": "night", "lineage": {"steps": 100}}
    parent = replace(parent, input_size=96, calibration=Calibration(1.7, -2.75), **about)  # type: ignore[arg-type]
    settings = LearnSettings(untouched=Untouched.IGNORE, steps=7, learning_rate=1e-4, device="cpu")
    made = Job.create(tmp_path / "job", parent=parent, name="mine", settings=settings, pictures=finished_pictures())
    found = Job.open(tmp_path / "job")
    assert found == made
    assert found.parent.weights() == parent.file
    assert found.parent.network == parent.network
    assert found.state is JobState.NEW
    assert found.report() is None
    assert found.progress() == []
    assert [picture.held_back for picture in found.pictures] == [False] * 4 + [True]
    assert {picture.decided for picture in found.pictures} == {64 * 80}


def test_a_job_is_found_from_everywhere(tmp_path: Path, parent: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process runs in another folder."""
    monkeypatch.chdir(tmp_path)
    made = create(Path("job"), replace(parent, file=Path("tiny.safetensors")), finished_pictures())
    found = Job.open(Path("job"))
    assert made.folder == found.folder == tmp_path.resolve() / "job"
    assert found.parent.file == tmp_path.resolve() / "tiny.safetensors"


def test_pixels_come_back_as_they_were(tmp_path: Path, parent: ModelCard) -> None:
    given = finished_pictures()
    given[1].trust[:8] = 150
    job = create(tmp_path / "job", parent, given)
    stored = job.picture(1)
    assert (stored.name, stored.held_back) == ("1.jpg", False)
    for wanted, found in zip(
        (given[1].photo, given[1].labels, given[1].trust), (stored.photo, stored.labels, stored.trust), strict=True
    ):
        np.testing.assert_array_equal(found, wanted)
    assert (job.pictures[1].decided, job.pictures[1].kept) == (56 * 80, 8 * 80)


def test_large_photos_are_stored_small_and_counted_as_they_were(tmp_path: Path, parent: ModelCard) -> None:
    large = [finished_picture(f"{index}", height=200, width=300) for index in range(4)]
    job = create(tmp_path / "job", parent, large)
    stored = job.picture(0)
    assert stored.photo.shape == (96, 144, 3)  # one and a half times the input size of 64
    assert set(np.unique(stored.labels)) == {3, 4}
    assert job.pictures[0].decided == 200 * 300
    job = create(tmp_path / "job", replace(parent, input_size=None), large)
    assert job.picture(0).photo.shape == (200, 300, 3)  # the network sees photos as large as they are


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_pictures_are_refused_and_leave_nothing(tmp_path: Path, parent: ModelCard, count: int) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(JobError, match=f"at least 4 finished pictures to learn from, not {count}"):
        create(tmp_path / "job", parent, finished_pictures(count))
    assert set(tmp_path.iterdir()) == before
    assert issubclass(JobError, ExpectedError)


def test_pictures_nobody_decided_anything_of_are_refused(tmp_path: Path, parent: ModelCard) -> None:
    nothing = [replace(picture, trust=np.full_like(picture.trust, 90)) for picture in finished_pictures()]
    with pytest.raises(JobError, match="nothing to learn from"):
        create(tmp_path / "job", parent, nothing)


def test_where_only_what_is_held_back_was_decided_nothing_can_be_learned(tmp_path: Path, parent: ModelCard) -> None:
    *others, last = finished_pictures()
    assert last.held_back
    nothing = [replace(picture, trust=np.full_like(picture.trust, 90)) for picture in others]
    with pytest.raises(JobError, match="nothing to learn from: nobody decided a pixel"):
        create(tmp_path / "job", parent, [*nothing, last])


def test_pixels_that_a_person_left_without_a_label_teach_nothing(tmp_path: Path, parent: ModelCard) -> None:
    erased = [replace(picture, labels=np.zeros_like(picture.labels)) for picture in finished_pictures()]
    with pytest.raises(JobError, match="nothing to learn from: no pixel of the finished pictures has a label"):
        create(tmp_path / "job", parent, erased)
    one = finished_picture("9")
    for pictures in ([*erased[:4], one], [one, *erased[:4]]):
        job = create(tmp_path / "job", parent, pictures)
        assert job.pictures[pictures.index(one)].decided == 64 * 80


def test_what_is_kept_at_a_weight_is_enough_to_learn_from(tmp_path: Path, parent: ModelCard) -> None:
    untouched = [replace(picture, trust=np.full_like(picture.trust, 200)) for picture in finished_pictures()]
    job = create(tmp_path / "job", parent, untouched)
    assert {(picture.decided, picture.kept) for picture in job.pictures} == {(0, 64 * 80)}
    with pytest.raises(JobError, match="nothing to learn from"):
        Job.create(
            tmp_path / "other",
            parent=parent,
            name="mine",
            settings=LearnSettings(kept_weight=0.0),
            pictures=untouched,
        )


def test_a_parent_without_a_known_hash_gets_that_of_its_file(tmp_path: Path, parent: ModelCard) -> None:
    """Another file in its place is noticed however the job was begun."""
    assert parent.file is not None
    job = create(tmp_path / "job", replace(parent, sha256=None), finished_pictures())
    assert Job.open(job.folder).parent.sha256 == hashlib.sha256(parent.file.read_bytes()).hexdigest()


def test_the_picture_that_changes_sides_is_the_nearest_by_its_name(tmp_path: Path, parent: ModelCard) -> None:
    names = [f"{index}.jpg" for index in range(6)]
    for held_back, nearest in ((False, min), (True, max)):
        pictures = [finished_picture(name, held_back=held_back) for name in names]
        settings = LearnSettings(held_back=0.9)
        job = Job.create(tmp_path / "job", parent=parent, name="mine", settings=settings, pictures=pictures)
        assert [picture.name for picture in job.pictures if picture.held_back is not held_back] == [
            nearest(names, key=place_of)
        ]


def test_weights_that_are_gone_and_graphs_of_others_are_refused(tmp_path: Path, parent: ModelCard) -> None:
    graph = ForeignGraph.from_dict({"kind": "onnx", "mean": [0, 0, 0], "std": [1, 1, 1], "none_channel": None})
    with pytest.raises(JobError, match="cannot learn: its network is known as an ONNX graph only"):
        create(tmp_path / "job", replace(parent, network=graph), finished_pictures())
    assert parent.file is not None
    exported = parent.file.with_suffix(".onnx")
    exported.write_bytes(parent.file.read_bytes())
    with pytest.raises(JobError, match="cannot learn: its network is known as an ONNX graph only"):
        create(tmp_path / "job", replace(parent, file=exported), finished_pictures())
    parent.file.unlink()
    with pytest.raises(WeightsError, match="does not exist"):
        create(tmp_path / "job", parent, finished_pictures())


def test_a_name_that_no_model_can_have_is_refused(tmp_path: Path, parent: ModelCard) -> None:
    with pytest.raises(JobError, match="cannot be the name of a model"):
        Job.create(tmp_path / "job", parent=parent, name="../x", settings=LearnSettings(), pictures=[])


@pytest.mark.parametrize("loss", ["job.json", "parent.json", "pictures/0002.trust.png"])
def test_a_job_that_lost_a_file_is_refused(tmp_path: Path, loss: str) -> None:
    job = small_job(tmp_path)
    (job.folder / loss).unlink()
    with pytest.raises(JobError):
        Job.open(job.folder)


@pytest.mark.parametrize(
    "content", ["", "[]", "[" * 100_000, "{}", '{"version": 1}', '{"version": 2}', '{"version": 1, "name": 3}']
)
def test_a_damaged_job_is_refused(tmp_path: Path, content: str) -> None:
    job = small_job(tmp_path)
    (job.folder / "job.json").write_text(content)
    with pytest.raises(JobError, match=r"damaged|another version"):
        Job.open(job.folder)


@pytest.mark.parametrize(("key", "value", "told"), [("version", 2, "another version"), ("name", "../x", "damaged")])
def test_a_job_of_another_version_or_of_no_name_is_refused(tmp_path: Path, key: str, value: object, told: str) -> None:
    """Files of a name that leads elsewhere would be written there."""
    file = small_job(tmp_path).folder / "job.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
    with pytest.raises(JobError, match=told):
        Job.open(file.parent)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_damaged_picture_is_told_by_name(tmp_path: Path, content: bytes) -> None:
    job = small_job(tmp_path)
    (job.folder / "pictures" / "0001.labels.png").write_bytes(content)
    with pytest.raises(JobError, match=r"0001\.labels\.png"):
        job.picture(1)


@pytest.mark.parametrize(("kind", "other"), [("labels", "photo"), ("trust", "photo"), ("photo", "labels")])
def test_a_picture_whose_parts_do_not_belong_together_is_told_by_name(tmp_path: Path, kind: str, other: str) -> None:
    job = small_job(tmp_path, pictures=[*finished_pictures(), finished_picture("large.jpg", height=70)])
    folder = job.folder / "pictures"
    shutil.copy(folder / f"0005.{other}.png", folder / f"0001.{kind}.png")
    with pytest.raises(JobError, match=r"The stored picture 1\.jpg is damaged\."):
        job.picture(1)


def test_what_processes_left_that_were_ended_is_removed_and_nothing_else(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    left = [
        job.folder / ".report.json-ab12",
        job.features / ".0001.safetensors-cd34",
        job.folder / "pace-ef56" / "first",
    ]
    for file in left:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"half of")
    before = {path for path in job.folder.rglob("*") if path not in left}
    job.tidy()
    assert {*job.folder.rglob("*")} == before - {left[2].parent}


def test_the_same_pictures_are_held_back_every_time() -> None:
    names = [f"photo {index}.jpg" for index in range(1000)]
    held_back = [is_held_back(name, 0.2) for name in names]
    assert 150 < sum(held_back) < 250
    assert is_held_back("photo 3.jpg", 0.2) is is_held_back("photo 3.jpg", 0.2)
    more = [is_held_back(name, 0.4) for name in names]
    assert all(later for first, later in zip(held_back, more, strict=True) if first)
    assert not any(is_held_back(name, 0.0) for name in names)


@pytest.mark.parametrize("all_held_back", [False, True])
def test_where_chance_leaves_one_side_empty_a_picture_changes_sides(
    tmp_path: Path, parent: ModelCard, *, all_held_back: bool
) -> None:
    pictures = [finished_picture(f"{index}", held_back=all_held_back) for index in range(4)]
    settings = LearnSettings(held_back=0.9)
    job = Job.create(tmp_path / "job", parent=parent, name="mine", settings=settings, pictures=pictures)
    assert len(job.indices(held_back=True)) == (3 if all_held_back else 1)


def test_where_chance_would_hold_back_more_than_the_share_the_first_by_their_names_are(
    tmp_path: Path, parent: ModelCard
) -> None:
    names = [f"{index}.png" for index in range(8)]
    pictures = [finished_picture(name, held_back=is_held_back(name, 0.2)) for name in names]
    assert sum(picture.held_back for picture in pictures) == 3
    job = create(tmp_path / "job", parent, pictures)
    assert {picture.name for picture in job.pictures if picture.held_back} == {*sorted(names, key=place_of)[:2]}


def test_nothing_is_held_back_where_nothing_shall_be(tmp_path: Path, parent: ModelCard) -> None:
    pictures = [finished_picture(f"{index}") for index in range(4)]
    settings = LearnSettings(held_back=0.0)
    job = Job.create(tmp_path / "job", parent=parent, name="mine", settings=settings, pictures=pictures)
    assert job.indices(held_back=True) == []


def test_the_loss_curve_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    points = [StepTold(step, 4, 1 / step, float(step), None) for step in (1, 2, 3)]
    for point in points:
        job.add_progress(point)
    with (job.folder / "progress.jsonl").open("ab") as file:
        file.write(b'{"event": "step", "st\xff')
    assert job.progress() == points
    job.forget_progress(after=2)
    assert job.progress() == points[:2]


def test_a_finished_job_has_its_result_and_report(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    job.checkpoint.write_bytes(b"learned")
    job.result.parent.mkdir()
    job.result.write_bytes(b"weights")
    assert job.state is JobState.UNFINISHED
    job.report_file.write_text(json.dumps(report().to_json()))
    assert job.state is JobState.FINISHED
    assert job.report() == report()
    for damaged in ("{}", "[" * 100_000):
        job.report_file.write_text(damaged)
        with pytest.raises(JobError, match="report"):
            job.report()
