"""The mathematics of the losses: against hand-computed values, finite differences and their symmetries."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.training.criterion import (
    IGNORED,
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
from inference.training.matching import Match, SampledTruth, match, pairwise_cost
from inference.training.points import LossSettings, Truth, pixels_at, sample_at, uncertain_points

CLASSES = 4
SETTINGS = LossSettings(points=256)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def head_with(queries: int, *, pictures: int = 1, side: int = 8, seed: int = 0) -> HeadOutput:
    random = generator(seed)
    return HeadOutput(
        torch.randn(pictures, queries, CLASSES + 1, generator=random),
        torch.randn(pictures, queries, side, side, generator=random),
    )


def known(labels: Tensor, weight: float = 1.0) -> Truth:
    return Truth(labels, torch.full(labels.shape, weight))


def halves(side: int = 32, *, left: int = 1, right: int = 2) -> Truth:
    labels = torch.full((1, side, side), left)
    labels[:, :, side // 2 :] = right
    return known(labels)


def log_sigmoid(x: float) -> float:
    return -math.log(1 + math.exp(-x))


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
    logits = 40 * (2 * inside - 1)
    assert float(point_bce(logits, inside, weights=torch.ones_like(inside))) == pytest.approx(0, abs=1e-6)
    assert float(point_dice(logits, inside, weights=torch.ones_like(inside))) == pytest.approx(0, abs=1e-6)


def test_class_loss_by_hand() -> None:
    """Two queries, one matched to class 2; "no object" counts a tenth."""
    logits = torch.tensor([[[0.1, 0.2, 1.5, -0.3, 0.4], [1.0, 0.0, 0.0, 0.0, 2.0]]])
    found = Match(torch.tensor([0]), torch.tensor([0]), torch.tensor([2]))
    matched, unmatched = (-logits[0].log_softmax(dim=1)).tolist()
    expected = (matched[2] + 0.1 * unmatched[4]) / 1.1
    head = HeadOutput(logits, torch.zeros(1, 2, 2, 2))
    assert float(class_loss(head, found, weights=torch.ones(1, 2), settings=SETTINGS)) == pytest.approx(
        expected, rel=1e-5
    )


def test_matching_cost_by_hand() -> None:
    """One query against one segment with a constant mask: every point costs the same, so randomness plays no part."""
    head = HeadOutput(torch.tensor([[[0.3, -0.2, 0.0, 0.1, 0.5]]]), torch.full((1, 1, 4, 4), 0.7))
    points = torch.rand(1, 8, 2, generator=generator())
    point_labels = torch.tensor([2, 2, 2, 1, 1, 0, 0, 0])  # five known points, three of them of class 2
    answer = HeadOutput(head.class_logits[0], head.mask_logits[0])
    cost = pairwise_cost(
        answer, SampledTruth(points, point_labels, (point_labels > 0).float(), torch.tensor([1])), settings=SETTINGS
    )
    probability = float(head.class_logits[0, 0].softmax(dim=0)[1])
    p = 1 / (1 + math.exp(-0.7))
    bce = -(3 * math.log(p) + 2 * math.log(1 - p)) / 5
    dice = 1 - (2 * 3 * p + 1) / (5 * p + 3 + 1)
    assert float(cost) == pytest.approx(-2 * probability + 5 * bce + 5 * dice, rel=1e-5)


def test_matching_finds_the_queries_that_are_right() -> None:
    labels = halves(left=3, right=1)
    head = HeadOutput(torch.zeros(1, 4, CLASSES + 1), torch.full((1, 4, 8, 8), -5.0))
    head.mask_logits[0, 1, :, 4:] = 5.0  # query 1 draws the right half, query 3 the left
    head.mask_logits[0, 3, :, :4] = 5.0
    found = match(head, labels, settings=SETTINGS, generator=generator())
    assert dict(zip(found.query.tolist(), found.target.tolist(), strict=True)) == {1: 0, 3: 2}


def test_the_class_decides_between_equal_masks() -> None:
    head = HeadOutput(torch.zeros(1, 3, CLASSES + 1), torch.zeros(1, 3, 8, 8))
    head.class_logits[0, 2, 1] = 3.0
    found = match(head, known(torch.full((1, 16, 16), 2)), settings=SETTINGS, generator=generator())
    assert (found.query.tolist(), found.target.tolist()) == ([2], [1])


@pytest.mark.parametrize("seed", range(5))
def test_matching_follows_a_permutation_of_the_queries(seed: int) -> None:
    head, labels = head_with(6, seed=seed), halves()
    order = torch.randperm(6, generator=generator(seed))
    shuffled = HeadOutput(head.class_logits[:, order], head.mask_logits[:, order])
    before = match(head, labels, settings=SETTINGS, generator=generator(1))
    after = match(shuffled, labels, settings=SETTINGS, generator=generator(1))
    pairs = {(int(order[q]), t) for q, t in zip(after.query.tolist(), after.target.tolist(), strict=True)}
    assert pairs == set(zip(before.query.tolist(), before.target.tolist(), strict=True))


def test_the_loss_does_not_depend_on_the_order_of_the_queries() -> None:
    head, labels = head_with(6), known(torch.full((1, 32, 32), 3))
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    shuffled = HeadOutput(head.class_logits[:, order], head.mask_logits[:, order])
    losses = [
        all_losses([h], labels, auxiliary=torch.tensor(0.0), settings=SETTINGS, generator=generator()).total
        for h in (head, shuffled)
    ]
    torch.testing.assert_close(*losses)


@pytest.mark.parametrize("loss", [point_bce, point_dice])
def test_mask_losses_agree_with_finite_differences(loss: object) -> None:
    random = generator(3)
    logits = torch.randn(3, 7, dtype=torch.float64, generator=random).requires_grad_()
    inside = (torch.rand(3, 7, generator=random) > 0.5).double()
    weights = torch.rand(3, 7, generator=random).double() * (torch.rand(3, 7, generator=random) > 0.3)
    assert torch.autograd.gradcheck(lambda x: loss(x, inside, weights=weights), (logits,))  # type: ignore[operator]


def test_class_and_semantic_loss_agree_with_finite_differences() -> None:
    head, labels = head_with(3, side=4, seed=5), halves(side=8)
    found = match(head, labels, settings=SETTINGS, generator=generator())
    classes = head.class_logits.double().requires_grad_()
    masks = head.mask_logits.double().requires_grad_()
    weights = torch.tensor([[1.0, 0.3, 0.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda c: class_loss(HeadOutput(c, masks), found, weights=weights, settings=SETTINGS), (classes,)
    )
    assert torch.autograd.gradcheck(lambda c, m: semantic_loss(HeadOutput(c, m), labels), (classes, masks))


def test_unknown_pixels_carry_no_gradient() -> None:
    """The right half is unknown: mask logits that only its points can touch must not move, whatever they say."""
    labels = halves(left=2, right=0)
    head = head_with(5)
    head.mask_logits.requires_grad_()
    found = match(head, labels, settings=SETTINGS, generator=generator())
    bce, dice = mask_losses(head, found, truth=labels, settings=SETTINGS, generator=generator())
    (bce + dice + semantic_loss(head, labels)).backward()
    gradient = head.mask_logits.grad
    assert gradient is not None
    assert gradient[..., :4].abs().sum() > 0
    assert gradient[..., 5:].abs().max() == 0  # column 4 is reached by bilinear samples left of the border


def test_unknown_pixels_do_not_change_the_matching() -> None:
    labels, head = halves(left=2, right=0), head_with(5)
    changed = HeadOutput(head.class_logits, head.mask_logits.clone())
    changed.mask_logits[..., 5:] = torch.randn(1, 5, 8, 3, generator=generator(9)) * 10
    first, second = (match(h, labels, settings=SETTINGS, generator=generator()) for h in (head, changed))
    assert first.query.tolist() == second.query.tolist()


def test_a_picture_without_labels_teaches_nothing() -> None:
    head, labels = head_with(5), known(torch.zeros(1, 32, 32, dtype=torch.long))
    losses = all_losses([head], labels, auxiliary=torch.tensor(0.0), settings=SETTINGS, generator=generator())
    assert [float(loss) for loss in losses] == [0] * 6


def test_no_object_counts_as_much_as_what_is_known_under_the_mask() -> None:
    """One query on the known left half, one on the unknown right, one everywhere, one nowhere; one is matched."""
    masks = torch.full((1, 5, 8, 8), -200.0)
    masks[0, 0, :, :4] = masks[0, 1, :, 4:] = masks[0, 2] = masks[0, 4, :, :4] = 3.0
    truth = halves(left=2, right=0)
    truth = Truth(truth.labels, truth.weights * 0.5)
    found = Match(torch.tensor([0]), torch.tensor([4]), torch.tensor([1]))
    weights = query_weights(HeadOutput(torch.zeros(1, 5, 3), masks), found, truth=truth)
    torch.testing.assert_close(weights, torch.tensor([[0.5, 0.0, 0.25, 0.25, 0.5]]))


def test_deep_supervision_counts_every_head() -> None:
    """With masks that are the same everywhere, no random point can change the matching."""
    flat = torch.tensor([-1.0, 0.0, 1.0, 2.0])[None, :, None, None].expand(1, 4, 8, 8)
    head, labels = HeadOutput(head_with(4).class_logits, flat), known(torch.full((1, 32, 32), 1))
    settings = LossSettings(points=64)
    one = all_losses([head], labels, auxiliary=torch.tensor(0.0), settings=settings, generator=generator())
    three = all_losses([head] * 3, labels, auxiliary=torch.tensor(0.0), settings=settings, generator=generator())
    for part in ("classes", "masks", "dice"):
        assert float(getattr(three, part)) == pytest.approx(3 * float(getattr(one, part)), rel=1e-5)
    assert float(three.semantic) == pytest.approx(float(one.semantic), rel=1e-5)


def test_total_is_the_published_weighting() -> None:
    head = head_with(4)
    losses = all_losses([head], halves(), auxiliary=torch.tensor(7.0), settings=SETTINGS, generator=generator())
    parts = 2 * losses.classes + 5 * losses.masks + 5 * losses.dice + 1.0 * losses.semantic + 0.4 * 7
    torch.testing.assert_close(losses.total, parts)


def test_most_points_lie_where_the_mask_is_unsure() -> None:
    ramp = torch.linspace(-8, 8, 32).expand(1, 32, 32)  # undecided in the middle
    here, everywhere = torch.tensor([0]), torch.ones(1, 8, 8)
    settings = LossSettings(points=400)
    points = uncertain_points(ramp, weights=everywhere, picture=here, settings=settings, generator=generator())
    x = points[0, :, 0]
    assert len(x) == 400
    assert ((x[:300] - 0.5).abs() < 0.2).all()
    assert ((x[300:] - 0.5).abs() > 0.3).any()


def test_points_read_the_pixel_they_fall_on() -> None:
    labels = torch.tensor([[[1, 2], [3, 4]]])
    points = torch.tensor([[[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [1.0, 1.0], [0.49, 0.51]]])
    assert pixels_at(labels, points, picture=torch.tensor([0])).tolist() == [[1, 2, 3, 4, 3]]
    maps = labels[:, None].float()
    assert sample_at(maps, torch.tensor([[[0.25, 0.25], [0.5, 0.5]]])).flatten().tolist() == [1.0, 2.5]


def test_thinned_labels_are_those_at_cell_centres() -> None:
    labels = torch.arange(64).reshape(1, 8, 8)
    assert thin_out(labels, torch.Size((2, 2))).tolist() == [[[18 - 1, 22 - 1], [50 - 1, 54 - 1]]]
    assert thin_out(torch.zeros(1, 8, 8), torch.Size((1, 1))).item() == IGNORED


def test_pixel_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[[[0.2, 5.0]], [[1.0, 5.0]]]])  # two classes, one row of two pixels; the second is unknown
    truth = known(torch.tensor([[[2, 0]]]))
    expected = -math.log(math.exp(1.0) / (math.exp(0.2) + math.exp(1.0)))
    assert float(pixel_cross_entropy(logits, truth)) == pytest.approx(expected, rel=1e-6)
