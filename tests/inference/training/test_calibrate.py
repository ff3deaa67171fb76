"""Scores that say how often they are right."""

from __future__ import annotations

import pytest
import torch

from inference.calibration import Calibration
from inference.network.bisenetformer import BiSeNetFormer
from inference.training.calibrate import Evidence, apply, collect, fit, squared_error, undo
from inference.training.evaluate import network_output
from tests.inference.training.labelled_tars import two_tone
from tests.inference.training.test_trainer import SMALL


def boastful_evidence(right: float) -> Evidence:
    """One query that owns everything with a score near 1 and is right at a share of the pixels only."""
    truth = torch.ones(1000, dtype=torch.long)
    truth[: int(right * 1000)] = 0
    return Evidence(torch.tensor([[6.0, 0.0, 0.0]]), torch.ones(1, 1000), truth)


def test_boastful_scores_are_damped() -> None:
    evidence = [boastful_evidence(0.6)]
    calibration = fit(evidence)
    assert calibration.temperature > 1
    assert squared_error(evidence, calibration) < squared_error(evidence, Calibration(1.0, 0.0))


def test_shy_scores_are_raised() -> None:
    """Hardly ever wrong, and yet "no object" is far more likely: only a large bias against that helps."""
    truth = torch.zeros(1000, dtype=torch.long)
    truth[:100] = 1
    evidence = [Evidence(torch.tensor([[1.0, -4.0, 2.5]]), torch.ones(1, 1000), truth)]
    calibration = fit(evidence)
    assert calibration.no_object_bias < -1
    assert squared_error(evidence, calibration) < 0.1


def test_the_brier_score_by_hand_leaves_unknown_pixels_out() -> None:
    evidence = boastful_evidence(0.5)
    evidence.truth[:400] = -1  # 100 right and 500 wrong pixels remain
    score = float(torch.tensor([6.0, 0.0, 0.0]).softmax(dim=0)[0])
    expected = (100 * (score - 1) ** 2 + 500 * score**2) / 600
    assert abs(squared_error([evidence], Calibration(1.0, 0.0)) - expected) < 1e-5


def test_calibration_lives_in_the_weights() -> None:
    network = BiSeNetFormer(SMALL).eval()
    [before] = collect(network, [two_tone()], input_size=64)
    apply(network.state_dict(), Calibration(2.0, 0.5))
    [after] = collect(network, [two_tone()], input_size=64)
    expected = before.class_logits / 2
    expected[:, -1] += 0.5
    torch.testing.assert_close(after.class_logits, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(after.mask_probs, before.mask_probs)


def test_what_is_collected_is_the_answer_that_people_see() -> None:
    network = BiSeNetFormer(SMALL).eval()
    [evidence] = collect(network, [two_tone()], input_size=64)
    class_probs, mask_probs = network_output(network, two_tone().photo, input_size=64)
    torch.testing.assert_close(evidence.class_logits.softmax(dim=1)[:, :-1], torch.from_numpy(class_probs))
    torch.testing.assert_close(evidence.mask_probs, torch.from_numpy(mask_probs).flatten(1))
    assert evidence.truth.shape == evidence.mask_probs.shape[1:]


def test_a_calibration_can_be_taken_out_again() -> None:
    network, calibration = BiSeNetFormer(SMALL), Calibration(1.7, -2.75)
    plain = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    apply(network.state_dict(), calibration)
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, plain[name])}
    assert changed == {f"head.predictor.forward_prediction_heads.classifier.{part}" for part in ("weight", "bias")}
    undo(network.state_dict(), calibration)
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, plain[name], rtol=0, atol=1e-6)


def test_the_brier_score_by_hand_with_two_queries_and_a_calibration() -> None:
    """Divided by 2, then 0.5 more for "no object". The second query has the larger mask, the first the better score."""
    logits = torch.tensor([[4.0, 0.0, 1.0], [0.0, 1.0, 3.0]])
    masks = torch.tensor([[0.8, 0.5, 0.1], [0.9, 0.9, 0.9]])
    evidence = Evidence(logits, masks, torch.tensor([0, 1, 1]))
    first = torch.tensor([2.0, 0.0, 1.0]).softmax(dim=0)[0]
    second = torch.tensor([0.0, 0.5, 2.0]).softmax(dim=0)[1]
    assert 0.8 * first > 0.9 * second  # who owns a pixel is decided by both
    assert 0.5 * first > 0.9 * second
    assert 0.1 * first < 0.9 * second
    expected = ((first - 1) ** 2 + first**2 + (second - 1) ** 2) / 3
    assert squared_error([evidence], Calibration(2.0, 0.5)) == pytest.approx(float(expected), abs=1e-6)
