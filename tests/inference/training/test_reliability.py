"""Scores promise a share of right classes; these tests count by hand what was kept of the promise."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS
from inference.training.__main__ import main
from inference.training.calibrate import Evidence
from inference.training.reliability import Segments, calibration_error, diagram, reliability, segments_of
from tests.inference.training.labelled_tars import two_tone, write_tar


def answer(*queries: tuple[int, float, slice], truth: list[int], classes: int = 4) -> Evidence:
    """Queries as (class, score, the cells where their mask is 1)."""
    logits = torch.full((len(queries), classes + 1), -20.0)
    masks = torch.zeros(len(queries), len(truth))
    for index, (class_id, score, cells) in enumerate(queries):
        logits[index, class_id] = float(np.log(score))
        logits[index, classes] = float(np.log(1 - score))
        masks[index, cells] = 1.0
    return Evidence(logits, masks, torch.tensor(truth))


def test_a_segment_is_right_where_most_of_its_known_cells_have_its_class() -> None:
    evidence = answer(
        (0, 0.8, slice(0, 4)),  # three of four known cells: right
        (1, 0.6, slice(4, 8)),  # one of three known cells: wrong
        (2, 0.9, slice(8, 10)),  # nobody knows
        truth=[0, 0, 3, 0, 1, 2, 2, -1, -1, -1],
    )
    found = segments_of([evidence])
    np.testing.assert_allclose(found.scores, [0.8, 0.6], rtol=1e-6)
    assert found.right.tolist() == [1, 0]
    assert found.cells.tolist() == [4, 3]
    assert found.right_cells.tolist() == [3, 1]


def test_what_nobody_would_see_does_not_count() -> None:
    faint = answer((0, 0.04, slice(0, 10)), truth=[0] * 10)
    speck = answer((0, 0.9, slice(0, 999)), (1, 0.95, slice(999, 1000)), truth=[0] * 1000)
    assert len(segments_of([faint]).scores) == 0
    np.testing.assert_allclose(segments_of([speck]).scores, [0.9], rtol=1e-6)


def test_the_table_has_every_segment_in_its_tenth() -> None:
    segments = Segments(
        scores=np.array([0.05, 0.81, 0.85, 0.89, 1.0]),
        right=np.array([0.0, 1, 1, 0, 1]),
        cells=np.array([10.0, 10, 10, 20, 5]),
        right_cells=np.array([1.0, 9, 8, 3, 5]),
    )
    table = reliability(segments)
    assert [row.segments for row in table] == [1, 0, 0, 0, 0, 0, 0, 0, 3, 1]
    assert (table[8].low, table[8].high) == (0.8, 0.9)
    assert table[8].mean_score == pytest.approx(0.85)
    assert table[8].right == pytest.approx(2 / 3)
    assert table[8].right_cells == pytest.approx(20 / 40)
    assert np.isnan(table[3].right)
    assert calibration_error(table) == pytest.approx((0.05 + 3 * (0.85 - 2 / 3) + 0) / 5)


def test_scores_that_promise_too_little_are_wrong_as_well() -> None:
    modest, proud = np.full(4, 0.45), np.full(4, 0.95)
    right = np.array([1.0, 1, 1, 1, 1, 1, 1, 0])
    segments = Segments(np.concatenate([modest, proud]), right, np.ones(8), right)
    assert calibration_error(reliability(segments)) == pytest.approx((0.55 + 0.20) / 2)


def test_score_and_mask_decide_together_whose_a_cell_is() -> None:
    evidence = answer((0, 0.9, slice(0, 3)), (1, 0.3, slice(0, 4)), truth=[0, 0, 0, 1])
    evidence.mask_probs[0, :3] = 0.6
    found = segments_of([evidence])
    np.testing.assert_allclose(found.scores, [0.9, 0.3], rtol=1e-6)
    assert found.cells.tolist() == [3, 1]


def test_no_segment_no_error() -> None:
    assert calibration_error(reliability(segments_of([]))) == 0


def test_the_picture_has_a_bar_of_the_right_height_for_each_tenth_that_has_segments() -> None:
    right = np.array([1.0, 0.0, 0.0])
    segments = Segments(np.array([0.25, 0.75, 0.75]), right, np.ones(3), right)
    picture = ElementTree.fromstring(diagram(reliability(segments), title="a < b"))
    space = "{http://www.w3.org/2000/svg}"
    bars = [bar for bar in picture.iter(f"{space}rect") if bar.get("fill-opacity")]
    assert [float(bar.get("height", "nan")) for bar in bars] == [320.0, 0.0]
    assert [float(bar.get("y", "nan")) for bar in bars] == [40.0, 360.0]  # they stand on the line of 0 %
    assert [float(bar.get("x", "nan")) for bar in bars] == [56 + 2 * 32 + 2, 56 + 7 * 32 + 2]
    assert [float(bar.get("fill-opacity", "nan")) for bar in bars] == pytest.approx([0.35 + 0.65 / 2, 1.0], abs=0.006)
    assert picture.findall(f"{space}text")[0].text == "a < b"


def test_the_command_writes_table_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    weights = tmp_path / "lite.safetensors"
    save_file(BiSeNetFormer(CONFIGS["bisenetformer-m-lite"]).state_dict(), weights)
    write_tar(tmp_path / "val.tar", [two_tone("a"), two_tone("b")])
    picture = tmp_path / "reliability.svg"
    assert (
        main(["reliability", str(weights), str(tmp_path / "val.tar"), "--size", "64", "--picture", str(picture)]) == 0
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 11
    assert lines[-1]["segments"] == sum(line["segments"] for line in lines[:-1])
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
