"""Scores that say how often they are right."""

from __future__ import annotations

import torch

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS
from inference.training.calibrate import Calibration, Evidence, apply, collect, fit, squared_error
from tests.inference.training.labelled_tars import two_tone


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


def test_the_brier_score_by_hand_leaves_unknown_pixels_out() -> None:
    evidence = boastful_evidence(0.5)
    evidence.truth[:400] = -1  # 100 right and 500 wrong pixels remain
    score = float(torch.tensor([6.0, 0.0, 0.0]).softmax(dim=0)[0])
    expected = (100 * (score - 1) ** 2 + 500 * score**2) / 600
    assert abs(squared_error([evidence], Calibration(1.0, 0.0)) - expected) < 1e-5


def test_calibration_lives_in_the_weights() -> None:
    network = BiSeNetFormer(CONFIGS["bisenetformer-m-lite"]).eval()
    [before] = collect(network, [two_tone()], input_size=64)
    apply(network, Calibration(2.0, 0.5))
    [after] = collect(network, [two_tone()], input_size=64)
    expected = before.class_logits / 2
    expected[:, -1] += 0.5
    torch.testing.assert_close(after.class_logits, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(after.mask_probs, before.mask_probs)
