"""The losses by hand: every value written down once more, and how much each query counts."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.network.decoder import HeadOutput
from inference.network.paths import PixelFeatures
from inference.training.criterion import (
    IGNORED,
    AuxiliaryHeads,
    all_losses,
    class_loss,
    mask_losses,
    pixel_cross_entropy,
    point_bce,
    point_dice,
    query_weights,
    semantic_loss,
    thin_out,
)
from inference.training.matching import Match, match
from inference.training.points import LossSettings, Truth
from tests.inference.training.small_answers import (
    CLASSES,
    SETTINGS,
    answer,
    generator,
    halves,
    known,
    log_sigmoid,
    losses_of,
    patches,
    share_points,
)


def test_bce_by_hand() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]])
    inside = torch.tensor([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    weights = torch.tensor([[1.0, 0.25, 0.0], [0.5, 0.0, 0.0]])
    first = -(log_sigmoid(2.0) + 0.25 * log_sigmoid(1.0)) / 2  # over the two points that count
    second = -0.5 * log_sigmoid(0.0)
    assert point_bce(logits, inside, weights=weights).tolist() == pytest.approx([first, second], rel=1e-6)


def test_dice_by_hand() -> None:
    probs = torch.tensor([[0.8, 0.5, 0.1]])
    inside = torch.tensor([[1.0, 0.0, 1.0]])
    weights = torch.tensor([[0.5, 1.0, 0.0]])
    expected = 1 - (2 * 0.5 * 0.8 + 1) / (0.5 * 0.8 + 0.5 + 0.5 * 1.0 + 1)
    assert point_dice(probs.logit(), inside, weights=weights).tolist() == pytest.approx([expected], rel=1e-6)


def test_a_perfect_mask_costs_nothing() -> None:
    inside = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    logits, weights = 40 * (2 * inside - 1), torch.tensor([[1.0, 0.3, 0.3, 1.0]])
    assert float(point_bce(logits, inside, weights=weights)) == pytest.approx(0, abs=1e-6)
    assert float(point_dice(logits, inside, weights=weights)) == pytest.approx(0, abs=1e-6)


def test_class_loss_by_hand() -> None:
    """Two pictures of two queries; one query is matched to class 2; "no object" counts a tenth."""
    logits = torch.tensor(
        [
            [[0.1, 0.2, 1.5, -0.3, 0.4], [1.0, 0.0, 0.0, 0.0, 2.0]],
            [[0.0, 0.0, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 1.0, 1.0]],
        ]
    )
    found = Match(torch.tensor([0]), torch.tensor([0]), torch.tensor([2]))
    head = HeadOutput(logits, torch.zeros(2, 2, 2, 2))
    weights = torch.tensor([[0.5, 1.0], [0.25, 0.0]])
    matched = math.log(sum(math.exp(x) for x in [0.1, 0.2, 1.5, -0.3, 0.4])) - 1.5
    second = math.log(math.exp(1) + 3 + math.exp(2)) - 2
    expected = (0.5 * matched + 0.1 * second + 0.1 * 0.25 * math.log(5)) / (1 + 3 * 0.1)
    assert float(class_loss(head, found, weights=weights, settings=LossSettings())) == pytest.approx(expected, rel=1e-5)


def test_mask_losses_by_hand() -> None:
    """Masks that are the same everywhere make random points harmless: two segments of one picture, one of another."""
    flat = torch.tensor([[0.7, -1.2, 0.0], [2.0, 0.3, -0.4]])
    head = HeadOutput(torch.zeros(2, 3, CLASSES + 1), flat[..., None, None].expand(2, 3, 4, 4))
    truth = known(torch.stack([torch.full((6, 6), 2), torch.full((6, 6), 3)]))
    found = Match(torch.tensor([0, 0, 1]), torch.tensor([1, 2, 0]), torch.tensor([1, 0, 2]))  # (0, 2, 0) is nowhere
    bce, dice = mask_losses(head, found, truth=truth, settings=LossSettings(points=10), generator=generator())
    expected = -(log_sigmoid(-1.2) + log_sigmoid(0.0) + log_sigmoid(2.0)) / 3
    assert float(bce) == pytest.approx(expected, rel=1e-5)
    p, r = 1 / (1 + math.exp(1.2)), 1 / (1 + math.exp(-2.0))
    overlaps = (20 * p + 1) / (10 * p + 11), (20 * r + 1) / (10 * r + 11)
    # A segment without a pixel weighs nothing, so its dice is not asked for.
    assert float(dice) == pytest.approx((1 - overlaps[0] + 1 - overlaps[1]) / 3, rel=1e-5)


def test_total_is_the_published_weighting() -> None:
    heads = [answer(4), answer(4, seed=1)]
    losses = all_losses(heads, halves(), auxiliary=torch.tensor(7.0), settings=SETTINGS, generator=generator())
    parts = 2 * losses.classes + 5 * losses.masks + 5 * losses.dice + 1.0 * losses.semantic + 0.4 * 7
    torch.testing.assert_close(losses.total, parts)
    assert all(float(loss) > 0 for loss in losses)


def test_each_loss_has_a_weight_of_its_own() -> None:
    own = LossSettings(points=64, class_weight=2, mask_weight=3, dice_weight=5, semantic_weight=7, auxiliary_weight=11)
    losses = all_losses([answer(4)], halves(), auxiliary=torch.tensor(1.0), settings=own, generator=generator())
    parts = 2 * losses.classes + 3 * losses.masks + 5 * losses.dice + 7 * losses.semantic + 11 * losses.auxiliary
    torch.testing.assert_close(losses.total, parts)


def test_semantic_loss_by_hand() -> None:
    """Two queries, two classes, two pixels; the second pixel is unknown."""
    head = HeadOutput(torch.tensor([[[2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]), torch.tensor([[[[0.5, 9.0]], [[-1.0, 9.0]]]]))
    first, second = (logits.softmax(dim=0) for logits in head.class_logits[0])
    mask = [1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(1.0))]
    scores = [float(first[k]) * mask[0] + float(second[k]) * mask[1] for k in range(2)]
    expected = -0.5 * math.log(scores[1] / sum(scores))
    truth = Truth(torch.tensor([[[2, 0]]]), torch.tensor([[[0.5, 1.0]]]))
    assert float(semantic_loss(head, truth)) == pytest.approx(expected, rel=1e-4)


def test_pixel_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[[[0.2, 5.0, 1.0]], [[1.0, 5.0, 0.0]]]])  # two classes, one row of three pixels
    truth = Truth(torch.tensor([[[2, 0, 1]]]), torch.tensor([[[1.0, 1.0, 0.25]]]))
    first, third = math.log(1 + math.exp(0.2 - 1.0)), math.log(1 + math.exp(-1.0))
    assert float(pixel_cross_entropy(logits, truth)) == pytest.approx((first + 0.25 * third) / 2, rel=1e-6)


def test_auxiliary_heads_add_what_both_say() -> None:
    heads = AuxiliaryHeads(res5_width=2, feature_width=3, classes=CLASSES)
    features = PixelFeatures(*(torch.randn(1, width, 3, 3, generator=generator()) for width in (3, 2, 2, 2)))
    assert features.mask_features.shape[1] == 3
    truth = halves()
    coarse = pixel_cross_entropy(heads.res5(features.res5), truth)
    fine = pixel_cross_entropy(heads.mask_features(features.mask_features), truth)
    assert not torch.isclose(coarse, fine)
    torch.testing.assert_close(heads(features, truth), coarse + fine)


def test_thinned_labels_are_those_at_cell_centres() -> None:
    labels = torch.arange(64).reshape(1, 8, 8)
    assert thin_out(labels, torch.Size((2, 2))).tolist() == [[[18 - 1, 22 - 1], [50 - 1, 54 - 1]]]
    assert thin_out(torch.zeros(1, 8, 8), torch.Size((1, 1))).item() == IGNORED


# ------------------------------------------------------------------------------------------- what a query counts


def test_no_object_counts_as_much_as_what_is_known_under_the_mask() -> None:
    """One query on the known left half, one on the unknown right, one everywhere, one nowhere; the last is matched."""
    masks = torch.full((1, 5, 8, 8), -200.0)
    masks[0, 0, :, :4] = masks[0, 1, :, 4:] = masks[0, 2] = masks[0, 4, :, 4:] = 3.0
    labels = halves(left=2, right=0).labels
    found = Match(torch.tensor([0]), torch.tensor([4]), torch.tensor([1]))
    weights = query_weights(HeadOutput(torch.zeros(1, 5, 3), masks), found, truth=known(labels, 0.5))
    torch.testing.assert_close(weights, torch.tensor([[0.5, 0.0, 0.25, 0.25, 0.5]]))


def test_mask_mass_is_probability_not_area() -> None:
    masks = torch.tensor([[[[2.0, -1.0]]]])  # one cell on the known half, one on the unknown
    truth = halves(left=2, right=0)
    nothing = Match(*(torch.zeros(0, dtype=torch.long) for _ in range(3)))
    weights = query_weights(HeadOutput(torch.zeros(1, 1, 3), masks), nothing, truth=truth)
    p, r = 1 / (1 + math.exp(-2.0)), 1 / (1 + math.exp(1.0))
    assert float(weights) == pytest.approx(p / (p + r), rel=1e-6)


def test_a_cell_that_is_known_in_part_counts_in_part() -> None:
    """Three of the eight columns of a picture are known, under masks of four columns."""
    truth = known(torch.tensor([1, 1, 1, 0, 0, 0, 0, 0]).expand(1, 8, 8))
    nothing = Match(*(torch.zeros(0, dtype=torch.long) for _ in range(3)))
    weights = query_weights(HeadOutput(torch.zeros(1, 1, 3), torch.zeros(1, 1, 4, 4)), nothing, truth=truth)
    assert float(weights) == pytest.approx(3 / 8, rel=1e-6)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_where_all_is_known_every_query_counts_fully(seed: int) -> None:
    head, truth = answer(5, seed=seed), known(patches(seed=seed))
    found = match(head, truth, settings=SETTINGS, generator=generator())
    torch.testing.assert_close(query_weights(head, found, truth=truth), torch.ones(1, 5))


def test_a_segment_counts_as_much_as_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept at a quarter, a picture teaches a quarter; dice, a ratio, nearly so because of its 1s."""
    share_points(monkeypatch)
    head, labels = answer(5), patches(seed=3)
    settings = LossSettings(points=4000, dice_weight=0)  # the same matching to the last bit
    full, quarter = (losses_of([head], known(labels, weight), settings=settings) for weight in (1.0, 0.25))
    for part in ("classes", "masks", "semantic"):
        torch.testing.assert_close(getattr(quarter, part), 0.25 * getattr(full, part))
    torch.testing.assert_close(quarter.dice, 0.25 * full.dice, rtol=0.01, atol=0)
