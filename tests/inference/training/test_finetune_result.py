"""What the card of a new model says: figures of the new one, lineage with those of both."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.errors import WeightsError
from inference.learning.job import Job
from inference.learning.report import ClassChange, LearnReport
from inference.learning.settings import LearnSettings
from inference.models import read_card
from inference.training.finetune_result import card_of, load_network, mixed, write_result, write_weights
from tests.inference.learning.jobs import finished_pictures, report, small_job, small_parent


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Of five pictures the last is held back; some of the second was the network's, with a score."""
    pictures = finished_pictures()
    pictures[1].trust[:8] = 150
    return small_job(tmp_path, settings=LearnSettings(steps=1, device="cpu"), pictures=pictures)


def better() -> LearnReport:
    """With a class that only a prediction has."""
    found = report()
    return replace(found, mix=0.5, classes=(*found.classes, ClassChange(class_id=7, pixels=0, before=0.0, after=None)))


def test_the_figures_are_those_of_the_new_model(job: Job) -> None:
    segments, semantic = card_of(job, better(), sha256="ab" * 32)["figures"]
    assert segments == {
        "photos": "pictures of the same project, which it did not learn from",
        "pictures": 2,
        "against": "the labels of whoever finished them",
        "view": "segments",
        "pixel_accuracy": 90.0,
        "mean_iou": 50.0,
        "classes": 1,
        "unlabelled": 5.0,
    }
    assert (semantic["view"], semantic["pixel_accuracy"], semantic["unlabelled"]) == ("semantic", 80.0, 0.0)
    [flattered, _] = card_of(job, replace(better(), known=1), sha256="ab" * 32)["figures"]
    assert flattered["photos"].endswith("which it did not learn from, though its parent had learned from 1 of them")


def test_the_card_describes_the_new_file_and_has_what_its_parent_says(job: Job) -> None:
    card = card_of(job, replace(report(), trained=1), sha256="ab" * 32)
    assert (card["name"], card["file"], card["url"], card["sha256"]) == ("mine", "mine.safetensors", None, "ab" * 32)
    parent = job.parent
    assert (card["network"], card["input_size"]) == (parent.network.to_dict(), parent.input_size)
    assert (card["classes"], card["licence"], card["limits"]) == (parent.classes, parent.licence, parent.limits)
    assert card["trained_on"] == (
        "tiny was trained on this: not stated. Then it learned from the corrections of 1 picture of its user."
    )


def test_the_lineage_has_what_was_learned_from_and_what_came_of_it(job: Job) -> None:
    found = better()
    lineage = card_of(job, found, sha256="ab" * 32)["lineage"]
    assert (lineage["decided_pixels"], lineage["kept_pixels"]) == (4 * 64 * 80 - 8 * 80, 8 * 80)
    assert (lineage["steps"], lineage["mix"], lineage["seconds"]) == (100, 0.5, 61.5)
    assert lineage["before"]["segments"] == {"pixel_accuracy": 0.8, "mean_iou": 0.4, "unlabelled": 0.05}
    assert lineage["after"]["segments"] == {"pixel_accuracy": 0.9, "mean_iou": 0.5, "unlabelled": 0.05}
    assert lineage["recommended"]
    assert not card_of(job, report(accuracy=(0.8, 0.7)), sha256="")["lineage"]["recommended"]


def test_a_mix_has_its_share_of_what_was_learned_and_counts_of_it() -> None:
    parent = {"weight": torch.tensor([0.0, 4.0]), "steps": torch.tensor(3)}
    learned = {"weight": torch.tensor([8.0, 0.0]), "steps": torch.tensor(7)}
    found = mixed(parent, learned, 0.25)
    assert (found["weight"].tolist(), int(found["steps"])) == ([2.0, 3.0], 7)
    assert parent["weight"].tolist() == [0.0, 4.0]


def test_weights_are_those_of_a_network_to_be_run_or_refused(tmp_path: Path) -> None:
    parent = small_parent(tmp_path)
    assert not load_network(parent.weights(), parent.own_network, device="cpu").training
    tensors = load_file(parent.weights())
    del tensors["head.predictor.query_feat.weight"]
    save_file(tensors, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="query_feat"):
        load_network(tmp_path / "other.safetensors", parent.own_network, device="cpu")


def test_weights_are_written_in_full_precision(tmp_path: Path) -> None:
    file = tmp_path / "new" / "mine.safetensors"
    write_weights({"weight": torch.full((3, 2), 0.5, dtype=torch.float16).T, "steps": torch.tensor(7)}, file)
    found = load_file(file)
    assert (found["weight"].dtype, found["steps"].dtype) == (torch.float32, torch.int64)
    assert found["weight"].shape == (2, 3)


def test_the_result_is_for_everybody_to_read_and_counts_once_the_report_is_there(job: Job) -> None:
    unnamed = job.result.parent / ".unnamed.safetensors"
    write_weights({"weight": torch.ones(1)}, unnamed)
    write_result(job, unnamed, report())
    assert sorted(file.name for file in job.result.parent.iterdir()) == ["mine.json", "mine.safetensors"]
    card = read_card(job.result.with_suffix(".json"))
    assert card.weights() == job.result  # whose hash it says
    assert job.report() == report()
    if sys.platform != "win32":
        files = (job.result, job.result.with_suffix(".json"))
        assert {file.stat().st_mode & 0o777 for file in files} == {0o644}
